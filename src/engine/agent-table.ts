import { MyriadError } from "../base/error.ts";
import { COUNTER_MAX } from "../base/limits.ts";

/** What an agent is beside alive and idle; bits of `flags`. Zero is the common case, and one test tells it. */
export const RETIRED = 1;
export const QUARANTINED = 2;
export const SUSPENDED = 4;

/**
 * The agents of one worker, column by column, by *slot* (0, 1, 2 ... in the order they came); and, by *index*, where
 * every agent of the run lives. About 40 bytes an own agent, and 6 bytes for any other.
 */
export class AgentTable {
  /** Agents of the whole run so far; indices at and above do not exist. */
  total = 0;
  /** By index: the worker that hosts the agent. */
  placement: Uint16Array = new Uint16Array(0);
  /** By index: the slot here, or -1. */
  slotOf: Int32Array = new Int32Array(0);

  /** Own agents. */
  count = 0;
  index: Uint32Array = new Uint32Array(16);
  type: Uint16Array = new Uint16Array(16);
  flags: Uint8Array = new Uint8Array(16);
  draws: Uint32Array = new Uint32Array(16);
  sends: Uint32Array = new Uint32Array(16);
  children: Uint32Array = new Uint32Array(16);
  calls: Uint32Array = new Uint32Array(16);
  /** Not 0: something about the agent may have changed since it was last saved. */
  changed: Uint8Array = new Uint8Array(16);
  readonly state: unknown[] = [];
  readonly names = new Map<number, string>();

  /** Sets where the agents of the population live; those born later are added by `place`. */
  setPlacement(placement: Uint16Array): void {
    this.placement = placement.slice();
    this.slotOf = new Int32Array(placement.length).fill(-1);
    this.total = placement.length;
  }

  /** Gives the next index to an agent on `worker`. */
  place(worker: number): number {
    const index = this.total++;
    if (index >= this.placement.length) {
      const length = Math.max(64, index * 2);
      const placement = new Uint16Array(length);
      placement.set(this.placement);
      this.placement = placement;
      const slotOf = new Int32Array(length).fill(-1);
      slotOf.set(this.slotOf);
      this.slotOf = slotOf;
    }
    this.placement[index] = worker;
    return index;
  }

  /** Makes room here for the agent `index`. Returns its slot. */
  add(index: number, type: number, state: unknown): number {
    const slot = this.count++;
    if (slot === this.index.length) this.#grow(slot * 2);
    this.index[slot] = index;
    this.type[slot] = type;
    this.changed[slot] = 1;
    this.state.push(state);
    this.slotOf[index] = slot;
    return slot;
  }

  /** Takes an agent out, which lives elsewhere from now on. The last one takes its slot: returns the slot that it had. */
  remove(slot: number): number {
    const last = --this.count;
    this.slotOf[this.index[slot]!] = -1;
    this.names.delete(this.index[slot]!);
    for (const column of [
      this.index,
      this.type,
      this.flags,
      this.draws,
      this.sends,
      this.children,
      this.calls,
      this.changed,
    ]) {
      column[slot] = column[last]!;
      column[last] = 0;
    }
    const state = this.state.pop();
    if (slot === last) return last;
    this.state[slot] = state;
    this.slotOf[this.index[slot]!] = slot;
    return last;
  }

  /** The number of an agent's next random draw. Throws LIMIT when all are used up. */
  takeDraw(slot: number): number {
    const value = this.draws[slot]!;
    if (value >= COUNTER_MAX) throw this.#usedUp("draws", slot);
    this.draws[slot] = value + 1;
    return value;
  }

  /** The number of an agent's next event. Throws LIMIT when all are used up. */
  takeSend(slot: number): number {
    const value = this.sends[slot]!;
    if (value >= COUNTER_MAX) throw this.#usedUp("sends", slot);
    this.sends[slot] = value + 1;
    return value;
  }

  /** The same for what happens less often. */
  take(counter: "children" | "calls", slot: number): number {
    const value = this[counter][slot]!;
    if (value >= COUNTER_MAX) throw this.#usedUp(counter, slot);
    this[counter][slot] = value + 1;
    return value;
  }

  #usedUp(counter: string, slot: number): MyriadError {
    return new MyriadError("LIMIT", `agent ${this.index[slot]} has used up its ${counter}: ${COUNTER_MAX} at most`);
  }

  #grow(capacity: number): void {
    const larger = (column: Uint32Array): Uint32Array => {
      const next = new Uint32Array(capacity);
      next.set(column);
      return next;
    };
    this.index = larger(this.index);
    this.draws = larger(this.draws);
    this.sends = larger(this.sends);
    this.children = larger(this.children);
    this.calls = larger(this.calls);
    const type = new Uint16Array(capacity);
    type.set(this.type);
    this.type = type;
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    const changed = new Uint8Array(capacity);
    changed.set(this.changed);
    this.changed = changed;
  }
}
