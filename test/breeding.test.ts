import fc from "fast-check";
import { runPartitioned } from "myriad/testing";
import { describe, expect, it } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { RETIRED } from "../src/engine/agent-table.ts";
import { CENSUS_ROOM, CENSUS_SLACK } from "../src/engine/census.ts";
import { OutsideEffects } from "../src/engine/effects.ts";
import type { Engine } from "../src/engine/engine.ts";
import { populate } from "../src/model/populate.ts";
import { compile } from "../src/model/program.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { runDisturbed } from "../src/testing/disturbed.ts";
import { Lockstep } from "../src/testing/lockstep.ts";
import { resultOf } from "../src/testing/run-partitioned.ts";
import { breeding } from "./breeding.ts";

interface Spread {
  readonly placement: Uint16Array;
  readonly workers: number;
  readonly shares?: readonly number[];
  readonly agentLimits?: readonly number[];
}

/** Living agents by worker before and after a window, and how many were born in it. */
interface Step {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly born: number;
}

const living = ({ core: { table } }: Engine): number =>
  table.flags.subarray(0, table.count).reduce((sum, flags) => sum + ((flags & RETIRED) === 0 ? 1 : 0), 0);

/** Everything that must be the same however the agents are spread, `onStep` after each window. */
async function outcome(
  seed: number,
  params: Record<string, number>,
  spread: Spread,
  onStep: (step: Step, engines: readonly Engine[]) => void = () => {},
) {
  const program = compile(breeding, { seed, params });
  const population = await populate(program, dataFiles);
  const runner = (): OutsideEffects => new OutsideEffects(systemClock);
  const lockstep = new Lockstep({ program, population, runId: "breeding", runner, ...spread });
  const { engines } = lockstep;
  const counts = (): number[] => engines.map(living);
  const total = (): number => engines[0]!.core.table.total;
  let before = counts();
  let born = total();
  while (lockstep.decision.kind === "window") {
    await lockstep.step();
    const after = counts();
    onStep({ before, after, born: total() - born }, engines);
    before = after;
    born = total();
  }
  const quarantined = engines.flatMap((engine) => engine.finish().quarantined.map(({ message }) => message));
  const { remoteEvents: _, ...result } = resultOf(program, lockstep);
  return { ...result, failures: [...new Set(quarantined)].sort() };
}

/** All know alike where everybody lives. */
function expectOneMap(engines: readonly Engine[]): void {
  const [first, ...others] = engines.map(({ core: { table } }) => table.placement.subarray(0, table.total));
  for (const other of others) expect(other).toEqual(first);
}

const alone = (founders: number): Spread => ({ placement: new Uint16Array(founders), workers: 1 });
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The most agents that live at any time. */
async function peakOf(seed: number, params: Record<string, number>): Promise<number> {
  let peak = params.founders!;
  await outcome(seed, params, alone(params.founders!), ({ after }) => {
    peak = Math.max(peak, after[0]!);
  });
  return peak;
}

const societies = fc.record({
  founders: fc.integer({ min: 1, max: 80 }),
  fertile: fc.integer({ min: 1, max: 80 }),
  births: fc.constantFrom(0.1, 0.2, 0.3),
  deaths: fc.constantFrom(0, 0.1, 0.4),
});
/** One weight for each worker. */
const weightLists = fc
  .constantFrom(2, 3, 8)
  .chain((workers) => fc.array(fc.integer({ min: 1, max: 5 }), { minLength: workers, maxLength: workers }));
const seeds = fc.nat(2 ** 20);

/** Limits that sum to `capacity`, none below what its worker begins with. */
function tightLimits(begin: readonly number[], capacity: number, weights: readonly number[]): number[] {
  const rest = capacity - sum(begin);
  const limits = begin.map((first, b) => first + Math.floor((rest * weights[b]!) / sum(weights)));
  limits[0]! += capacity - sum(limits);
  return limits;
}

describe("agents born while running", () => {
  it("are the same wherever they live, and no worker has more than its share and its slack", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, societies, weightLists, fc.func(fc.nat()), async (seed, params, shares, place) => {
        const workers = shares.length;
        const placement = Uint16Array.from({ length: params.founders }, (_, i) => place(i) % workers);
        const expected = await outcome(seed, params, alone(params.founders));
        const spread = { placement, workers, shares };
        const apart = await outcome(seed, params, spread, ({ before, after, born }, engines) => {
          expectOneMap(engines);
          const total = sum(before) + born;
          const most = Math.max((1 + CENSUS_SLACK) * total, total + CENSUS_ROOM);
          for (const [b, agents] of after.entries()) {
            const limit = Math.ceil((most * shares[b]!) / sum(shares) + 1e-6);
            expect(agents).toBeLessThanOrEqual(Math.max(before[b]!, limit));
          }
        });
        expect(apart).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("find the last free place, and no worker is ever above its limit", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, societies, weightLists, fc.boolean(), async (seed, params, weights, onOne) => {
        const workers = weights.length;
        const placement = Uint16Array.from({ length: params.founders }, (_, i) => (onOne ? 0 : i % workers));
        const begin = weights.map((_, b) => placement.filter((worker) => worker === b).length);
        const agentLimits = tightLimits(begin, await peakOf(seed, params), weights);
        const expected = await outcome(seed, params, alone(params.founders));
        const apart = await outcome(seed, params, { placement, workers, agentLimits }, ({ after }, engines) => {
          for (const [b, limit] of agentLimits.entries()) expect(after[b]).toBeLessThanOrEqual(limit);
          expectOneMap(engines);
        });
        expect(apart).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("end the run when there is one place too few for them, on all workers alike", async () => {
    const params = { founders: 30, births: 0.3, deaths: 0.1 };
    const peak = await peakOf(4, params);
    expect(peak).toBeGreaterThan(60);
    const messages = await Promise.all(
      [1, 2, 3, 8].map((workers) => {
        const placement = Uint16Array.from({ length: 30 }, (_, i) => i % workers);
        const begin = Array.from({ length: workers }, (_, b) => placement.filter((worker) => worker === b).length);
        const agentLimits = tightLimits(begin, peak - 1, begin);
        return runPartitioned(breeding, { seed: 4, params, workers, placement, agentLimits }).then(
          () => "it ended well",
          (reason: Error) => reason.message,
        );
      }),
    );
    const numbers = /^LIMIT: no place for newborn at time \d+: \d+ live, \d+ to be born, the workers may host \d+ \(/;
    for (const message of messages) expect(message).toMatch(numbers);
    expect(messages[0]).toContain(`may host ${peak - 1} (${peak - 1})`);
    expect(new Set(messages.map((message) => message.replace(/ \(.*/, ""))).size).toBe(1);
  });

  it("go on with one place more", async () => {
    const params = { founders: 30, births: 0.3, deaths: 0.1 };
    const peak = await peakOf(4, params);
    const result = await runPartitioned(breeding, { seed: 4, params, agentLimits: [peak] });
    expect(result.ended).toBe("time");
  });

  it.each(["load", "move"] as const)(
    "go on with one place more, also after each %s: the retired take no place",
    async (what) => {
      const params = { founders: 30, births: 0.3, deaths: 0.1 };
      const agentLimit = await peakOf(4, params);
      const alone = { workersMax: 1, agentLimit, next: () => what, pick: () => 0 };
      const result = await runDisturbed(breeding, { seed: 4, params }, alone);
      expect(result.ended).toBe("time");
      // Room for all, but seldom where the parents are; and the workers agree on who goes where.
      let turn = 0;
      const pick = (n: number): number => Math.floor(((turn++ * 0.618) % 1) * n);
      const apart = { workersMax: 4, agentLimit: Math.ceil(agentLimit / 2), next: () => what, pick };
      const crowded = runDisturbed(
        breeding,
        { seed: 4, params },
        { ...apart, pick: (n) => (n === 4 ? 1 + pick(3) : pick(n)) },
      );
      expect((await crowded).stateHash).toBe(result.stateHash);
    },
  );

  it("do a bit of everything in this test", async () => {
    const params = { founders: 60, fertile: 6, births: 0.5, curses: 0.1 };
    const placement = Uint16Array.from({ length: 60 }, (_, i) => Number(i >= 6));
    let away = 0;
    const spread = { placement, workers: 2, shares: [1, 9] };
    const result = await outcome(3, params, spread, (_step, engines) => {
      away = engines[1]!.core.table.count - 54;
    });
    expect(away).toBeGreaterThan(20);
    expect(result.failures.length).toBeGreaterThan(1);
    expect(new Set(result.states.map(({ flag }) => flag)).size).toBe(3);
    expect(result.events).toBeGreaterThan(100);
  });
});
