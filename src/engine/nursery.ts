import { NOBODY } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import { Born, BUILT_IN_EVENTS, type EventType } from "../model/event.ts";
import { FLAG_NONE, PHASE_BORN, packMeta } from "../wire/event-batch.ts";
import { QUARANTINED } from "./agent-table.ts";
import type { Closing, ClosingExtras } from "./closing.ts";
import type { Core } from "./core.ts";
import { type AgentFailure, failureOf } from "./failure.ts";
import type { Birth } from "./staged.ts";

const BORN_ID = BUILT_IN_EVENTS.indexOf(Born as EventType);
const BORN_META = packMeta(PHASE_BORN, 0, FLAG_NONE, BORN_ID);

/**
 * Where agents come to be: those of the population, and those that others spawn. A window's newborn get their indices
 * in the order (parent, child number), whichever worker their parents are on; they live where their parent lives.
 */
export class Nursery {
  readonly #core: Core;
  readonly #failures: AgentFailure[];
  /** Births of all workers since last asked, in the order of their indices: (type, worker) each. */
  log: { readonly type: number; readonly worker: number }[] = [];

  constructor(core: Core, failures: AgentFailure[]) {
    this.#core = core;
    this.#failures = failures;
  }

  /** The window that births of now begin to live in, or Infinity. It is run even if nobody handles Born: a newborn's failure shows at its end. */
  nextWindow(edge: number): number {
    return this.#core.births.length > 0 ? edge : Number.POSITIVE_INFINITY;
  }

  /** This worker's births, for the closing frame. Profiles stay: a child lives with its parent. */
  collect(): NonNullable<ClosingExtras["births"]> {
    const { births } = this.#core;
    return {
      parent: Uint32Array.from(births, ({ parent }) => parent),
      child: Uint32Array.from(births, ({ child }) => child),
      type: Uint16Array.from(births, ({ type }) => type),
    };
  }

  /** Gives all newborn of a window their indices, and makes those that live here. */
  apply(closings: readonly Closing[], edge: number): void {
    const core = this.#core;
    const all = closings.flatMap(({ more: { births } }) =>
      births === undefined
        ? []
        : Array.from(births.parent, (parent, i) => [parent, births.child[i]!, births.type[i]!] as const),
    );
    all.sort(([parentA, childA], [parentB, childB]) => parentA - parentB || childA - childB);
    const own = new Map(core.births.map((birth) => [`${birth.parent} ${birth.child}`, birth]));
    for (const [parent, child, type] of all) {
      const worker = core.table.placement[parent]!;
      const index = core.table.place(worker);
      this.log.push({ type, worker });
      const birth = own.get(`${parent} ${child}`);
      if (birth !== undefined) this.#bear(index, birth, edge);
    }
    core.births = [];
  }

  /** Makes an agent of this worker. A `state` function that throws is the agent's failure. */
  make(index: number, type: number, profile: unknown): number {
    const { program, table } = this.#core;
    let state: unknown = {};
    let failure: unknown;
    try {
      // A copy: what a model keeps at hand for all its agents must not be theirs together.
      state = snapshot(program.types[type]!.create(profile as never), "state");
    } catch (reason) {
      failure = reason;
    }
    const slot = table.add(index, type, state);
    if (failure !== undefined) {
      table.flags[slot] = QUARANTINED;
      const time = this.#core.window < 0 ? 0 : this.#core.grid.edge(this.#core.window + 1);
      this.#failures.push(failureOf(failure, index, this.#core.nameOf(slot), "state", time));
    }
    return slot;
  }

  /** Tells the population's own agents of those types that ask for it that they are born. */
  announce(): void {
    const { program, table, calendar } = this.#core;
    for (let slot = 0; slot < table.count; slot++) {
      if (program.handlers[table.type[slot]!]![BORN_ID] === undefined) continue;
      const batch = calendar.bucket(0);
      batch.pushAt(0, table.index[slot]!, NOBODY, 0, BORN_META, batch.wordCount);
    }
  }

  #bear(index: number, { parent, type, profile }: Birth, edge: number): void {
    const { program, calendar, grid } = this.#core;
    this.make(index, type, profile);
    if (program.handlers[type]![BORN_ID] === undefined) return;
    const batch = calendar.bucket(edge);
    batch.pushAt(grid.edge(edge), index, parent, 0, BORN_META, batch.wordCount);
  }
}
