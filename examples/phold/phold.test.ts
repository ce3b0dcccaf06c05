import { expect, test } from "vitest";
import { collect } from "../collect.ts";
import { spin } from "./grain.ts";
import scenario from "./scenario.ts";

test("events come at the rate that the mean delay gives", async () => {
  const { result, states } = await collect(scenario, { seed: 7, params: { lps: 1000, start: 2 }, until: { time: 50 } });
  const counts = states.map((row) => (row.state as { count: number }).count);
  expect(counts).toHaveLength(1000);
  expect(counts.reduce((total, count) => total + count, 0)).toBe(result.events);
  expect(result.observations.events).toBe(result.events);
  // 2,000 events in flight, each renewed after 1 on average, variance 0.9^2: 2,000 x 50 renewals, give or take.
  const deviation = Math.sqrt(2000 * 50 * 0.81);
  expect(Math.abs(result.events - 2000 * 50)).toBeLessThan(5 * deviation);
});

test("without remote events every process goes its own way", async () => {
  const { result, states } = await collect(scenario, { params: { lps: 100, remote: 0 }, until: { time: 20 } });
  expect(Math.min(...states.map((row) => (row.state as { count: number }).count))).toBeGreaterThan(0);
  expect(result.events).toBeGreaterThan(1500);
});

test("grain changes the work, not the result", async () => {
  const runs = [];
  for (const grain of [0, 2]) runs.push(await collect(scenario, { params: { lps: 50, grain }, until: { time: 5 } }));
  const counts = runs.map(({ states }) => states.map((row) => row.state));
  expect(counts[0]).toEqual(counts[1]);
  expect(spin(1)).toBe(1);
});

test("a mean that leaves no room above the lookahead is refused", async () => {
  await expect(collect(scenario, { params: { mean: 0.1 } })).rejects.toThrow(/mean must be above lookahead/);
});
