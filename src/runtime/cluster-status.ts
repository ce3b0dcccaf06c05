import type { Clock } from "../base/clock.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { Until } from "../model/until.ts";
import type { LinkState } from "../wire/gen/myriad/v1/control.ts";
import { fractionOf } from "./progress.ts";
import type { Progress } from "./run.ts";
import type { WorkerLink, WorkerStage } from "./worker-link.ts";

/** How far the master is with its run. */
export type MasterState =
  /** Until all expected workers are there. */
  | "waiting"
  /** Who hosts whom is worked out. */
  | "placing"
  /** Agents go out to the workers. */
  | "loading"
  /** Workers open streams to each other. */
  | "connecting"
  | "running"
  | "finished"
  | "failed";

export interface WorkerStatus {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  /** Its stage, or what it is doing ("computing", "waiting for 2"), or "late" after missed beats. */
  readonly state: WorkerStage | string;
  readonly window: number;
  readonly agents: number;
  readonly rssBytes: number;
  /** How far its event loop was behind at the last beat. */
  readonly lagMs: number;
  /** Milliseconds since the last beat. */
  readonly lastBeatMs: number;
  /** Its links to its peers. */
  readonly links: readonly LinkState[];
}

/** What `myriad status --json` prints. */
export interface ClusterStatus {
  readonly runId: string;
  readonly scenario: string;
  readonly state: MasterState;
  readonly window: number;
  readonly virtualTime: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly agents: number;
  /** Absent until agents have been placed. */
  readonly placement?: PlacementFigures;
  readonly workers: readonly WorkerStatus[];
}

export function workerStatus(link: WorkerLink, agents: number, nowMs: number): WorkerStatus {
  const { beat, late, stage } = link;
  const doing = stage === "running" ? (beat?.state ?? stage) : stage;
  return {
    id: link.id,
    name: link.name,
    address: link.address,
    state: late ? "late" : doing,
    window: beat?.window ?? -1,
    agents,
    rssBytes: beat?.rssBytes ?? 0,
    lagMs: beat?.lagMs ?? 0,
    lastBeatMs: Math.round(nowMs - link.lastBeatMs),
    links: beat?.links ?? [],
  };
}

/** Progress is told at most so often. */
const PROGRESS_MS = 100;

/** The run's progress as the slowest worker's window and the sum of all events. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #until: Until | undefined;
  #lastMs: number;
  #lastEvents = 0;
  last: Progress;

  constructor(clock: Clock, workers: number, until: Until | undefined) {
    this.#clock = clock;
    this.#until = until;
    this.#lastMs = clock.now();
    this.last = { virtualTime: 0, window: -1, events: 0, eventsPerSecond: 0, workers, agents: 0 };
  }

  /** After a beat: the progress to tell, if it is time. */
  update(links: readonly WorkerLink[], agents: number): Progress | undefined {
    const now = this.#clock.now();
    const elapsedMs = now - this.#lastMs;
    if (elapsedMs < PROGRESS_MS) return undefined;
    const beats = links.map((link) => link.beat);
    const events = beats.reduce((sum, beat) => sum + (beat?.events ?? 0), 0);
    const virtualTime = Math.min(...beats.map((beat) => beat?.virtualTime ?? 0));
    const rounds = Math.min(...beats.map((beat) => beat?.rounds ?? 0));
    const fraction = fractionOf(this.#until, virtualTime, rounds);
    this.last = {
      virtualTime,
      window: Math.min(...beats.map((beat) => beat?.window ?? -1)),
      events,
      eventsPerSecond: Math.round(((events - this.#lastEvents) * 1000) / elapsedMs),
      workers: links.length,
      agents,
      ...(fraction === undefined ? {} : { fraction }),
    };
    this.#lastMs = now;
    this.#lastEvents = events;
    return this.last;
  }
}
