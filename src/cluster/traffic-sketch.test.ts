import fc from "fast-check";
import { expect, test } from "vitest";
import { NOBODY, WORKERS_MAX } from "../base/limits.ts";
import { Chance } from "../placement/shuffle.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { decodeTraffic, LOADS_MAX, type TrafficReport } from "./traffic-report.ts";
import { EVERY_MAX, TrafficSketch } from "./traffic-sketch.ts";

const none = { agents: new Uint32Array(0), handled: new Uint32Array(0) };

test("rows by the column are rows one by one, in any batches, and the same each time", () => {
  const rows = fc.array(fc.tuple(fc.nat(20), fc.oneof(fc.nat(20), fc.constant(NOBODY))), { maxLength: 300 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), fc.nat(300), (pairs, every, cut) => {
      const [to, from] = [0, 1].map((column) => Uint32Array.from(pairs, (pair) => pair[column]!));
      const [single, batched] = [1, 2].map(() => new TrafficSketch({ part: 0, parts: 2, capacity: 16, every }));
      for (const [row, sender] of from!.entries()) single!.note(sender, to![row]!);
      const first = Math.min(cut, pairs.length);
      batched!.noteRows(from!, to!, first);
      batched!.noteRows(from!.subarray(first), to!.subarray(first), pairs.length - first);
      expect(batched!.encode(none)).toEqual(single!.encode(none));
    }),
  );
});

test("one row in `every` is noted on average, also of rows that repeat with that period", () => {
  const sketch = new TrafficSketch({ part: 0, parts: 1, every: 4 });
  const rows = 40_000;
  sketch.noteRows(
    Uint32Array.from({ length: rows }, (_, row) => row % 4),
    new Uint32Array(rows).fill(9),
    rows,
  );
  const { weights, sampleFrom } = sketch.encode(none);
  const noted = weights.reduce((a, b) => a + b, 0) + sampleFrom.length;
  expect(Math.abs(noted / (rows / 4) - 1)).toBeLessThan(0.05);
  expect(weights).toHaveLength(4);
  for (const weight of weights) expect(Math.abs(weight / (rows / 16) - 0.75)).toBeLessThan(0.15);
});

test("self-events and events from nobody are no ties; counts are exact, and halve", () => {
  const sketch = new TrafficSketch({ part: 1, parts: 3, every: 1 });
  for (let i = 0; i < 100; i++) {
    sketch.note(5, 5);
    sketch.note(NOBODY, 5);
  }
  sketch.count(0, 7);
  sketch.count(1, 2);
  sketch.decay();
  expect(sketch.encode(none)).toMatchObject({ part: 1, counts: Float64Array.of(3.5, 1, 0), low: new Uint32Array(0) });
});

test("the heaviest agents are named, the others summed up", () => {
  const sketch = new TrafficSketch({ part: 0, parts: 1 });
  const agents = Uint32Array.from({ length: LOADS_MAX + 2 }, (_, i) => 3 * i);
  const handled = agents.map((_, i) => (i === 10 || i === 20 ? 1 : 5));
  const report = sketch.encode({ agents, handled });
  expect(report).toMatchObject({ otherAgents: 2, otherHandled: 2 });
  expect([...report.agents]).toEqual([...agents].filter((_, i) => i !== 10 && i !== 20));
  expect(new Set(report.handled)).toEqual(new Set([5]));
});

/** Everything at its limit. */
function fullReport(): TrafficReport {
  const sketch = new TrafficSketch({ part: 0, parts: WORKERS_MAX, every: 1 });
  const chance = new Chance(1);
  for (let i = 0; i < 600_000; i++) sketch.note(2 ** 31 - 1 - chance.below(1e6), 2 ** 31 - 1 - chance.below(1e6));
  const agents = Uint32Array.from({ length: 20_000 }, (_, i) => 2 ** 31 - 1 - i);
  return sketch.encode({ agents, handled: agents });
}

test("a report is plain data of less than 1 MiB, and comes back as it was", () => {
  const report = fullReport();
  expect(report.low.length).toBeGreaterThan(65_000);
  expect(report.sampleFrom.length).toBeGreaterThan(1_000);
  const bytes = encodePlain(report);
  expect(bytes.length).toBeLessThan(1024 * 1024);
  expect(decodeTraffic(decodePlain(bytes), 0, WORKERS_MAX)).toEqual(report);
});

test("what is no report is refused, naming what is wrong", () => {
  const report = new TrafficSketch({ part: 0, parts: 2 }).encode(none);
  const refused = (change: object, part = 0, parts = 2): unknown => {
    try {
      return decodeTraffic({ ...report, ...change }, part, parts);
    } catch (reason) {
      return (reason as Error).message;
    }
  };
  expect(refused({})).toEqual(report);
  expect(refused({ version: 9 })).toMatch(/MISMATCH: a traffic report of version 9; ours is 1/);
  expect(refused({}, 1)).toMatch(/CORRUPT: traffic report: part is 0, not 1/);
  expect(refused({}, 0, 3)).toMatch(/counts has 2 entries/);
  expect(refused({ low: new Uint32Array(1) })).toMatch(/high has 0 entries/);
  expect(refused({ sampleTo: [1] })).toMatch(/sampleTo is no Uint32Array/);
  expect(refused({ counts: Float64Array.of(1, -1) })).toMatch(/counts has a negative/);
  expect(refused({ otherHandled: Number.NaN })).toMatch(/otherHandled is NaN/);
  expect(() => decodeTraffic(null, 0, 2)).toThrow(/not a record/);
});

test("one row in 1 to EVERY_MAX", () => {
  for (const every of [1, EVERY_MAX]) new TrafficSketch({ part: 0, parts: 1, every }).note(1, 2);
  for (const every of [0, 1.5, EVERY_MAX + 1]) {
    expect(() => new TrafficSketch({ part: 0, parts: 1, every })).toThrow(/an integer from 1 to 1000000/);
  }
});
