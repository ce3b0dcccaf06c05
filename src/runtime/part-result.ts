import { MyriadError } from "../base/error.ts";
import { Hash128 } from "../base/hash.ts";
import type { SamplePartial } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import type { Ended, RunResult } from "./run.ts";

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
}

/** Adds up the parts, by worker id. Throws PROTOCOL when they do not tell of one run: a barrier has failed. */
export function mergeResults(parts: readonly WorkerResult[]): MergedResult {
  const first = parts[0]!;
  for (const key of ["ended", "virtualTime", "windows"] as const) {
    const other = parts.findIndex((part) => part[key] !== first[key]);
    if (other > 0) {
      const both = `worker 0 has ${first[key]}, worker ${other} has ${parts[other]![key]}`;
      throw new MyriadError("PROTOCOL", `the workers disagree on ${key}: ${both}`);
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
  };
}

/** The part of a run's result that its workers bring about. */
export function runTotals(
  merged: MergedResult,
  observations: Record<string, ObservedValue>,
): Omit<RunResult, "runId" | "scenario" | "seed" | "params" | "workers"> {
  const { peakRssBytes, ...rest } = merged;
  return {
    ...rest,
    eventsPerSecond: merged.wallSeconds > 0 ? Math.round(merged.events / merged.wallSeconds) : 0,
    observations,
    recoveries: [],
    migrations: 0,
    replayedEvents: 0,
    peakRssBytes: { master: process.resourceUsage().maxRSS * 1024, workers: peakRssBytes },
  };
}
