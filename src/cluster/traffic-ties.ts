import { MyriadError } from "../base/error.ts";

/** Entries of one set: a tie has this many places where it may stand. Two cache lines for each column. */
export const WAYS = 8;
/** A report of so many ties, with all else that is in it, stays below 1 MiB. */
export const TIES_MAX = 65_536;

/**
 * The heaviest ties of a stream of events, in bounded space: Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements
 * in data streams", ICDT 2005), in sets of `WAYS` entries that ties are hashed into, as in a processor's cache; so the smallest entry is found without
 * lists or a heap. In each set: the counts add up to the events noted there; a tie's true count is at most its entry's, and
 * at least that minus `error`; a tie without an entry has at most `floorOf`, which is at most 1 / WAYS of the set's events.
 * A stream of many light ties leaves a sample of the latest. a -- b and b -- a are one tie.
 */
export class TrafficTies {
  /** The lower and the higher agent of each entry. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** 0: the entry is free. Doubles, so that halving is exact. */
  readonly counts: Float64Array;
  /** What the entry took over from the tie that it displaced. */
  readonly errors: Float64Array;
  readonly #setMask: number;

  /** `capacity`: entries, a power of two from WAYS to TIES_MAX; else throws INVALID_ARGUMENT. */
  constructor(capacity: number) {
    if (!(capacity >= WAYS && capacity <= TIES_MAX && Number.isInteger(Math.log2(capacity)))) {
      throw new MyriadError(
        "INVALID_ARGUMENT",
        `capacity is ${capacity}; it must be a power of two from ${WAYS} to ${TIES_MAX}`,
      );
    }
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.counts = new Float64Array(capacity);
    this.errors = new Float64Array(capacity);
    this.#setMask = capacity / WAYS - 1;
  }

  /** One event between two agents that are not the same. */
  note(a: number, b: number): void {
    const { low, high, counts } = this;
    const lower = Math.min(a, b);
    const higher = Math.max(a, b);
    const first = this.#setOf(lower, higher);
    let smallest = first;
    for (let i = first; i < first + WAYS; i++) {
      if (low[i] === lower && high[i] === higher) {
        counts[i]! += 1;
        return;
      }
      if (counts[i]! < counts[smallest]!) smallest = i;
    }
    low[smallest] = lower;
    high[smallest] = higher;
    this.errors[smallest] = counts[smallest]!;
    counts[smallest]! += 1;
  }

  /** The most that a tie without an entry can have. */
  floorOf(a: number, b: number): number {
    const first = this.#setOf(Math.min(a, b), Math.max(a, b));
    let floor = Infinity;
    for (let i = first; i < first + WAYS; i++) floor = Math.min(floor, this.counts[i]!);
    return floor;
  }

  /** The past counts half. */
  halve(): void {
    for (let i = 0; i < this.counts.length; i++) {
      this.counts[i]! /= 2;
      this.errors[i]! /= 2;
    }
  }

  #setOf(lower: number, higher: number): number {
    let h = Math.imul(lower, 0x9e3779b1) ^ Math.imul(higher, 0x85ebca77);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return ((h ^ (h >>> 15)) & this.#setMask) * WAYS;
  }
}
