import { MyriadError } from "../base/error.ts";
import { Hash128 } from "../base/hash.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { EndDecision } from "../cluster/worker-loop.ts";
import type { PartResult } from "../engine/engine.ts";
import type { SamplePartial } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import type { Program } from "../model/program.ts";
import { type Ended, QUARANTINED_SHOWN, type Quarantined, type RecoveryReport, type RunResult } from "./run.ts";
import type { Collected } from "./run-collector.ts";

/** What one worker has to say at the end; plain data, the content of Finished. */
export interface WorkerResult {
  readonly ended: Ended;
  readonly virtualTime: number;
  readonly windows: number;
  /** 16 bytes; the sum over workers is the state hash. */
  readonly hash: Uint8Array;
  /** Of the own agents' final states. */
  readonly sample: SamplePartial;
  /** Virtual time of the last sample that was reported. */
  readonly sampledAt: number | undefined;
  readonly agents: number;
  readonly events: number;
  readonly remoteEvents: number;
  readonly effects: { readonly calls: number; readonly replayed: number };
  /** Milliseconds of the loop, and of these those spent waiting for peers. */
  readonly loopMs: number;
  readonly waitMs: number;
  readonly peakRssBytes: number;
  /** Of all workers: each tells the same. */
  readonly quarantined: Quarantined;
}

/** A part's result at the end of its loop. */
export function workerResult(
  { hash, sample, sampledAt, agents, effects, counts, quarantined }: PartResult,
  { reason, virtualTime }: EndDecision,
  times: { readonly loopMs: number; readonly waitMs: number },
): WorkerResult {
  return {
    ended: reason as Ended,
    virtualTime,
    windows: counts.windows,
    hash,
    sample,
    sampledAt,
    agents,
    events: counts.delivered,
    remoteEvents: counts.remote,
    effects,
    ...times,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    quarantined: quarantinedOf(quarantined),
  };
}

/** What the parts amount to. */
export interface MergedResult {
  readonly ended: Ended;
  readonly virtualTime: number;
  readonly windows: number;
  readonly stateHash: string;
  readonly agents: number;
  readonly events: number;
  readonly remoteEvents: number;
  readonly effects: { readonly calls: number; readonly replayed: number };
  readonly wallSeconds: number;
  readonly barrierShare: number;
  readonly peakRssBytes: readonly number[];
  readonly quarantined: Quarantined;
}

/** What all workers come to alike. */
const AGREED: readonly [what: string, of: (part: WorkerResult) => unknown][] = [
  ["the end", (part) => part.ended],
  ["the virtual time", (part) => part.virtualTime],
  ["the windows", (part) => part.windows],
  ["the quarantined agents", (part) => part.quarantined.agents],
];

/** Adds up the parts, by worker id. Throws PROTOCOL when they do not tell of one run: a barrier has failed. */
export function mergeResults(parts: readonly WorkerResult[]): MergedResult {
  const first = parts[0]!;
  for (const [what, of] of AGREED) {
    const other = parts.findIndex((part) => of(part) !== of(first));
    if (other > 0) {
      const both = `worker 0 has ${of(first)}, worker ${other} has ${of(parts[other]!)}`;
      throw new MyriadError("PROTOCOL", `the workers disagree on ${what}: ${both}`);
    }
  }
  const hash = new Hash128();
  for (const part of parts) hash.addHash(Hash128.fromBytes(part.hash));
  const sum = (of: (part: WorkerResult) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    ended: first.ended,
    virtualTime: first.virtualTime,
    windows: first.windows,
    stateHash: hash.hex(),
    agents: sum((part) => part.agents),
    events: sum((part) => part.events),
    remoteEvents: sum((part) => part.remoteEvents),
    effects: { calls: sum((part) => part.effects.calls), replayed: sum((part) => part.effects.replayed) },
    wallSeconds: Math.max(...parts.map((part) => part.loopMs)) / 1000,
    barrierShare: sum((part) => (part.loopMs > 0 ? part.waitMs / part.loopMs : 0)) / parts.length,
    peakRssBytes: parts.map((part) => part.peakRssBytes),
    quarantined: first.quarantined,
  };
}

/** How many agents were quarantined, and the first of them, in an order that does not tell how many workers there were. */
export function quarantinedOf(failures: PartResult["quarantined"]): Quarantined {
  const sorted = [...failures].sort((a, b) => a.time - b.time || a.agent - b.agent);
  const first = sorted.slice(0, QUARANTINED_SHOWN).map(({ agent, name, handler, time, code, message }) => {
    return { agent, name, handler, time, code, message };
  });
  return { agents: failures.length, first };
}

/** What is said of a run beside what its parts have brought about. */
export interface RunSubject {
  readonly runId: string;
  readonly program: Program;
  readonly workers: number;
  /** From the start to the end, for the master. */
  readonly seconds: number;
  /** Of the population; undefined for agents of a checkpoint. */
  readonly placement: PlacementFigures | undefined;
  readonly recoveries: readonly RecoveryReport[];
}

/** A run's result, on workers. */
export function runResult({ merged, observations }: Collected, subject: RunSubject): RunResult {
  const { runId, program, workers, seconds, placement, recoveries } = subject;
  const { seed, name: scenario } = program;
  const params = program.params as Record<string, unknown>;
  // Parts that came later know only their own time.
  const wallSeconds = recoveries.length === 0 ? merged.wallSeconds : seconds;
  const totals = runTotals({ ...merged, wallSeconds }, observations, recoveries);
  return { runId, scenario, seed, params, workers, ...totals, ...(placement === undefined ? {} : { placement }) };
}

/** The part of a run's result that its workers bring about. */
export function runTotals(
  merged: MergedResult,
  observations: Record<string, ObservedValue>,
  recoveries: readonly RecoveryReport[] = [],
): Omit<RunResult, "runId" | "scenario" | "seed" | "params" | "workers"> {
  const { peakRssBytes, ...rest } = merged;
  return {
    ...rest,
    eventsPerSecond: merged.wallSeconds > 0 ? Math.round(merged.events / merged.wallSeconds) : 0,
    observations,
    recoveries,
    migrations: 0,
    replayedEvents: recoveries.reduce((sum, report) => sum + report.replayedEvents, 0),
    peakRssBytes: { master: process.resourceUsage().maxRSS * 1024, workers: peakRssBytes },
  };
}
