import { fileURLToPath } from "node:url";
import type { Case, Reading, Unit } from "./case.ts";
import { type RunWish, runMyriad } from "./run-myriad.ts";

const PHOLD = fileURLToPath(new URL("../examples/phold", import.meta.url));
const PHOLD_JSON = fileURLToPath(new URL("./scenarios/phold-json.ts", import.meta.url));

export const AGENTS = [10_000, 100_000, 1_000_000];
export const REMOTES = [0.1, 0.25, 1];
/** Microseconds of work an event. */
export const GRAINS = [0, 5, 20];
export const WORKERS = [0, 1, 2];

/** About how many events a run has at each grain: enough to last a second or more, code that is still being compiled included. */
const EVENTS: Readonly<Record<number, number>> = { 0: 3_000_000, 5: 400_000, 20: 100_000 };
/** A run is never shorter, in virtual time: three windows, in which a fifth of all agents have an event. */
const UNTIL_MIN = 0.3;

const QUICK = new Set([
  "10k 0.1 0 0",
  "10k 1 0 0",
  "10k 1 0 1",
  "10k 1 0 2",
  "10k 0.1 20 0",
  "10k 0.1 20 2",
  "100k 0.1 0 0",
  "100k 1 0 2",
  "1M 0.1 0 0",
]);

/** The grid of PHOLD runs, and the one whose payload is json. */
export function pholdCases(): Case[] {
  const cases: Case[] = [];
  for (const agents of AGENTS)
    for (const remote of REMOTES)
      for (const grain of GRAINS) for (const workers of WORKERS) cases.push(pholdCase(agents, remote, grain, workers));
  return [...cases, jsonCase(0), jsonCase(2)];
}

export const pholdName = (agents: number, remote: number, grain: number, workers: number): string =>
  `phold ${short(agents)} remote ${remote} grain ${grain} workers ${workers}`;

function pholdCase(lps: number, remote: number, grain: number, workers: number): Case {
  return {
    name: pholdName(lps, remote, grain, workers),
    unit: "events/s",
    quick: QUICK.has(`${short(lps)} ${remote} ${grain} ${workers}`),
    measure: ({ root, scale }) => {
      const until = Math.max(UNTIL_MIN, (scale * EVENTS[grain]!) / lps);
      return rateOf(root, { scenario: PHOLD, workers, params: { lps, remote, grain }, until });
    },
  };
}

function jsonCase(workers: number): Case {
  const lps = 10_000;
  return {
    name: `phold 10k remote 1 json workers ${workers}`,
    unit: "events/s" satisfies Unit,
    quick: workers === 2,
    measure: ({ root, scale }) => {
      const until = Math.max(UNTIL_MIN, (scale * 1_000_000) / lps);
      return rateOf(root, { scenario: PHOLD_JSON, workers, params: { lps, remote: 1 }, until });
    },
  };
}

/** Events a second of a run, from its first window to its end. */
export async function rateOf(root: string, wish: RunWish): Promise<Reading> {
  const { result, cpuSeconds } = await runMyriad(root, wish);
  return { value: result.events / result.wallSeconds, stateHash: result.stateHash, cpuSeconds };
}

const short = (count: number): string => (count >= 1_000_000 ? `${count / 1_000_000}M` : `${count / 1000}k`);
