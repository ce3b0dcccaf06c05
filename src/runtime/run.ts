import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { AgentFailure } from "../engine/failure.ts";
import type { ObservedValue } from "../model/observation.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import type { Until } from "../model/until.ts";
import type { Recovery } from "./config-limits.ts";
import type { RunWriter } from "./run-writer.ts";

/** What a caller may say about one run. */
export interface RunOptions {
  /** Worker processes on this machine; 0 (default): everything in this process, without network. */
  readonly workers?: number;
  /** 0 (default) to 2^53 - 1. */
  readonly seed?: number;
  /** Values for the model's parameters; what is left out takes the schema's default. */
  readonly params?: Record<string, unknown>;
  /** Replaces the scenario's stopping rule. A function (`when`) cannot be sent to workers: say it in the scenario. */
  readonly until?: Until;
  /** How agents are spread over workers; default: as the scenario says. Never shows in the result. */
  readonly placement?: PlacementMethod;
  /** Stand-ins for effects by name; only without workers. */
  readonly effects?: Readonly<Record<string, (input: never) => unknown>>;
  /** Makes the wall clock and `Math.random` throw inside handlers. */
  readonly strict?: boolean;
  /** Seconds that a worker may compute without any progress before the run is given up; only with workers. Default 600. */
  readonly stallLimit?: number;
  /** Seconds between two checkpoints; 0: none are made, and a worker that is lost ends the run. Default 30. With workers only. */
  readonly checkpointEvery?: number;
  /** What happens when a worker is lost: its part alone is computed again (default), or all of them. */
  readonly recovery?: Recovery;
  /** A folder for checkpoints, shared by all machines; default: one for temporary files, which is removed at the end. */
  readonly runFolder?: string;
  /** Told of each worker process that is started on this machine. */
  readonly onWorker?: (name: string, pid: number | undefined) => void;
  /** Aborted: the run stops at the next barrier, and `ended` is "stopped". */
  readonly signal?: AbortSignal;
  /** Called every 100 ms or so while windows go by. */
  readonly onProgress?: (progress: Progress) => void;
  /** Receives what handlers say with `ctx.log`; default: it is dropped. Workers write it to their own logs. */
  readonly onLog?: (agent: string, time: number, message: string, fields: unknown) => void;
  /** Receives samples, records and final states. */
  readonly out?: RunWriter;
}

/** A lost worker, and what became of its part. */
export interface RecoveryReport {
  /** Worker ids. */
  readonly workers: readonly number[];
  readonly why: string;
  readonly mode: Recovery;
  /** Window that the parts began from; null: the beginning. */
  readonly fromWindow: number | null;
  /** Seconds from the last sign of life to the verdict, and from there until the parts had caught up. */
  readonly detectedSeconds: number;
  readonly recoveredSeconds: number;
  /** Events that were delivered once more. */
  readonly replayedEvents: number;
}

export interface Progress {
  readonly virtualTime: number;
  readonly window: number;
  /** Delivered to handlers so far. */
  readonly events: number;
  /** Since the progress before. */
  readonly eventsPerSecond: number;
  readonly workers: number;
  readonly agents: number;
  /** Of `until.time`, 0 to 1; absent when the end is not known in advance. */
  readonly fraction?: number;
}

/** Why a run came to its end. */
export type Ended = "quiescence" | "time" | "rounds" | "when" | "stopped";

/** What a run comes to; the object that `--json` prints. */
export interface RunResult {
  readonly runId: string;
  readonly scenario: string;
  readonly seed: number;
  readonly params: Record<string, unknown>;
  readonly workers: number;
  /** Alive or retired, born while running included. */
  readonly agents: number;
  /** Deliveries to a handler, each once. */
  readonly events: number;
  /** Of these, those that came from another worker. */
  readonly remoteEvents: number;
  readonly virtualTime: number;
  /** Windows in which something happened. */
  readonly windows: number;
  /** From the first window to the end. */
  readonly wallSeconds: number;
  readonly eventsPerSecond: number;
  /** 32 hex digits; the same for the same seed on any number of workers. */
  readonly stateHash: string;
  /** The last sample of each observation. */
  readonly observations: Record<string, ObservedValue>;
  /** Mean share of the wall time that workers spent waiting for each other, 0 to 1. */
  readonly barrierShare: number;
  readonly recoveries: readonly RecoveryReport[];
  readonly migrations: number;
  readonly replayedEvents: number;
  readonly effects: { readonly calls: number; readonly replayed: number };
  readonly peakRssBytes: { readonly master: number; readonly workers: readonly number[] };
  readonly ended: Ended;
  readonly quarantined: Quarantined;
  /** Where the agents went; absent without workers, and when the run was resumed from a checkpoint. */
  readonly placement?: PlacementFigures;
}

/** Agents that failed under `onAgentError: "quarantine"` and took no part from then on. */
export interface Quarantined {
  /** How many there are. */
  readonly agents: number;
  /** The first of them, by virtual time and index: at most QUARANTINED_SHOWN. */
  readonly first: readonly QuarantinedAgent[];
}

/** Who, at what event, when, and what it threw. */
export type QuarantinedAgent = Omit<AgentFailure, "fatal">;

/** Quarantined agents that a result names. */
export const QUARANTINED_SHOWN = 20;
