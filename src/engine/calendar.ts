import { assert } from "../base/assert.ts";
import { HANDLE_SPAN } from "../base/limits.ts";
import { EventBatch } from "../wire/event-batch.ts";

/** Windows ahead that are found by an array index; later ones go through a map. A power of two. */
const RING = 1024;
const MASK = RING - 1;
/** Emptied batches kept for the next windows. */
const POOL_MAX = 64;

/**
 * The future events of one worker, one batch a window: appending is all that it costs to schedule, and order is
 * made only when a window is run (a calendar queue whose days are the windows; Brown, CACM 31(10), 1988).
 */
export class Calendar {
  #base = 0;
  /** Windows below it are in the ring, the others in the map. */
  #horizon = RING;
  readonly #ring: (EventBatch | undefined)[] = new Array(RING).fill(undefined);
  readonly #far = new Map<number, EventBatch>();
  readonly #pool: EventBatch[] = [];
  readonly #lookup = new Map<number, RowLookup>();

  /** The batch of a window, made if need be. `window` is not below the one last taken. */
  bucket(window: number): EventBatch {
    if (window < this.#horizon) {
      return this.#ring[window & MASK] ?? (this.#ring[window & MASK] = this.#pool.pop() ?? new EventBatch());
    }
    let batch = this.#far.get(window);
    if (batch === undefined) this.#far.set(window, (batch = this.#pool.pop() ?? new EventBatch()));
    return batch;
  }

  /** The batch of a window if it has one; nothing is made. */
  peek(window: number): EventBatch | undefined {
    return window < this.#horizon ? this.#ring[window & MASK] : this.#far.get(window);
  }

  /** Takes the window's batch out, to be run; earlier windows must be empty by now. */
  take(window: number): EventBatch | undefined {
    this.#advance(window);
    const batch = this.#ring[window & MASK];
    this.#ring[window & MASK] = undefined;
    this.#lookup.delete(window);
    return batch;
  }

  /** Gives a batch that was taken back for reuse. */
  release(batch: EventBatch): void {
    batch.clear();
    if (this.#pool.length < POOL_MAX) this.#pool.push(batch);
  }

  /** The first window that has an event, or Infinity. */
  next(): number {
    for (let window = this.#base; window < this.#horizon; window++) {
      const batch = this.#ring[window & MASK];
      if (batch !== undefined && batch.count > 0) return window;
    }
    let first = Number.POSITIVE_INFINITY;
    for (const [window, batch] of this.#far) if (window < first && batch.count > 0) first = window;
    return first;
  }

  /** True when `from` has an event in the window whose number ends in `low` (its last 22 bits). */
  has(window: number, from: number, low: number): boolean {
    const batch = this.peek(window);
    return batch !== undefined && this.#lookupOf(window).find(batch, from, low) !== undefined;
  }

  /** Removes that event. False when there is none. */
  cancel(window: number, from: number, low: number): boolean {
    const batch = this.peek(window);
    return batch !== undefined && this.#lookupOf(window).remove(batch, from, low);
  }

  /** To be called when rows were taken from a batch by others. */
  forgetLookups(): void {
    this.#lookup.clear();
  }

  #lookupOf(window: number): RowLookup {
    let lookup = this.#lookup.get(window);
    if (lookup === undefined) this.#lookup.set(window, (lookup = new RowLookup()));
    return lookup;
  }

  /** Removes every row that `drop` names; one pass over all that is pending. */
  prune(drop: (batch: EventBatch, row: number) => boolean): void {
    for (const { batch } of this.batches()) {
      for (let row = batch.count - 1; row >= 0; row--) if (drop(batch, row)) batch.remove(row);
    }
    this.#lookup.clear();
  }

  /** All that is pending, in no order that matters. */
  *batches(): Iterable<{ window: number; batch: EventBatch }> {
    for (let window = this.#base; window < this.#horizon; window++) {
      const batch = this.#ring[window & MASK];
      if (batch !== undefined && batch.count > 0) yield { window, batch };
    }
    for (const [window, batch] of this.#far) if (batch.count > 0) yield { window, batch };
  }

  #advance(window: number): void {
    assert(window >= this.#base, "windows are taken in order");
    const steps = Math.min(window - this.#base, RING);
    for (let step = 0; step < steps; step++) {
      const skipped = this.#ring[(this.#base + step) & MASK];
      assert(skipped === undefined || skipped.count === 0, "a window with events is never skipped");
    }
    this.#base = window;
    if (this.#horizon - window < RING / 2) this.#extend(window + RING);
  }

  /** Moves the edge between ring and map on; half a ring at a time, so that the map is seldom walked. */
  #extend(horizon: number): void {
    this.#horizon = horizon;
    for (const [window, batch] of this.#far) {
      if (window >= horizon) continue;
      this.#far.delete(window);
      const slot = window & MASK;
      if (this.#ring[slot] !== undefined) this.release(this.#ring[slot]);
      this.#ring[slot] = batch;
    }
  }
}

/** Finds rows of one window by sender and number; made at the first cancellation and kept up as rows are added. */
class RowLookup {
  #rows = new Map<number, number>();
  #known = 0;

  find(batch: EventBatch, from: number, low: number): number | undefined {
    for (; this.#known < batch.count; this.#known++) this.#rows.set(key(batch, this.#known), this.#known);
    return this.#rows.get(from * HANDLE_SPAN + low);
  }

  remove(batch: EventBatch, from: number, low: number): boolean {
    const row = this.find(batch, from, low);
    if (row === undefined) return false;
    this.#rows.delete(from * HANDLE_SPAN + low);
    batch.remove(row);
    this.#known = batch.count;
    if (row < batch.count) this.#rows.set(key(batch, row), row);
    return true;
  }
}

const key = (batch: EventBatch, row: number): number =>
  batch.from[row]! * HANDLE_SPAN + (batch.seq[row]! % HANDLE_SPAN);
