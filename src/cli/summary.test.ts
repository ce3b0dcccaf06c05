import { expect, test } from "vitest";
import type { RunResult } from "../runtime/run.ts";
import { summary } from "./summary.ts";
import { table } from "./table.ts";
import { compareRuns, type VerifiedRun } from "./verify.ts";

const result: RunResult = {
  runId: "0123456789ab",
  scenario: "epidemic",
  seed: 7,
  params: {},
  workers: 3,
  agents: 4_039,
  events: 88_234,
  remoteEvents: 1_000,
  virtualTime: 120,
  windows: 120,
  wallSeconds: 0.5,
  eventsPerSecond: 176_468,
  stateHash: "00112233445566778899aabbccddeeff",
  observations: { infectious: 12, mean: 0.123456789, ages: [1, 2], least: Number.NaN },
  barrierShare: 0,
  recoveries: [],
  migrations: 0,
  replayedEvents: 0,
  effects: { calls: 0, replayed: 0 },
  peakRssBytes: { master: 1, workers: [1, 1, 1] },
  ended: "time",
  quarantined: { agents: 0, first: [] },
};
const output = { samples: { infectious: "aa", mean: "bb" }, records: { infected: "cc" } };
const runOf = (change: Partial<RunResult> = {}, other: Partial<VerifiedRun["output"]> = {}): VerifiedRun => ({
  result: { ...result, ...change },
  output: { ...output, ...other },
});

test("numbers stand right, words left, and the head goes with its column", () => {
  expect(
    table([
      ["name", "value"],
      ["a", "1"],
      ["bb", "1,234"],
    ]),
  ).toBe("name  value\na         1\nbb    1,234");
  expect(
    table([
      ["name", "value"],
      ["a", "x"],
      ["bb", "yyyyyy"],
    ]),
  ).toBe("name  value\na     x\nbb    yyyyyy");
});

test("the summary has observations, counts and the hash, within 80 columns", () => {
  const text = summary(result);
  expect(text).toMatch(/^observation\s+value\n/);
  expect(text).toMatch(/\ninfectious\s+12\n/);
  expect(text).toMatch(/\nages\s+\[1,2\]\n/);
  expect(text).toContain("epidemic: 4,039 agents on 3 workers, seed 7, until 120 (time was up)");
  expect(text.endsWith("state hash 00112233445566778899aabbccddeeff")).toBe(true);
  const wide = { ...result, observations: { histogram: Array.from({ length: 100 }, (_, i) => i) } };
  for (const line of summary(wide).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("quarantined agents are counted, and the first three named", () => {
  const first = ["a", "b", "c", "d"].map((name, agent) => {
    return { agent, name, handler: "tick", time: 1, code: "HANDLER_FAILED", message: "enough" };
  });
  expect(summary(result)).not.toContain("quarantined");
  expect(summary({ ...result, quarantined: { agents: 1_200, first } })).toContain(
    "\n1,200 agents quarantined: a, b, c, ...\nstate hash",
  );
  expect(summary({ ...result, quarantined: { agents: 1, first: first.slice(0, 1) } })).toContain(
    "\n1 agent quarantined: a\n",
  );
});

test("a run in one process says so", () => {
  expect(summary({ ...result, workers: 0 })).toContain("4,039 agents on one process");
});

test("verify: the same results on any number of workers", () => {
  const verdict = compareRuns([runOf({ workers: 0 }), runOf(), runOf({ wallSeconds: 9, remoteEvents: 5 })]);
  expect(verdict.same).toBe(true);
  expect(verdict.table.split("\n")[1]).toBe("      0  88,234  00112233445566778899aabbccddeeff     0.50");
  expect(verdict.line).toBe("same: epidemic, seed 7, 3 runs");
});

test.each([
  ["state hash", { stateHash: "ff" }],
  ["events", { events: 88_235 }],
  ["virtual time", { virtualTime: 119 }],
  ["infectious", { observations: { ...result.observations, infectious: 13 } }],
  ["least", { observations: { ...result.observations, least: 0 } }],
  ["more", { observations: { ...result.observations, more: 0 } }],
  ["quarantined agents", { quarantined: { agents: 1, first: [] } }],
  ["samples of mean", {}, { samples: { ...output.samples, mean: "ff" } }],
  ["records of infected", {}, { records: {} }],
] as [string, Partial<RunResult>, Partial<VerifiedRun["output"]>?][])(
  "verify: another %s is a difference",
  (name, change, other) => {
    const verdict = compareRuns([runOf({ workers: 0 }), runOf(change, other)]);
    expect(verdict.same).toBe(false);
    expect(verdict.differs).toEqual([[], [name]]);
    expect(verdict.table).toContain(`other ${name}`);
    expect(verdict.line).toMatch(/^DIFFERENT/);
  },
);
