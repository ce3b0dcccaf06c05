import { AGENTS_MAX } from "../base/limits.ts";
import type { RelationTies } from "./population.ts";

/** Collects the ties of one relation, in any order and with repetitions. */
export class TieList {
  /** undefined until the first ties say. */
  directed: boolean | undefined;
  #count = 0;
  #source = new Uint32Array(64);
  #target = new Uint32Array(64);
  #weight: Float64Array | null = null;

  get count(): number {
    return this.#count;
  }

  /** Makes room for `more` ties. */
  reserve(more: number): void {
    const needed = this.#count + more;
    if (needed <= this.#source.length) return;
    const capacity = Math.max(needed, this.#source.length * 2);
    this.#source = grown(this.#source, new Uint32Array(capacity));
    this.#target = grown(this.#target, new Uint32Array(capacity));
    if (this.#weight !== null) this.#weight = grown(this.#weight, new Float64Array(capacity).fill(1, this.#count));
  }

  /** From here on ties have weights; those before weigh 1. */
  useWeights(): void {
    this.#weight ??= new Float64Array(this.#source.length).fill(1);
  }

  add(source: number, target: number, weight: number): void {
    const at = this.#count;
    if (at === this.#source.length) this.reserve(1);
    const swap = this.directed !== true && source > target;
    this.#source[at] = swap ? target : source;
    this.#target[at] = swap ? source : target;
    if (this.#weight !== null) this.#weight[at] = weight;
    this.#count = at + 1;
  }

  /** Each tie once, in ascending order; of repeated ones the last. */
  finish(agents: number): RelationTies {
    const directed = this.directed ?? false;
    const source = this.#source.subarray(0, this.#count);
    const target = this.#target.subarray(0, this.#count);
    const weight = this.#weight?.subarray(0, this.#count) ?? null;
    if (isStrictlyAscending(source, target)) {
      return { directed, source: source.slice(), target: target.slice(), weight: weight?.slice() ?? null };
    }
    const order = stableOrder(source, stableOrder(target, null, agents), agents);
    const kept = keepLast(order, source, target);
    const pick = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      for (let i = 0; i < to.length; i++) to[i] = from[order[i]!]!;
      return to;
    };
    return {
      directed,
      source: pick(source, new Uint32Array(kept)),
      target: pick(target, new Uint32Array(kept)),
      weight: weight === null ? null : pick(weight, new Float64Array(kept)),
    };
  }
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function isStrictlyAscending(source: Uint32Array, target: Uint32Array): boolean {
  for (let i = 1; i < source.length; i++) {
    const step = source[i]! - source[i - 1]!;
    if (step < 0 || (step === 0 && target[i]! <= target[i - 1]!)) return false;
  }
  return true;
}

/** Positions ordered by key, equal keys in the order of `before` (null: as they are): one pass of a counting sort. */
function stableOrder(key: Uint32Array, before: Uint32Array | null, keys: number): Uint32Array {
  const next = new Uint32Array(Math.min(keys, AGENTS_MAX) + 1);
  for (let i = 0; i < key.length; i++) next[key[i]! + 1]!++;
  for (let k = 1; k < next.length; k++) next[k]! += next[k - 1]!;
  const order = new Uint32Array(key.length);
  for (let i = 0; i < key.length; i++) {
    const at = before === null ? i : before[i]!;
    order[next[key[at]!]!++] = at;
  }
  return order;
}

/** Keeps the last of equal neighbours, in place at the front. Returns how many. */
function keepLast(order: Uint32Array, source: Uint32Array, target: Uint32Array): number {
  let kept = 0;
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    const after = i + 1 < order.length ? order[i + 1]! : -1;
    if (after >= 0 && source[at] === source[after] && target[at] === target[after]) continue;
    order[kept++] = at;
  }
  return kept;
}
