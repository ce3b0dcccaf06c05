import { expect, test } from "vitest";
import { savingOf } from "./rebalance-judge.ts";
import { TrafficSketch } from "./traffic-sketch.ts";

/** A report whose sample has exactly these events. */
function reportOf(part: number, parts: number, sent: number, events: readonly (readonly [from: number, to: number])[]) {
  const sketch = new TrafficSketch({ part, parts });
  sketch.count(part, sent);
  return {
    ...sketch.encode({ agents: new Uint32Array(0), handled: new Uint32Array(0) }),
    sampleFrom: Uint32Array.from(events, ([from]) => from),
    sampleTo: Uint32Array.from(events, ([, to]) => to),
  };
}

const times = (count: number, from: number, to: number) =>
  Array.from({ length: count }, (): [number, number] => [from, to]);
const present = Uint16Array.of(0, 0, 1);

test("what is saved is told from what is lost", () => {
  const reports = [reportOf(0, 2, 1000, [...times(30, 0, 1), ...times(70, 0, 2)])];
  const saving = savingOf(reports, present, Uint16Array.of(1, 0, 1));
  expect(saving.remoteNow).toBeCloseTo(0.7);
  expect(saving.remoteNext).toBeCloseTo(0.3);
  expect(saving.share).toBeCloseTo(4 / 7);
  expect(savingOf(reports, Uint16Array.of(1, 0, 1), present).share).toBe(0);
});

test("each sample counts for all events of its part", () => {
  const reports = [reportOf(0, 2, 900, times(10, 0, 1)), reportOf(1, 2, 100, times(50, 2, 0))];
  expect(savingOf(reports, present, present)).toEqual({ remoteNow: 0.1, remoteNext: 0.1, share: 0 });
});

test("a few events could be chance: they save nothing", () => {
  const next = Uint16Array.of(1, 0, 1);
  expect(savingOf([reportOf(0, 2, 4, times(4, 0, 2))], present, next).share).toBe(0);
  expect(savingOf([reportOf(0, 2, 9, times(9, 0, 2))], present, next).share).toBe(1);
});

test("nothing sampled, or only agents that are no more, saves nothing", () => {
  for (const reports of [[], [reportOf(0, 2, 5, [])], [reportOf(0, 2, 50, times(50, 0, 7))]]) {
    expect(savingOf(reports, present, present)).toEqual({ remoteNow: 0, remoteNext: 0, share: 0 });
  }
});
