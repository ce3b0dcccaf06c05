import type { Clock } from "../base/clock.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { Until } from "../model/until.ts";
import { Activity, type Progress as PartProgress } from "../wire/gen/myriad/v1/beats.ts";
import type { LinkState, PoolShard } from "../wire/gen/myriad/v1/control.ts";
import { fractionOf } from "./progress.ts";
import type { Progress, RecoveryReport } from "./run.ts";
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
  /** Its stage, or what it is doing: "computing", "waiting for 2", "waiting for answers", "held back" ... */
  readonly state: WorkerStage | string;
  readonly window: number;
  readonly agents: number;
  /** The most agents that it may host; null: no limit. */
  readonly agentsMax: number | null;
  readonly rssBytes: number;
  /** The most memory that its process may take; null: no limit. */
  readonly memoryMaxBytes: number | null;
  /** Calls to the world outside under way. */
  readonly effects: number;
  readonly effectsMax: number;
  /** Events that wait in its queue. */
  readonly pending: number;
  /** The longest that its event loop was behind since the beat before. */
  readonly lagMs: number;
  /** Milliseconds since the last beat. */
  readonly lastBeatMs: number;
  /** How long it has computed without any progress. */
  readonly stalledMs: number;
  /** For longer than `workerTimeout`. */
  readonly straggling: boolean;
  /** Its links to its peers. */
  readonly links: readonly LinkState[];
  /** The shards of its pool of connections. */
  readonly pool: readonly PoolShard[];
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
  /** Workers that were lost, and what became of their parts. */
  readonly recoveries: readonly RecoveryReport[];
}

/** What a master knows of its run. */
export interface StatusSubject extends Pick<ClusterStatus, "runId" | "scenario" | "state" | "agents" | "recoveries"> {
  readonly progress: ProgressMeter["last"];
  readonly placement: PlacementFigures | undefined;
  readonly links: readonly WorkerLink[];
  readonly agentsOf: (link: WorkerLink) => number;
  readonly nowMs: number;
}

export function clusterStatus({ progress, placement, links, agentsOf, nowMs, ...rest }: StatusSubject): ClusterStatus {
  const { virtualTime, window, events, eventsPerSecond } = progress;
  return {
    ...rest,
    window,
    virtualTime,
    events,
    eventsPerSecond,
    ...(placement === undefined ? {} : { placement }),
    workers: links.map((link) => workerStatus(link, agentsOf(link), nowMs)),
  };
}

function workerStatus(link: WorkerLink, agents: number, nowMs: number): WorkerStatus {
  const { pulse, stage, limits, health, offer, connections } = link;
  const progress = link.progress[0];
  const sum = (of: (part: PartProgress) => number): number => link.progress.reduce((all, part) => all + of(part), 0);
  const limit = (value: number): number | null => (value === Number.POSITIVE_INFINITY ? null : value);
  return {
    id: link.id,
    name: link.name,
    address: link.address,
    state: stage === "attached" && progress !== undefined ? activityText(progress) : stage,
    window: progress?.window ?? -1,
    agents,
    agentsMax: limit(offer.agentsMax),
    rssBytes: pulse?.rssBytes ?? 0,
    memoryMaxBytes: limit(limits.memoryMaxBytes),
    effects: sum(({ effects }) => effects),
    effectsMax: limits.effectsMax,
    pending: sum(({ pending }) => pending),
    lagMs: pulse?.lagMs ?? 0,
    lastBeatMs: Math.round(nowMs - health.lastMs),
    stalledMs: health.stalledMs,
    straggling: link.straggling,
    links: connections.links,
    pool: connections.shards,
  };
}

function activityText({ activity, waitingFor, waitingForMore }: PartProgress): string {
  switch (activity) {
    case Activity.ACTIVITY_LOADING:
      return "loading";
    case Activity.ACTIVITY_WAITING:
      return waitingForMore === 0
        ? `waiting for ${waitingFor}`
        : `waiting for ${waitingFor} and ${waitingForMore} more`;
    case Activity.ACTIVITY_ANSWERS:
      return "waiting for answers";
    case Activity.ACTIVITY_HELD:
      return "held back";
    case Activity.ACTIVITY_REPORTING:
      return "reporting";
    default:
      return "computing";
  }
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
    const parts = links.filter(({ gone }) => !gone).flatMap((link) => link.progress);
    const least = (of: (part: PartProgress) => number): number => Math.min(...parts.map(of));
    const events = parts.reduce((sum, part) => sum + part.events, 0);
    const virtualTime = parts.length === 0 ? 0 : least((part) => part.virtualTime);
    const rounds = parts.length === 0 ? 0 : least((part) => part.rounds);
    const fraction = fractionOf(this.#until, virtualTime, rounds);
    this.last = {
      virtualTime,
      window: parts.length === 0 ? -1 : least((part) => part.window),
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
