import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Randomness } from "../base/random.ts";
import { EventBatch, FLAG_NONE, packMeta } from "../wire/event-batch.ts";
import { compareRows, OrderQueue } from "./order-queue.ts";

const random = new Randomness(7);
const row = fc.record({
  time: fc.constantFrom(1, 1.5, 2),
  phase: fc.nat(2),
  generation: fc.nat(1),
  from: fc.nat(3),
  seq: fc.nat(1000),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

/** The order key of protocol 2, written out. */
const keyOf = ({ time, phase, generation, from, seq }: Row): number[] => [
  time,
  phase,
  generation,
  random.tie(from, 0, time),
  from,
  seq,
];

function byKey(a: Row, b: Row): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  const at = left.findIndex((value, i) => value !== right[i]);
  return at < 0 ? 0 : left[at]! - right[at]!;
}

function batchOf(rows: readonly Row[]): EventBatch {
  const batch = new EventBatch();
  for (const { time, phase, generation, from, seq } of rows) {
    batch.push(time, 0, from, seq, packMeta(phase, generation, FLAG_NONE, 8 + (seq % 5)));
  }
  return batch;
}

/** Few and many: the two ways of sorting. */
const rows = fc.oneof(
  fc.uniqueArray(row, { maxLength: 24, selector: (r) => r.seq }),
  fc.uniqueArray(row, { minLength: 25, maxLength: 80, selector: (r) => r.seq }),
);
const left = (queue: OrderQueue): number[] => [...queue.rows.subarray(queue.head, queue.tail)];

describe("order queue", () => {
  it("sorts by time, phase, generation, tie, sender and number", () => {
    fc.assert(
      fc.property(rows, (list) => {
        const batch = batchOf(list);
        const queue = new OrderQueue();
        for (let i = 0; i < list.length; i++) queue.push(i);
        queue.sort(batch, random);
        expect(left(queue).map((i) => list[i])).toEqual([...list].sort(byKey));
        for (let i = 0; i < list.length; i++) {
          for (let j = 0; j < i; j++) {
            expect(Math.sign(compareRows(batch, i, j, random))).toBe(Math.sign(byKey(list[i]!, list[j]!)));
          }
        }
      }),
    );
  });

  it("puts new rows where they belong among those left", () => {
    fc.assert(
      fc.property(rows, fc.nat(10), fc.nat(10), (list, before, handled) => {
        const batch = batchOf(list);
        const queue = new OrderQueue();
        const first = Math.min(before, list.length);
        for (let i = 0; i < first; i++) queue.push(i);
        queue.sort(batch, random);
        queue.head = Math.min(handled, first);
        const done = [...queue.rows.subarray(0, queue.head)];
        for (let i = first; i < list.length; i++) queue.insert(i, batch, random);
        const rest = list.filter((_, i) => !done.includes(i));
        expect(left(queue).map((i) => list[i])).toEqual(rest.sort(byKey));
      }),
    );
  });

  it("finds and drops rows by sender and number", () => {
    fc.assert(
      fc.property(rows, fc.nat(3), fc.nat(1000), (list, from, seq) => {
        const batch = batchOf(list);
        const queue = new OrderQueue();
        for (let i = 0; i < list.length; i++) queue.push(i);
        const at = list.findIndex((r) => r.from === from);
        expect(queue.find(batch, from, at < 0 ? seq : list[at]!.seq)).toBe(at);
        queue.dropSince(batch, from, seq);
        expect(left(queue).map((i) => list[i])).toEqual(list.filter((r) => !(r.from === from && r.seq >= seq)));
      }),
    );
  });
});
