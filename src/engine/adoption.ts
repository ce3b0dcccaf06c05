import { assert } from "../base/assert.ts";
import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { EventBatch } from "../wire/event-batch.ts";
import type { ActivationHost } from "./activation.ts";
import { failuresOf, recordsOf } from "./activation-section.ts";
import { AgentRows } from "./agent-section.ts";
import { SUSPENDED } from "./agent-table.ts";
import type { Agreement } from "./agreement.ts";
import { Census } from "./census.ts";
import { checkModel, decodeCommon } from "./common-section.ts";
import type { Core } from "./core.ts";
import type { Delivery } from "./delivery.ts";
import { addEvents } from "./event-section.ts";
import type { ActivationRecord } from "./journal.ts";
import type { Nursery } from "./nursery.ts";
import { addPart } from "./part-section.ts";
import { restoreActivations } from "./rerun.ts";
import { openSection, type Section } from "./section.ts";

/** Where agents live from a barrier on. */
export interface Move {
  /** The window to be run next. */
  readonly next: number;
  /** The worker of every agent, by index. */
  readonly placement: Uint16Array;
  /** Workers in all; as many as before by default, and then with the shares and limits of before. */
  readonly workers?: number | undefined;
  /** This worker's id; as before by default. */
  readonly self?: number | undefined;
  /** As in `EngineOptions`, when `workers` is given. */
  readonly shares?: ArrayLike<number> | undefined;
  readonly agentLimits?: ArrayLike<number> | undefined;
}

/**
 * Brings agents that were saved to an engine: all that a placement gives to an empty one, or newcomers to one that has
 * others already. `load` or `move`, then `adopt` of any sections in the order in which they were saved, then `opened`.
 */
export class Adoption {
  readonly #host: ActivationHost;
  readonly #core: Core;
  readonly #delivery: Delivery;
  readonly #agreement: Agreement;
  readonly #nursery: Nursery;
  /** The window to be run next. */
  #next = Number.NaN;
  /** Agents in slots below were here before. */
  #settled = 0;
  /** Of newcomers, by index. */
  readonly #records = new Map<number, ActivationRecord>();
  #rows: EventBatch | undefined;

  constructor(host: ActivationHost, delivery: Delivery, agreement: Agreement, nursery: Nursery) {
    this.#host = host;
    this.#core = host.core;
    this.#delivery = delivery;
    this.#agreement = agreement;
    this.#nursery = nursery;
  }

  load(section: Uint8Array, wish: Uint16Array | undefined): void {
    const core = this.#core;
    assert(core.table.total === 0, "a checkpoint is loaded into a new engine");
    const common = decodeCommon(section);
    checkModel(common, core.program);
    const placement = wish ?? common.placement;
    checkPlacement(placement, common.placement.length, core.outboxes.length);
    core.table.setPlacement(placement);
    core.relations.begin(common.directed, common.gone);
    core.shared.load(common.values);
    core.window = common.window;
    core.counts.windows = common.windows;
    this.#nursery.census.beginAgain(placement, common.gone);
    this.#agreement.load(common.agreement);
    this.#next = common.next;
  }

  move({ next, placement, workers, self, shares, agentLimits }: Move): void {
    const core = this.#core;
    const { table } = core;
    const all = workers ?? core.outboxes.length;
    checkPlacement(placement, table.total, all);
    if (workers !== undefined) this.#nursery.census = new Census(workers, shares, agentLimits);
    core.setWorkers(self ?? core.self, all);
    this.#nursery.census.beginAgain(placement, core.relations.gone);
    table.placement.set(placement);
    this.#release();
    this.#settled = table.count;
    this.#next = next;
  }

  adopt(bytes: Uint8Array): void {
    const section = openSection(bytes);
    const { kind, next } = section;
    if (kind === "common") throw new MyriadError("MISMATCH", "the common section is to be loaded, not adopted");
    if (next > this.#next) {
      throw new MyriadError("MISMATCH", `a section (${kind}) of window ${next}; window ${this.#next} is loaded`);
    }
    if (kind === "agents") this.#adoptAgents(section);
    // Of an earlier save, agents count that have not changed since; what was to come then is of the past.
    else if (next < this.#next) return;
    else if (kind === "events") addEvents(this.#core, section, this.#wants, (this.#rows ??= new EventBatch(1024)));
    else if (kind === "activations") {
      for (const record of recordsOf(section, this.#wants)) this.#records.set(record.agent, record);
    } else if (kind === "failures") {
      this.#delivery.failures.push(...failuresOf(section).filter(({ agent }) => this.#wants(agent)));
    } else addPart(this.#core.counts, section);
  }

  /** Ends it. Throws CORRUPT when an agent, or a suspended handler of one, has not come. */
  async opened(): Promise<void> {
    const { table, relations } = this.#core;
    this.#rows = undefined;
    this.#checkComplete();
    relations.compact();
    const records: ActivationRecord[] = [];
    for (let slot = this.#settled; slot < table.count; slot++) {
      if ((table.flags[slot]! & SUSPENDED) === 0) continue;
      const record = this.#records.get(table.index[slot]!);
      if (record === undefined) throw missing(`the suspended handler of agent ${table.index[slot]}`);
      records.push(record);
    }
    for (const activation of await restoreActivations(this.#host, records, drainMicrotasks)) {
      this.#delivery.activations.set(activation.slot, activation);
    }
    this.#records.clear();
    this.#settled = table.count;
    this.#agreement.noteTold();
  }

  #adoptAgents(section: Section): void {
    const rows = new AgentRows(section);
    if (rows.index.some(this.#wants)) rows.addTo(this.#core, this.#wants);
  }

  /** True for agents that are to live here, and did not before. */
  readonly #wants = (index: number): boolean => {
    const { placement, slotOf, total } = this.#core.table;
    if (index >= total || placement[index] !== this.#core.self) return false;
    const slot = slotOf[index]!;
    return slot < 0 || slot >= this.#settled;
  };

  /** Lets go of agents that live elsewhere now, and of all that is theirs. Answers that they wait for find nobody. */
  #release(): void {
    const core = this.#core;
    const { table, calendar, relations } = core;
    const { failures } = this.#delivery;
    const stays = (index: number): boolean => table.placement[index] === core.self;
    let leaving = 0;
    for (let slot = 0; slot < table.count; slot++) if (!stays(table.index[slot]!)) leaving++;
    if (leaving === 0) return;
    calendar.prune((batch, row) => !stays(batch.to[row]!));
    failures.splice(0, failures.length, ...failures.filter(({ agent }) => stays(agent)));
    // From the end: whoever takes a slot has been looked at.
    for (let slot = table.count - 1; slot >= 0; slot--) {
      if (stays(table.index[slot]!)) continue;
      const last = table.remove(slot);
      relations.moveRows(last, slot);
      this.#delivery.moveActivation(last, slot);
    }
    relations.compact();
  }

  #checkComplete(): void {
    const { table, self } = this.#core;
    for (let index = 0; index < table.total; index++) {
      if (table.placement[index] === self && table.slotOf[index]! < 0) throw missing(`agent ${index}`);
    }
  }
}

const missing = (what: string): MyriadError => new MyriadError("CORRUPT", `the checkpoint lacks ${what}`);

function checkPlacement(placement: Uint16Array, agents: number, workers: number): void {
  if (placement.length !== agents) {
    throw new MyriadError("INVALID_PLACEMENT", `${placement.length} agents placed; the checkpoint has ${agents}`);
  }
  const odd = placement.findIndex((worker) => worker >= workers);
  if (odd < 0) return;
  const range = `workers are 0 to ${workers - 1}`;
  throw new MyriadError("INVALID_PLACEMENT", `agent ${odd} is placed on worker ${placement[odd]}; ${range}`);
}
