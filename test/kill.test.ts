import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { Killer } from "../src/cli/killer.ts";
import { loadScenario } from "../src/runtime/load-scenario.ts";
import type { RunOptions, RunResult } from "../src/runtime/run.ts";
import { RunDigest } from "../src/runtime/run-digest.ts";
import { simulate } from "../src/runtime/simulate.ts";

const PHOLD = fileURLToPath(new URL("../examples/phold", import.meta.url));
const LABOR = fileURLToPath(new URL("../examples/labor-market", import.meta.url));

/** What no fault may show in. */
const lasting = ({ stateHash, events, observations, virtualTime, windows, agents, ended, effects }: RunResult) => ({
  result: { stateHash, events, observations, virtualTime, windows, agents, ended, calls: effects.calls },
});

async function run(path: string, options: RunOptions): Promise<{ result: unknown; output: unknown; whole: RunResult }> {
  const { scenario } = await loadScenario(path);
  const out = new RunDigest();
  const whole = await simulate(scenario, { ...options, out });
  return { ...lasting(whole), output: out.digest, whole };
}

/** Pseudo-random, so that a schedule that fails can be run again. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

let pids: number[] = [];
afterEach(() => {
  for (const pid of pids) {
    expect(() => process.kill(pid, 0), `process ${pid} is left`).toThrow();
  }
  pids = [];
});

describe("workers killed with -9 at random moments of a run", () => {
  const plans: [name: string, path: string, options: RunOptions, workers: number, recovery: "confined" | "rollback"][] =
    [
      ["phold, one worker", PHOLD, { until: { time: 60 } }, 1, "confined"],
      ["phold, two workers", PHOLD, { until: { time: 60 } }, 2, "confined"],
      ["phold, three workers", PHOLD, { until: { time: 40 } }, 3, "confined"],
      ["phold, three workers, all computed again", PHOLD, { until: { time: 40 } }, 3, "rollback"],
      ["the labour market with records and births, two workers", LABOR, {}, 2, "confined"],
    ];
  it.each(plans)(
    "%s: nothing is lost or doubled, and the result is the same to the bit",
    async (name, path, options, workers, recovery) => {
      const calm = await run(path, options);
      const killer = new Killer({
        events: calm.whole.events,
        chance: chanceOf(name.length),
        kill: (pid) => process.kill(pid, "SIGKILL"),
      });
      const given = killer.options(() => {});
      const disturbed = await run(path, {
        ...options,
        ...given,
        workers,
        recovery,
        onWorker: (worker, pid) => {
          if (pid !== undefined) pids.push(pid);
          given.onWorker!(worker, pid);
        },
      });
      expect(disturbed.result).toEqual(calm.result);
      expect(disturbed.output).toEqual(calm.output);
      const { recoveries, replayedEvents } = disturbed.whole;
      expect(recoveries.every((report) => report.mode === recovery)).toBe(true);
      expect(replayedEvents).toBe(recoveries.reduce((sum, report) => sum + report.replayedEvents, 0));
    },
    120_000,
  );
});

describe("two of three workers killed one soon after the other", () => {
  it.each([
    [0, "rollback"],
    [60, "confined"],
  ] as const)(
    "%d ms, %s: the second loss meets the first one's recovery",
    async (gapMs, recovery) => {
      const until = { time: 30 };
      const calm = await run(PHOLD, { until });
      const moments = [0.3, 0.6];
      const kill = (pid: number): void => {
        try {
          process.kill(pid, "SIGKILL");
        } catch {} // It may have been killed before.
      };
      const disturbed = await run(PHOLD, {
        until,
        workers: 3,
        recovery,
        checkpointEvery: 0.5,
        onWorker: (_name, pid) => pid !== undefined && pids.push(pid),
        onProgress: ({ events }) => {
          if (events < (moments[0] ?? 2) * calm.whole.events) return;
          moments.shift();
          const [first, second] = pids.slice(-2);
          kill(first!);
          if (gapMs === 0) kill(second!);
          else setTimeout(() => kill(second!), gapMs);
        },
      });
      expect(disturbed.result).toEqual(calm.result);
      expect(disturbed.output).toEqual(calm.output);
    },
    120_000,
  );
});
