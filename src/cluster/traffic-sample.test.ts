import { expect, test } from "vitest";
import { SAMPLE_MAX, TrafficSample } from "./traffic-sample.ts";

test("what is kept is like the whole stream, whenever it came and however regular it is", () => {
  const sample = new TrafficSample();
  const events = 400_000;
  // A kind every 8 events, and one that is in the second half only.
  for (let i = 0; i < events; i++) sample.take(i % 8 === 0 ? 1 : 0, i >= events / 2 ? 1 : 0);
  expect(sample.count).toBeLessThanOrEqual(SAMPLE_MAX);
  expect(sample.count).toBeGreaterThan(SAMPLE_MAX / 4);
  const share = (column: Uint32Array): number =>
    column.subarray(0, sample.count).reduce((a, b) => a + b, 0) / sample.count;
  // Four standard errors of a sample of a thousand.
  expect(Math.abs(share(sample.from) - 1 / 8)).toBeLessThan(4 * Math.sqrt(((1 / 8) * (7 / 8)) / 1000));
  expect(Math.abs(share(sample.to) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 4 / 1000));
  expect(sample.stride * sample.count).toBeGreaterThan(0.8 * events);
  expect(sample.stride * sample.count).toBeLessThan(1.2 * events);
});

test("a stream that dries up is sampled more finely, and the past halves", () => {
  const sample = new TrafficSample();
  for (let i = 0; i < 100_000; i++) sample.take(i, i + 1);
  const { count, stride } = sample;
  sample.halve();
  expect(Math.abs(sample.count - count / 2)).toBeLessThanOrEqual(0.5);
  for (let i = 0; i < 20; i++) sample.halve();
  expect(sample.stride).toBeLessThan(stride);
  expect(sample.count).toBeLessThanOrEqual(1);
});

test("most events are left for the ties, at first as well", () => {
  const sample = new TrafficSample();
  let taken = 0;
  for (let i = 0; i < 4_000; i++) if (sample.take(1, 2)) taken++;
  expect(taken).toBe(sample.count);
  expect(taken).toBeGreaterThan(700);
  expect(taken).toBeLessThan(1_300);
});
