import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { collect } from "../collect.ts";
import scenario from "./scenario.ts";

const SEEDS = Array.from({ length: 50 }, (_, i) => i + 1);
const DAYS = 120;

interface Params {
  initial: number;
  transmission: number;
  alarm: number;
  distancing: number;
}
const DEFAULTS: Params = { initial: 10, transmission: 0.05, alarm: 200, distancing: 0 };

/** What is compared: how many fell ill, how many were ill at once, and when. */
interface Outcome {
  size: number;
  peak: number;
  peakDay: number;
}

test("everyone is in one state, the epidemic takes off and ends", async () => {
  const { result, samples } = await collect(scenario, { seed: 7 });
  expect(result.agents).toBe(4039);
  let before = 0;
  for (const { values } of samples) {
    const { susceptible, infectious, recovered } = values as Record<string, number>;
    expect(susceptible! + infectious! + recovered!).toBe(4039);
    expect(recovered).toBeGreaterThanOrEqual(before);
    before = recovered!;
  }
  const { size, peak } = outcome(samples.map(({ values }) => values));
  expect(size).toBeGreaterThan(1500);
  expect(peak).toBeGreaterThan(300);
  expect(result.observations.infectious).toBe(0);
});

test("the same seed gives the same run, another seed another", async () => {
  const hashes = await Promise.all([7, 7, 8].map(async (seed) => (await collect(scenario, { seed })).result.stateHash));
  expect(hashes[0]).toBe(hashes[1]);
  expect(hashes[0]).not.toBe(hashes[2]);
});

test("nobody passes it on when transmission is 0", async () => {
  const { result } = await collect(scenario, { seed: 1, params: { transmission: 0 } });
  expect(result.observations.recovered).toBeLessThanOrEqual(10);
  expect(result.observations.infectious).toBe(0);
});

describe.each([
  ["as it is", {}],
  ["with distancing", { distancing: 0.6 }],
])("agrees with an independent simulation, %s", (_, changes) => {
  test("final size, peak and day of the peak come from the same distributions", { timeout: 240_000 }, async () => {
    const friends = readFriends();
    const independent = SEEDS.map((seed) => simulateAlone(friends, { ...DEFAULTS, ...changes }, mulberry32(seed)));
    const ours: Outcome[] = [];
    for (const seed of SEEDS) {
      const { samples } = await collect(scenario, { seed, params: changes });
      ours.push(outcome(samples.map(({ values }) => values)));
    }
    for (const key of ["size", "peak", "peakDay"] as const) {
      const [a, b] = [ours.map((run) => run[key]), independent.map((run) => run[key])];
      expect(smirnov(a, b), `distance of ${key}`).toBeLessThan(SMIRNOV_LIMIT);
      expect(Math.abs(meanOf(a) - meanOf(b)) / standardError(a, b), `means of ${key}`).toBeLessThan(3.5);
    }
  });
});

/** Samples are taken at the end of each day. */
function outcome(samples: readonly Readonly<Record<string, unknown>>[]): Outcome {
  const infectious = samples.map((values) => values.infectious as number);
  const last = samples.at(-1) as Record<string, number>;
  const peak = Math.max(...infectious);
  return { size: last.infectious! + last.recovered!, peak, peakDay: infectious.indexOf(peak) };
}

/**
 * The model of scenario.ts once more, day by day on plain arrays, sharing nothing with it. Those who fall ill on a day
 * pass it on from the next day on, so the order within a day does not matter; the alarm looks at the morning's count.
 */
function simulateAlone(friends: readonly number[][], params: Params, random: () => number): Outcome {
  const below = (n: number) => Math.floor(random() * n);
  const exposures: number[][] = Array.from({ length: DAYS + 20 }, () => []);
  const recoveries: number[][] = Array.from({ length: DAYS + 20 }, () => []);
  const fallen = new Uint8Array(friends.length);
  for (let i = 0; i < params.initial; i++) exposures[0]!.push(below(friends.length));
  const curve: number[] = [];
  let size = 0;
  let sick = 0;
  for (let day = 0; day < DAYS; day++) {
    const cautious = sick > params.alarm;
    sick -= recoveries[day]!.length;
    for (const person of exposures[day]!) {
      if (fallen[person] || (cautious && random() < params.distancing)) continue;
      fallen[person] = 1;
      sick += 1;
      size += 1;
      const days = 5 + below(5);
      recoveries[day + days]!.push(person);
      for (const friend of friends[person]!) {
        if (random() < params.transmission) exposures[day + 1 + below(days)]!.push(friend);
      }
    }
    curve.push(sick);
  }
  const peak = Math.max(...curve);
  return { size, peak, peakDay: curve.indexOf(peak) };
}

function readFriends(): number[][] {
  const file = new URL("data/friendships.el.gz", import.meta.url);
  const friends: number[][] = Array.from({ length: 4039 }, () => []);
  for (const line of gunzipSync(readFileSync(file)).toString().split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [a, b] = line.split(" ").map(Number) as [number, number];
    friends[a]!.push(b);
    friends[b]!.push(a);
  }
  return friends;
}

/** mulberry32 (Tommy Ettinger), public domain. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The limit of the Kolmogorov-Smirnov distance of two samples of 50 at alpha = 0.001: c(alpha) * sqrt(2 / 50). */
const SMIRNOV_LIMIT = Math.sqrt(-Math.log(0.001 / 2) / 2) * Math.sqrt(2 / SEEDS.length);

/** The largest distance between two empirical distribution functions. */
function smirnov(a: readonly number[], b: readonly number[]): number {
  const share = (sample: readonly number[], x: number) => sample.filter((value) => value <= x).length / sample.length;
  return Math.max(...[...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x))));
}

const meanOf = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
const variance = (values: readonly number[]) => {
  const mean = meanOf(values);
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
};
const standardError = (a: readonly number[], b: readonly number[]) =>
  Math.sqrt(variance(a) / a.length + variance(b) / b.length);
