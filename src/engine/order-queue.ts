import { HANDLE_SPAN } from "../base/limits.ts";
import type { Randomness } from "../base/random.ts";
import type { EventBatch } from "../wire/event-batch.ts";

/** Up to this many rows, insertion sort beats everything. */
const INSERTION_MAX = 24;

/**
 * The rows of one batch that one agent is still to handle in the window being run, in the order key of protocol 2:
 * (time, phase and generation, tie, from, seq). The tie is computed only between rows that are equal so far.
 */
export class OrderQueue {
  rows: Uint32Array = new Uint32Array(64);
  head = 0;
  tail = 0;

  clear(): void {
    this.head = 0;
    this.tail = 0;
  }

  /** Appends without order; `sort` follows. */
  push(row: number): void {
    if (this.tail === this.rows.length) this.#grow();
    this.rows[this.tail++] = row;
  }

  reverse(): void {
    const { rows } = this;
    for (let low = this.head, high = this.tail - 1; low < high; low++, high--) {
      const row = rows[low]!;
      rows[low] = rows[high]!;
      rows[high] = row;
    }
  }

  sort(batch: EventBatch, random: Randomness): void {
    const { rows, head, tail } = this;
    if (tail - head > INSERTION_MAX) {
      rows.set(sortedRows(rows.subarray(head, tail), batch, random), head);
      return;
    }
    this.#insertionSort(batch, random);
  }

  /** Ties move along with their rows, so that each is computed once at most. */
  #insertionSort(batch: EventBatch, random: Randomness): void {
    const { rows, head, tail } = this;
    const ties = SCRATCH_TIES.fill(-1);
    for (let i = head + 1; i < tail; i++) {
      const row = rows[i]!;
      let tie = -1;
      let at = i;
      for (; at > head; at--) {
        const other = rows[at - 1]!;
        let order = compareUpToTie(batch, row, other);
        if (order === 0 && batch.from[row] !== batch.from[other]) {
          if (tie < 0) tie = tieOf(batch, row, random);
          const before = at - 1 - head;
          if (ties[before]! < 0) ties[before] = tieOf(batch, other, random);
          order = tie - ties[before]!;
        }
        if (order === 0) order = compareAfterTie(batch, row, other);
        if (order >= 0) break;
        rows[at] = other;
        ties[at - head] = ties[at - 1 - head]!;
      }
      rows[at] = row;
      ties[at - head] = tie;
    }
  }

  /** Puts one row where it belongs among those left. */
  insert(row: number, batch: EventBatch, random: Randomness): void {
    if (this.tail === this.rows.length) this.#grow();
    const rows = this.rows;
    let low = this.head;
    let high = this.tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRows(batch, rows[middle]!, row, random) <= 0) low = middle + 1;
      else high = middle;
    }
    rows.copyWithin(low + 1, low, this.tail);
    rows[low] = row;
    this.tail++;
  }

  /** Where the event that `from` sent with a number ending in `low` stands among those left, or -1. */
  find(batch: EventBatch, from: number, low: number): number {
    for (let at = this.head; at < this.tail; at++) {
      const row = this.rows[at]!;
      if (batch.from[row] === from && batch.seq[row]! % HANDLE_SPAN === low) return at;
    }
    return -1;
  }

  removeAt(at: number): void {
    this.rows.copyWithin(at, at + 1, this.tail);
    this.tail--;
  }

  /** Drops the rows that `from` sent with number `seq` or later. */
  dropSince(batch: EventBatch, from: number, seq: number): void {
    let kept = this.head;
    for (let at = this.head; at < this.tail; at++) {
      const row = this.rows[at]!;
      if (batch.from[row] === from && batch.seq[row]! >= seq) continue;
      this.rows[kept++] = row;
    }
    this.tail = kept;
  }

  #grow(): void {
    const rows = new Uint32Array(this.rows.length * 2);
    rows.set(this.rows);
    this.rows = rows;
  }
}

const SCRATCH_TIES = new Float64Array(INSERTION_MAX);

/** Negative when row `a` is handled before row `b`; both are of one batch and to one agent. */
export function compareRows(batch: EventBatch, a: number, b: number, random: Randomness): number {
  const order = compareUpToTie(batch, a, b);
  if (order !== 0) return order;
  const tie = batch.from[a] === batch.from[b] ? 0 : tieOf(batch, a, random) - tieOf(batch, b, random);
  return tie !== 0 ? tie : compareAfterTie(batch, a, b);
}

const compareUpToTie = (batch: EventBatch, a: number, b: number): number =>
  batch.time[a]! - batch.time[b]! || (batch.meta[a]! >>> 18) - (batch.meta[b]! >>> 18);

const compareAfterTie = (batch: EventBatch, a: number, b: number): number =>
  batch.from[a]! - batch.from[b]! || batch.seq[a]! - batch.seq[b]!;

const tieOf = (batch: EventBatch, row: number, random: Randomness): number =>
  random.tie(batch.from[row]!, batch.to[row]!, batch.time[row]!);

/** Many rows: ties are computed once each, then compared. */
function sortedRows(rows: Uint32Array, batch: EventBatch, random: Randomness): Uint32Array {
  const ties = new Float64Array(rows.length);
  const order = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    ties[i] = tieOf(batch, row, random);
    order[i] = i;
  }
  order.sort((i, j) => {
    const a = rows[i]!;
    const b = rows[j]!;
    return compareUpToTie(batch, a, b) || ties[i]! - ties[j]! || compareAfterTie(batch, a, b);
  });
  return order.map((i) => rows[i]!);
}
