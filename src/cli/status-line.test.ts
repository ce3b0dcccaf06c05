import fc from "fast-check";
import { expect, test } from "vitest";
import { duration, type Status, secondsLeft, shortNumber, statusLine } from "./status-line.ts";

const status: Status = {
  virtualTime: 45,
  window: 45,
  events: 1_234_567,
  eventsPerSecond: 2_345_678,
  workers: 3,
  agents: 4_039,
  fraction: 0.375,
  elapsedMs: 3_000,
};

test("shows time, share, speed, workers, agents, events and what is left", () => {
  expect(statusLine(status, 80)).toBe("t 45  37%  2.35M events/s  3 workers  4039 agents  1.23M events  ETA 5s");
});

test("an end that is not known in advance has no share and no time left", () => {
  const { fraction: _, ...open } = status;
  expect(statusLine({ ...open, workers: 0 }, 80)).toBe("t 45  2.35M events/s  4039 agents  1.23M events");
});

test("what matters least goes first", () => {
  expect(statusLine(status, 55)).toBe("t 45  37%  2.35M events/s  3 workers  ETA 5s");
  expect(statusLine(status, 35)).toBe("t 45  37%  2.35M events/s  ETA 5s");
  expect(statusLine(status, 10)).toBe("t 45  37%");
  expect(statusLine(status, 3)).toBe("t 4");
  expect(statusLine(status, 0)).toBe("");
});

test("is never wider than asked, whatever the numbers", () => {
  const number = fc.oneof(fc.double({ noNaN: false }), fc.nat());
  const any = fc.record({
    virtualTime: number,
    window: fc.nat(),
    events: number,
    eventsPerSecond: number,
    workers: fc.nat(1024),
    agents: fc.nat(2 ** 31),
    fraction: number,
    elapsedMs: number,
  });
  fc.assert(
    fc.property(any, fc.integer({ min: 0, max: 200 }), (values, width) => {
      expect(statusLine(values, width).length).toBeLessThanOrEqual(width);
      expect(statusLine(values, width)).not.toMatch(/[\n\r]/);
    }),
  );
});

test.each([
  [0, "0"],
  [999, "999"],
  [9_994, "9994"],
  [10_000, "10k"],
  [999_949, "1M"],
  [1_000_000, "1M"],
  [12_345_678, "12.3M"],
  [0.1 + 0.2, "0.3"],
  [-1_500_000, "-1.5M"],
  [Number.POSITIVE_INFINITY, "Infinity"],
])("%d in short is %s", (value, text) => expect(shortNumber(value)).toBe(text));

test.each([
  [0, "0s"],
  [59, "59s"],
  [59.5, "1m00s"],
  [3_599, "59m59s"],
  [3_600, "1h00m"],
  [8_000, "2h13m"],
  [1e9, "a long time"],
])("%d s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test("time left is in proportion to what is done", () => {
  expect(secondsLeft({ ...status, fraction: 0.25, elapsedMs: 1_000 })).toBe(3);
  expect(secondsLeft({ ...status, fraction: 1 })).toBe(0);
  expect(secondsLeft({ ...status, fraction: 0 })).toBeUndefined();
});
