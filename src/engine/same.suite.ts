import { expect } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import { type Disturbance, runDisturbed } from "../testing/disturbed.ts";
import { type PartitionedOptions, type PartitionedResult, runPartitioned } from "../testing/run-partitioned.ts";

type Spread = Pick<PartitionedOptions, "workers" | "placement">;

const SPREADS: readonly Spread[] = [
  { workers: 2, placement: (index) => index % 2 },
  { workers: 3, placement: (index) => 2 - (index % 3) },
  { workers: 3, placement: "contiguous" },
];

/** All of a result but how many events came from elsewhere. */
const comparable = ({ remoteEvents: _, ...rest }: PartitionedResult): Omit<PartitionedResult, "remoteEvents"> => rest;

/** At every barrier another thing, and every agent another worker: the same each time. */
async function disturbed(scenario: Scenario, options: PartitionedOptions): Promise<PartitionedResult> {
  const things: readonly Disturbance[] = ["load", "move", "save"];
  let turn = 0;
  let picks = 0;
  const next = (): Disturbance => things[turn++ % things.length]!;
  const pick = (n: number): number => Math.floor(((picks++ * 0.618) % 1) * n);
  const {
    effects: _,
    quarantined: __,
    happened: ___,
    dropped: ____,
    ...result
  } = await runDisturbed(scenario, options, {
    workersMax: 3,
    next,
    pick,
  });
  return result;
}

/** The result of a scenario, after seeing that it is the same however the agents are spread, and wherever they go meanwhile. */
export async function runAnywhere(scenario: Scenario, options: PartitionedOptions = {}): Promise<PartitionedResult> {
  const alone = await runPartitioned(scenario, options);
  for (const spread of SPREADS) {
    expect(comparable(await runPartitioned(scenario, { ...options, ...spread }))).toEqual(comparable(alone));
  }
  expect(comparable(await disturbed(scenario, options))).toEqual(comparable(alone));
  return alone;
}

/** The message that a scenario fails with, after seeing that it is the same however the agents are spread. */
export async function failAnywhere(scenario: Scenario, options: PartitionedOptions = {}): Promise<string> {
  const message = (result: Promise<PartitionedResult>): Promise<string> =>
    result.then(
      () => "it ended well",
      (reason: Error) => reason.message,
    );
  const alone = await message(runPartitioned(scenario, options));
  for (const spread of SPREADS) expect(await message(runPartitioned(scenario, { ...options, ...spread }))).toBe(alone);
  expect(await message(disturbed(scenario, options))).toBe(alone);
  return alone;
}

/** The states of a result, by index. */
export const statesOf = <S>(result: PartitionedResult): S[] => result.states.map(({ state }) => state as S);
