import { assert } from "../base/assert.ts";
import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { activationSections, failureSection } from "./activation-section.ts";
import { agentSections } from "./agent-section.ts";
import type { Agreement } from "./agreement.ts";
import { encodeCommon } from "./common-section.ts";
import type { Core } from "./core.ts";
import type { Delivery } from "./delivery.ts";
import { eventSections } from "./event-section.ts";
import type { Nursery } from "./nursery.ts";
import { encodePart } from "./part-section.ts";

export interface SaveOptions {
  /** About how large a section is to be. A single agent, or four MiB of events, may make a larger one. */
  readonly chunkBytes: number;
  /**
   * Leaves agents out that have had no event and no change of ties since agents were last saved, and are no newcomers.
   * What is to come is always whole. Default false.
   */
  readonly changedOnly?: boolean;
  /** Saves these alone, by index, and what is to come for them; what has changed since the last save stays as it is. */
  readonly agents?: Iterable<number>;
}

/**
 * Puts what an engine holds between two windows into sections (`section.ts`), which do not depend on where agents live.
 * Records, samples and births belong to before the barrier: whoever saves has taken them.
 */
export class Snapshot {
  readonly #core: Core;
  readonly #delivery: Delivery;
  readonly #agreement: Agreement;
  readonly #nursery: Nursery;

  constructor(core: Core, delivery: Delivery, agreement: Agreement, nursery: Nursery) {
    this.#core = core;
    this.#delivery = delivery;
    this.#agreement = agreement;
    this.#nursery = nursery;
  }

  common(next: number): Uint8Array {
    this.#checkBarrier();
    return encodeCommon(new ByteWriter(), this.#core, this.#agreement, next);
  }

  part(next: number): Uint8Array {
    return encodePart(new ByteWriter(), this.#core.counts, next);
  }

  *agents(next: number, options: SaveOptions): Iterable<Uint8Array> {
    this.#checkBarrier();
    const { window } = this.#core;
    for (const section of this.#sections(next, options)) {
      yield section;
      assert(this.#core.window === window, "agents are saved before the next window is run");
    }
    if (options.agents === undefined) this.#core.table.changed.fill(0);
  }

  *#sections(next: number, { chunkBytes, changedOnly, agents }: SaveOptions): Iterable<Uint8Array> {
    const core = this.#core;
    const { table } = core;
    const out = new ByteWriter(chunkBytes * 2);
    const wanted = agents === undefined ? undefined : this.#slotsOf(agents);
    yield* agentSections(
      out,
      core,
      next,
      slotsWhere(wanted ?? (changedOnly ? table.changed : undefined), table.count),
      chunkBytes,
    );
    let activations = [...this.#delivery.activations.values()];
    let failures = this.#delivery.failures;
    if (wanted !== undefined) {
      activations = activations.filter(({ slot }) => wanted[slot] !== 0);
      failures = failures.filter(({ agent }) => wanted[table.slotOf[agent]!] !== 0);
    }
    yield* activationSections(out, next, activations, chunkBytes);
    if (failures.length > 0) yield failureSection(out, next, failures);
    yield* eventSections(out, core, next, wanted, chunkBytes);
  }

  #slotsOf(agents: Iterable<number>): Uint8Array {
    const { slotOf, count } = this.#core.table;
    const wanted = new Uint8Array(count);
    for (const agent of agents) {
      const slot = slotOf[agent] ?? -1;
      if (slot < 0) throw new MyriadError("UNKNOWN_AGENT", `agent ${agent} is to be saved, but does not live here`);
      wanted[slot] = 1;
    }
    return wanted;
  }

  #checkBarrier(): void {
    const { births, retired, ties, cancellations, records, current, outboxes } = this.#core;
    const staged = births.length + retired.length + ties.length + cancellations.length + current.count;
    assert(staged === 0 && outboxes.every(({ count }) => count === 0), "an engine is saved between two windows");
    const left = records.length + this.#agreement.sampling.pending.length + this.#nursery.log.length;
    assert(left === 0, "records, samples and births are taken before an engine is saved");
  }
}

/** The slots whose mark is not 0, ascending; all without marks. */
function slotsWhere(marks: Uint8Array | undefined, count: number): Uint32Array {
  const slots = new Uint32Array(count);
  let found = 0;
  for (let slot = 0; slot < count; slot++) if (marks === undefined || marks[slot] !== 0) slots[found++] = slot;
  return slots.subarray(0, found);
}
