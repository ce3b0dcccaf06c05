import { fileURLToPath } from "node:url";
import type { Case, Setting } from "./case.ts";
import { rateOf } from "./phold-cases.ts";
import { runMyriad } from "./run-myriad.ts";
import { usedBytes } from "./scenarios/used-bytes.ts";

const scenario = (name: string): string => fileURLToPath(new URL(`./scenarios/${name}.ts`, import.meta.url));
const scaled = (count: number, { scale }: Setting): number => Math.max(2, Math.round(count * scale));

const CROWD = 1_000_000;
/** What a process holds without agents is taken from a run with so many. */
const FEW = 2;
const POINTER_BYTES = 8;

/** Whole runs that are not PHOLD. */
export const otherCases = (): Case[] => [
  clocked("ping-pong round trip workers 0", "ping-pong", "turns", 0),
  clocked("ping-pong round trip workers 2", "ping-pong", "turns", 2),
  clocked("empty window workers 0", "ticks", "windows", 0),
  clocked("empty window workers 2", "ticks", "windows", 2),
  ...[1, 1_000, 100_000].flatMap((leaves) => [fan(leaves, false, 0), fan(leaves, false, 2)]),
  fan(100_000, true, 0),
  fan(100_000, true, 2),
  startUp(0),
  startUp(2),
  memory(0),
  memory(2),
];

/** Microseconds, the median of those that a scenario has observed itself. */
function clocked(name: string, file: string, count: string, workers: number): Case {
  return {
    name,
    unit: "us",
    quick: true,
    measure: async (setting) => {
      const params = { [count]: scaled(10_000, setting) };
      const { result, cpuSeconds } = await runMyriad(setting.root, {
        scenario: scenario(file),
        workers,
        params,
        placement: "contiguous",
      });
      return { value: result.observations.microseconds as number, stateHash: result.stateHash, cpuSeconds };
    },
  };
}

/** One agent asks many, and all answer. */
function fan(leaves: number, publish: boolean, workers: number): Case {
  const events = leaves === 1 ? 20_000 : 2_000_000;
  return {
    name: `fan out and in 1 to ${leaves}${publish ? " published" : ""} workers ${workers}`,
    unit: "events/s",
    quick: leaves === 100_000 && !publish,
    measure: (setting) => {
      const turns = scaled(events / 2 / leaves, setting);
      const params = { leaves, turns, publish };
      return rateOf(setting.root, { scenario: scenario("fan"), workers, params, placement: "contiguous" });
    },
  };
}

/** Seconds from the start of the process to the first event handled. */
function startUp(workers: number): Case {
  return {
    name: `start-up 1M agents workers ${workers}`,
    unit: "s",
    quick: workers === 0,
    measure: async (setting) => {
      const params = { agents: scaled(CROWD, setting) };
      const wish = { scenario: scenario("crowd"), workers, params };
      const { result, startedMs, cpuSeconds } = await runMyriad(setting.root, wish);
      return { value: ((result.observations.latest as number) - startedMs) / 1000, cpuSeconds };
    },
  };
}

/**
 * Bytes an agent beyond its own state, of all processes that host agents: what they hold after a collection, in the
 * middle of a run, less what they hold with next to no agents, less the bare states.
 */
function memory(workers: number): Case {
  return {
    name: `memory of an agent workers ${workers}`,
    unit: "bytes",
    quick: workers === 0,
    measure: async (setting) => {
      const agents = scaled(CROWD, setting);
      const held = async (count: number): Promise<number> => {
        const params = { agents: count, look: "memory", lookers: Math.max(1, workers) };
        const wish = { scenario: scenario("crowd"), workers, params, placement: "contiguous" };
        return (await runMyriad(setting.root, wish)).result.observations.total as number;
      };
      return { value: ((await held(agents)) - (await held(FEW)) - bareBytes(agents)) / agents };
    },
  };
}

/** Bytes of so many states as the crowd has, without the list that holds them. */
function bareBytes(agents: number): number {
  const before = usedBytes();
  const states = Array.from({ length: agents }, () => ({ seen: 0 }));
  const bytes = usedBytes() - before;
  return bytes - states.length * POINTER_BYTES;
}
