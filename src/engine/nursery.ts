import { NOBODY } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import { Born, BUILT_IN_EVENTS, type EventType } from "../model/event.ts";
import { Streaming } from "../placement/streaming.ts";
import { FLAG_NONE, PHASE_BORN, packMeta } from "../wire/event-batch.ts";
import { QUARANTINED } from "./agent-table.ts";
import { BirthCursor, type Births, packBirths, profileAt, sortBirths } from "./births.ts";
import type { Census } from "./census.ts";
import type { Core } from "./core.ts";
import { type AgentFailure, failureOf } from "./failure.ts";

const BORN_ID = BUILT_IN_EVENTS.indexOf(Born as EventType);
const BORN_META = packMeta(PHASE_BORN, 0, FLAG_NONE, BORN_ID);

/** Workers whose limits are named when there is no room. */
const NAMED_MAX = 8;

/**
 * Where agents come to be: those of the population, and those that others spawn. A window's newborn get their indices
 * in the order (parent, child number), whichever worker their parents are on. They live with their parents as far as
 * these workers have room (`Census`); the others are placed at the barrier, by all workers alike.
 */
export class Nursery {
  /** Changes with the number of workers. */
  census: Census;
  readonly #core: Core;
  readonly #failures: AgentFailure[];
  /** Births of all workers since last asked, in the order of their indices: (type, worker) each. */
  log: { readonly type: number; readonly worker: number }[] = [];

  constructor(core: Core, census: Census, failures: AgentFailure[]) {
    this.#core = core;
    this.census = census;
    this.#failures = failures;
  }

  /** The window that births of now begin to live in, or Infinity. It is run even if nobody handles Born: a newborn's failure shows at its end. */
  nextWindow(edge: number): number {
    return this.#core.births.length > 0 ? edge : Number.POSITIVE_INFINITY;
  }

  /** This worker's births, for the closing frame. Only it sends agents here before the barrier, so there is room for those that stay. */
  collect(): Births {
    const { births, retired, self } = this.#core;
    sortBirths(births);
    return packBirths(births, this.census.room(self, births.length, retired.length));
  }

  /** Takes those that retired in a window out of the census. Before `apply`: they make room. */
  release(retired: readonly number[]): void {
    const { placement } = this.#core.table;
    for (const agent of retired) this.census.add(placement[agent]!, -1);
  }

  /**
   * Gives all newborn of a window their indices and workers, and makes those that live here. `parts`: by worker.
   * When the workers cannot host them all, nobody is born, and it returns why.
   */
  apply(parts: readonly (Births | undefined)[], edge: number): string | undefined {
    const census = this.census;
    let born = 0;
    for (const part of parts) born += part === undefined ? 0 : part.parent.length;
    if (census.total + born > census.capacity) return this.#noRoom(born, edge);
    const place = this.#placer(parts, born);
    const { table, self, births } = this.#core;
    const cursor = new BirthCursor(parts);
    while (cursor.next()) {
      const part = parts[cursor.worker]!;
      const parent = part.parent[cursor.row]!;
      const type = part.type[cursor.row]!;
      const isHome = cursor.row < part.home;
      const worker = isHome ? cursor.worker : place(cursor.worker, parent);
      const index = table.place(worker);
      this.log.push({ type, worker });
      if (worker !== self) continue;
      const profile = cursor.worker === self ? births[cursor.row]!.profile : profileAt(part, cursor.row);
      this.#bear(index, parent, type, profile, edge);
    }
    this.#core.births = [];
    return undefined;
  }

  /** Counts all that are born, and returns what finds a worker for those that do not stay with their parents. */
  #placer(parts: readonly (Births | undefined)[], born: number): (home: number, parent: number) => number {
    const census = this.census;
    const total = census.total + born;
    let homeless = born;
    for (const [worker, part] of parts.entries()) {
      if (part === undefined) continue;
      census.add(worker, part.home);
      homeless -= part.home;
    }
    const { living, shares } = census;
    // One tie each, to the parent: of their relations nothing is known before they are born.
    const stream =
      homeless === 0
        ? undefined
        : new Streaming({ limits: census.limits(total), loads: living, shares, edgeWeight: total, load: total });
    const near = new Uint16Array(2);
    let last = -1;
    return (home, parent) => {
      near[0] = home;
      // Children of one parent that have to leave stay together while they can.
      const worker = stream!.place(1, near, undefined, parent === last ? 2 : 1);
      near[1] = worker;
      last = parent;
      census.add(worker, 1);
      return worker;
    };
  }

  #noRoom(born: number, edge: number): string {
    const { total, capacity, most } = this.census;
    const limits = most.subarray(0, NAMED_MAX).join(", ") + (most.length > NAMED_MAX ? ", ..." : "");
    const time = this.#core.grid.edge(edge);
    return `no place for newborn at time ${time}: ${total} live, ${born} to be born, the workers may host ${capacity} (${limits})`;
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

  #bear(index: number, parent: number, type: number, profile: unknown, edge: number): void {
    const { program, calendar, grid } = this.#core;
    this.make(index, type, profile);
    if (program.handlers[type]![BORN_ID] === undefined) return;
    const batch = calendar.bucket(edge);
    batch.pushAt(grid.edge(edge), index, parent, 0, BORN_META, batch.wordCount);
  }
}
