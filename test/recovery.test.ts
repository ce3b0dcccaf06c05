import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Engine, stateHash } from "../src/engine/engine.ts";
import { stubs, thinkers } from "../src/engine/thinkers.suite.ts";
import { populate } from "../src/model/populate.ts";
import { compile } from "../src/model/program.ts";
import type { Scenario } from "../src/model/scenario.ts";
import { MemoryNetwork } from "../src/net/memory.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { spillLimits } from "../src/store/spill.suite.ts";
import { CrashCluster } from "../src/testing/crash-cluster.ts";
import { RecordedEffects } from "../src/testing/recorded-effects.ts";
import { chaos } from "./chaos.ts";

/** So many turns of the event loop after the last act: a checkpoint, or the loss of some workers. */
interface Act {
  readonly turns: number;
  /** None: a checkpoint. */
  readonly lost: readonly number[];
}

const resultOf = (engines: readonly Engine[]): unknown => {
  const parts = engines.map((engine) => engine.finish());
  const sum = (of: (counts: Engine["counts"]) => number): number =>
    parts.reduce((total, { counts }) => total + of(counts), 0);
  return {
    hash: stateHash(parts.map(({ hash }) => hash)),
    events: sum((counts) => counts.delivered),
    undeliverable: sum((counts) => counts.undeliverable),
    dropped: sum((counts) => counts.dropped),
    windows: parts[0]!.counts.windows,
  };
};

async function run(scenario: Scenario, seed: number, workers: number, acts: readonly Act[]) {
  const program = compile(scenario, { seed });
  const population = await populate(program, dataFiles);
  const cluster = new CrashCluster({
    program,
    population,
    placement: Uint16Array.from({ length: population.count }, (_, index) => index % workers),
    workers,
    runner: () => new RecordedEffects(stubs),
    network: new MemoryNetwork(),
    limits: spillLimits(),
  });
  try {
    await cluster.start();
    let over = false;
    let recoveries = 0;
    for (const { turns, lost } of acts) {
      void cluster.ends().then(
        () => {
          over = true;
        },
        () => {},
      );
      for (let turn = 0; turn < turns && !over; turn++) await new Promise((done) => setImmediate(done));
      if (over) break;
      if (lost.length === 0) cluster.command("checkpoint");
      else {
        for (const worker of lost) cluster.kill(worker);
        await cluster.recover(lost);
        recoveries++;
      }
    }
    const ends = await cluster.ends();
    return { ends, result: resultOf(cluster.lives.map(({ engine }) => engine)), recoveries };
  } finally {
    await cluster.close();
  }
}

const acts = (workers: number) =>
  fc.array(
    fc.record({
      turns: fc.integer({ min: 0, max: 40 }),
      lost: fc.oneof(fc.constant([]), fc.uniqueArray(fc.nat(workers - 1), { minLength: 1, maxLength: workers - 1 })),
    }),
    { maxLength: 8 },
  );

describe("workers that are lost at any moment", () => {
  it.each([
    ["chaos", chaos],
    ["suspended handlers", thinkers],
  ])(
    "show in nothing: %s",
    async (_name, scenario) => {
      let recoveries = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.nat(1000),
          fc
            .integer({ min: 2, max: 4 })
            .chain((workers) => fc.record({ workers: fc.constant(workers), acts: acts(workers) })),
          async (seed, plan) => {
            const whole = await run(scenario, seed, 1, []);
            const crashed = await run(scenario, seed, plan.workers, plan.acts);
            recoveries += crashed.recoveries;
            expect(crashed.ends[0]).toEqual(whole.ends[0]);
            expect(crashed.result).toEqual(whole.result);
          },
        ),
        { numRuns: 30 },
      );
      expect(recoveries).toBeGreaterThan(5);
    },
    120_000,
  );
});
