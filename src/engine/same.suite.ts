import { expect } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import { type PartitionedOptions, type PartitionedResult, runPartitioned } from "../testing/run-partitioned.ts";

type Spread = Pick<PartitionedOptions, "workers" | "placement">;

const SPREADS: readonly Spread[] = [
  { workers: 2, placement: (index) => index % 2 },
  { workers: 3, placement: (index) => 2 - (index % 3) },
  { workers: 3, placement: "contiguous" },
];

/** All of a result but how many events came from elsewhere. */
const comparable = ({ remoteEvents: _, ...rest }: PartitionedResult): Omit<PartitionedResult, "remoteEvents"> => rest;

/** The result of a scenario, after seeing that it is the same however the agents are spread. */
export async function runAnywhere(scenario: Scenario, options: PartitionedOptions = {}): Promise<PartitionedResult> {
  const alone = await runPartitioned(scenario, options);
  for (const spread of SPREADS) {
    expect(comparable(await runPartitioned(scenario, { ...options, ...spread }))).toEqual(comparable(alone));
  }
  return alone;
}

/** The message that a scenario fails with, after seeing that it is the same however the agents are spread. */
export async function failAnywhere(scenario: Scenario, options: PartitionedOptions = {}): Promise<string> {
  const message = async (spread: Spread): Promise<string> =>
    runPartitioned(scenario, { ...options, ...spread }).then(
      () => "it ended well",
      (reason: Error) => reason.message,
    );
  const alone = await message({});
  for (const spread of SPREADS) expect(await message(spread)).toBe(alone);
  return alone;
}

/** The states of a result, by index. */
export const statesOf = <S>(result: PartitionedResult): S[] => result.states.map(({ state }) => state as S);
