import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HANDLE_SPAN } from "../base/limits.ts";
import { FLAG_NONE, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { Calendar } from "./calendar.ts";

interface Row {
  readonly window: number;
  readonly from: number;
  readonly seq: number;
}

const META = packMeta(PHASE_EVENT, 0, FLAG_NONE, 8);
const rowKey = ({ window, from, seq }: Row): string => `${window} ${from} ${seq}`;
const sorted = (rows: readonly Row[]): string[] => rows.map(rowKey).sort();

/** A calendar beside the plainest model of one: a list of rows. */
class Both {
  readonly calendar = new Calendar();
  rows: Row[] = [];
  now = 0;
  #seq = 0;

  add(ahead: number, from: number): void {
    const row = { window: this.now + ahead, from, seq: this.#seq++ };
    this.rows.push(row);
    this.calendar.bucket(row.window).push(row.window, 0, from, row.seq, META);
  }

  /** Names a row of the model, or one that is not there. */
  cancel(pick: number): void {
    const row = this.rows[pick] ?? { window: this.now + 1 + (pick % 2000), from: 0, seq: 1e6 };
    const there = pick < this.rows.length;
    const low = row.seq % HANDLE_SPAN;
    expect(this.calendar.has(row.window, row.from, low)).toBe(there);
    expect(this.calendar.cancel(row.window, row.from, low)).toBe(there);
    this.rows = this.rows.filter((other) => other !== row);
  }

  prune(from: number): void {
    this.calendar.prune((batch, row) => batch.from[row] === from);
    this.rows = this.rows.filter((row) => row.from !== from);
  }

  take(): void {
    const window = this.calendar.next();
    expect(window).toBe(Math.min(Number.POSITIVE_INFINITY, ...this.rows.map((row) => row.window)));
    if (window === Number.POSITIVE_INFINITY) return;
    const batch = this.calendar.take(window)!;
    const taken = Array.from({ length: batch.count }, (_, i) => ({ window, from: batch.from[i]!, seq: batch.seq[i]! }));
    expect(sorted(taken)).toEqual(sorted(this.rows.filter((row) => row.window === window)));
    this.rows = this.rows.filter((row) => row.window !== window);
    this.calendar.release(batch);
    this.now = window;
  }

  check(): void {
    const pending: Row[] = [];
    for (const { window, batch } of this.calendar.batches()) {
      for (let i = 0; i < batch.count; i++) pending.push({ window, from: batch.from[i]!, seq: batch.seq[i]! });
    }
    expect(sorted(pending)).toEqual(sorted(this.rows));
  }
}

describe("calendar", () => {
  it("does what a list does, near and far", () => {
    // Windows this far ahead fall on both sides of the ring's end (1024) and of its halves.
    const ahead = fc.oneof(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.constantFrom(511, 512, 513, 1023, 1024, 1025, 2048),
    );
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant("add" as const), ahead, fc.nat(3)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant("cancel" as const), fc.nat(40), fc.constant(0)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant("take" as const), fc.constant(0), fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("prune" as const), fc.nat(3), fc.constant(0)) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
        const both = new Both();
        for (const [what, a, b] of operations) {
          if (what === "add") both.add(a, b);
          else both[what](a);
          both.check();
        }
        while (both.rows.length > 0) both.take();
        both.check();
      }),
      { numRuns: 300 },
    );
  });

  it("finds a row again after another was removed from its window", () => {
    const both = new Both();
    for (let i = 0; i < 6; i++) both.add(10, i % 2);
    for (const pick of [0, 4, 1, 0, 0]) both.cancel(pick);
    both.check();
    both.add(10, 1);
    both.cancel(1);
    both.take();
  });
});
