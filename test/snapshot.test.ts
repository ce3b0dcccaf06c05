import fc from "fast-check";
import { describe, expect, it } from "vitest";
import epidemic from "../examples/epidemic/scenario.ts";
import laborMarket from "../examples/labor-market/scenario.ts";
import opinions from "../examples/opinions/scenario.ts";
import phold from "../examples/phold/scenario.ts";
import rumor from "../examples/rumor/scenario.ts";
import survey from "../examples/survey/scenario.ts";
import { stateHash } from "../src/engine/engine.ts";
import { stubs, thinkers } from "../src/engine/thinkers.suite.ts";
import { populate } from "../src/model/populate.ts";
import { compile } from "../src/model/program.ts";
import type { Scenario } from "../src/model/scenario.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { type Disturbance, type DisturbedResult, runDisturbed } from "../src/testing/disturbed.ts";
import { Lockstep } from "../src/testing/lockstep.ts";
import { RecordedEffects } from "../src/testing/recorded-effects.ts";
import type { PartitionedOptions } from "../src/testing/run-partitioned.ts";
import { breeding } from "./breeding.ts";
import { chaos } from "./chaos.ts";
import { chanceOf } from "./seeded.ts";

const THINGS: readonly Disturbance[] = ["none", "save", "load", "move"];

const comparable = ({ remoteEvents: _, happened: __, ...rest }: DisturbedResult): unknown => rest;

const undisturbed = (scenario: Scenario, options: PartitionedOptions): Promise<DisturbedResult> =>
  runDisturbed(scenario, options, { workersMax: 1, next: () => "none", pick: () => 0 });

/** Runs it without and with disturbances, and expects no difference. */
async function expectSame(scenario: Scenario, options: PartitionedOptions, seed: number): Promise<DisturbedResult> {
  const chance = chanceOf(seed);
  const pick = (n: number): number => Math.floor(chance() * n);
  const rate = chance();
  const next = (): Disturbance => (chance() < rate ? THINGS[pick(4)]! : "none");
  const disturbed = await runDisturbed(scenario, options, { workersMax: 4, next, pick });
  expect(comparable(disturbed)).toEqual(comparable(await undisturbed(scenario, options)));
  return disturbed;
}

const property = (scenario: Scenario, options: PartitionedOptions, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.nat(2 ** 30), fc.nat(2 ** 30), async (seed, chance) => {
      await expectSame(scenario, { ...options, seed }, chance);
    }),
    { numRuns },
  );

/** At every barrier: what was loaded has the same common section, and the same state. */
async function expectRoundTrip(scenario: Scenario, options: PartitionedOptions): Promise<void> {
  const program = compile(scenario, options);
  const population = await populate(program, dataFiles);
  const runner = (): RecordedEffects => new RecordedEffects(options.effects ?? {});
  const own = { program, workers: 2, runId: "test", runner };
  const placement = Uint16Array.from({ length: population.count }, (_, i) => i % 2);
  const lockstep = new Lockstep({ ...own, placement, population });
  for (let step = 0; lockstep.decision.kind === "window"; step++) {
    if (step % 3 === 0) {
      const saved = lockstep.save();
      const { table } = lockstep.engines[0]!.core;
      const loaded = await Lockstep.load({ ...own, placement: table.placement.slice(0, table.total) }, saved);
      const again = loaded.save();
      expect(Buffer.compare(again.common, saved.common)).toBe(0);
      expect(again.parts).toEqual(saved.parts);
      expect(hashOf(loaded)).toBe(hashOf(lockstep));
      expect(loaded.engines.map(({ window }) => window)).toEqual(lockstep.engines.map(({ window }) => window));
    }
    await lockstep.step();
  }
}

const hashOf = ({ engines }: Lockstep): string => stateHash(engines.map((engine) => engine.finish().hash));

describe("a run that is saved, loaded and moved at its barriers", () => {
  it("comes to the same, with agents that do everything there is", () => property(chaos, {}, 40));

  it("comes to the same, with agents that are born and retire", () => property(breeding, {}, 20));

  it("comes to the same, with handlers that wait", () => property(thinkers, { effects: stubs }, 40));

  it.each<[string, Scenario, PartitionedOptions]>([
    ["all there is", chaos, { seed: 5, effects: { score: ({ who }: { who: number }) => who / 3 } }],
    ["births", breeding, { seed: 5, effects: { muse: (id: number) => id / 3 } }],
    ["rounds", laborMarket, { until: { rounds: 2 } }],
    ["handlers that wait", thinkers, { effects: stubs }],
  ])("is the same at once, to the bytes of what is agreed on: %s", (_, scenario, options) =>
    expectRoundTrip(scenario, options),
  );

  const examples: readonly [string, Scenario, PartitionedOptions][] = [
    ["epidemic", epidemic, { until: { time: 30 } }],
    ["labor-market", laborMarket, { until: { rounds: 3 } }],
    ["opinions", opinions, { until: { rounds: 4 } }],
    ["phold", phold, { params: { lps: 200 }, until: { time: 4 } }],
    ["rumor", rumor, { params: { rumors: 5 } }],
    [
      "survey",
      survey,
      { params: { agents: 60, questions: 3 }, effects: { answer: ({ agent }: { agent: number }) => agent % 5 } },
    ],
  ];
  it.each(examples)("comes to the same: %s", async (_, scenario, options) => {
    const { happened } = await expectSame(scenario, { ...options, seed: 7 }, 11);
    expect(happened.load).toBeGreaterThan(0);
    expect(happened.move).toBeGreaterThan(0);
  });
});
