import fc from "fast-check";
import { expect, test } from "vitest";
import { GENERATION_MAX } from "../base/limits.ts";
import { EventBatch, metaFlag, metaGeneration, metaPhase, metaType, packMeta } from "./event-batch.ts";

test("meta gives back its parts and orders by phase, then generation", () => {
  const parts = fc.tuple(
    fc.nat({ max: 3 }),
    fc.constantFrom(0, 1, 2047, 2048, GENERATION_MAX),
    fc.nat({ max: 3 }),
    fc.constantFrom(0, 8, 32768, 65534, 65535),
  );
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const [one, two] = [packMeta(...a), packMeta(...b)];
      expect([metaPhase(one), metaGeneration(one), metaFlag(one), metaType(one)]).toEqual(a);
      expect(one).toBe(one >>> 0);
      expect(Math.sign((one >>> 18) - (two >>> 18))).toBe(Math.sign(a[0] - b[0] || a[1] - b[1]));
    }),
  );
});

test("rows, words and refs stay as they are while the batch grows", () => {
  const batch = new EventBatch();
  const rows = 1000;
  for (let i = 0; i < rows; i++) {
    expect(batch.push(i / 3, i, rows + i, 2 * i, 4_000_000_000 + i)).toBe(i);
    for (let word = 0; word < i % 4; word++) batch.pushWord(i + word / 8);
    if (i % 5 === 0) batch.pushRef(`ref ${i}`);
  }
  expect(batch.count).toBe(rows);
  for (let i = 0; i < rows; i++) {
    const row = [batch.time[i], batch.to[i], batch.from[i], batch.seq[i], batch.meta[i]];
    expect(row).toEqual([i / 3, i, rows + i, 2 * i, 4_000_000_000 + i]);
    const at = batch.offset[i]!;
    for (let word = 0; word < i % 4; word++) expect(batch.words[at + word]).toBe(i + word / 8);
    if (i % 5 === 0) expect(batch.refs[batch.words[at + (i % 4)]!]).toBe(`ref ${i}`);
  }
});

test("frameBytes is 24 a row and 8 a word", () => {
  const batch = new EventBatch();
  expect(batch.frameBytes).toBe(0);
  for (let i = 0; i < 3; i++) batch.push(0, 0, 0, 0, 0);
  batch.pushWord(1);
  expect(batch.frameBytes).toBe(80);
});

test("pop takes back a row with its payload, clear all of them", () => {
  const batch = new EventBatch();
  batch.push(1, 1, 1, 1, 1);
  batch.pushWord(5);
  batch.push(2, 2, 2, 2, 2);
  batch.pushWord(6);
  batch.pushWord(7);
  batch.pop();
  expect([batch.count, batch.wordCount, batch.words[0]]).toEqual([1, 1, 5]);
  batch.push(3, 3, 3, 3, 3);
  batch.pushRef("x");
  expect([batch.offset[1], batch.words[1]]).toEqual([1, 0]);
  const before = batch.refs;
  batch.clear();
  expect([batch.count, batch.wordCount, batch.refs]).toEqual([0, 0, []]);
  // Whoever still holds the old list keeps it.
  expect(before).toEqual(["x"]);
  expect(batch.push(4, 4, 4, 4, 4)).toBe(0);
  expect(batch.offset[0]).toBe(0);
});
