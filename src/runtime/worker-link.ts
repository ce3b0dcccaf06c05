import { Deferred } from "../base/deferred.ts";
import { ERROR_CODES, type ErrorCode, MyriadError } from "../base/error.ts";
import type { WorkerOffer } from "../cluster/worker-offer.ts";
import { Activity, type Progress, type Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { MasterBulk, WorkerBulk } from "../wire/gen/myriad/v1/bulk.ts";
import type { Connections, Failed, Hello, MasterMessage, WorkerMessage } from "../wire/gen/myriad/v1/control.ts";
import type { ControlStream } from "./control-stream.ts";
import { LinkHealth } from "./link-health.ts";
import type { WorkerLimits } from "./worker-limits.ts";

export type ToWorker = NonNullable<MasterMessage["message"]>;
export type FromWorker = NonNullable<WorkerMessage["message"]>;
export type BulkToWorker = NonNullable<MasterBulk["message"]>;
export type BulkFromWorker = NonNullable<WorkerBulk["message"]>;

/** The master's end of a worker's streams. */
export type AttachStream = ControlStream<MasterMessage, WorkerMessage>;
export type BulkStream = ControlStream<MasterBulk, WorkerBulk>;

/** Longer reasons would not fit a message, and nobody reads them. */
const REASON_LENGTH_MAX = 16_384;

/** What a worker says that cannot go on. */
export const failedMessage = (code: string, message: string): Failed => ({ code, message: shortReason(message) });

export const shortReason = (text: string): string =>
  text.length > REASON_LENGTH_MAX ? `${text.slice(0, REASON_LENGTH_MAX)}...` : text;

/** `lost` and `failed` are ends. */
export type WorkerStage = "attached" | "failed" | "lost";

/** What the master knows of one worker process, and how it speaks to it. It hosts parts of the run, or waits as a spare. */
export class WorkerLink {
  readonly id: number;
  readonly name: string;
  /** host:port of the worker's data service. */
  readonly address: string;
  readonly incarnation: string;
  readonly heartbeatMs: number;
  readonly offer: WorkerOffer;
  readonly limits: WorkerLimits;
  readonly health: LinkHealth;
  /** Has been reported as one without progress; false again once it has some. */
  straggling = false;
  stage: WorkerStage = "attached";
  /** Of its last beat. */
  pulse: Pulse | undefined;
  /** Of the parts that it hosts, as of then. */
  progress: readonly Progress[] = [];
  /** How its connections were when it last told. */
  connections: Connections = { links: [], shards: [] };
  readonly #stream: AttachStream;
  readonly #beating = new Deferred();

  constructor(id: number, hello: Hello, address: string, nowMs: number, stream: AttachStream) {
    this.id = id;
    this.name = hello.name;
    this.address = address;
    this.incarnation = hello.incarnation;
    this.heartbeatMs = hello.heartbeatMs;
    const { capacity, agentsMax, host, zone } = hello;
    this.offer = { capacity, agentsMax: agentsMax === 0 ? Number.POSITIVE_INFINITY : agentsMax, host, zone };
    const { memoryMaxBytes, effectsMax } = hello;
    this.limits = { memoryMaxBytes: memoryMaxBytes === 0 ? Number.POSITIVE_INFINITY : memoryMaxBytes, effectsMax };
    this.health = new LinkHealth(nowMs);
    this.#stream = stream;
  }

  /** For messages: `worker 2 ("worker-3")`. */
  get title(): string {
    return `worker ${this.id} ("${this.name}")`;
  }

  /** Nothing more is expected of it. */
  get gone(): boolean {
    return this.stage === "failed" || this.stage === "lost";
  }

  /** `part`: what it is about, if any. */
  send(message: ToWorker, part = 0): void {
    this.#stream.send({ part, message });
  }

  /** A sign of life. */
  takePulse(pulse: Pulse, nowMs: number): void {
    this.pulse = pulse;
    this.progress = pulse.progress;
    this.health.beat(nowMs, pulse.sentMs, together(pulse.progress));
    this.#beating.resolve();
  }

  /** The worker says that it cannot go on. Returns its reason. */
  takeFailure({ code, message }: Failed): MyriadError {
    this.stage = "failed";
    return new MyriadError(code in ERROR_CODES ? (code as ErrorCode) : "HANDLER_FAILED", message);
  }

  /** Its first beat has come. */
  get beating(): Promise<void> {
    return this.#beating.promise;
  }

  close(): void {
    this.#stream.close();
  }
}

/** Of all parts of a process: it gets on when one of them does, and computes when one of them does. */
function together(parts: readonly Progress[]): Progress | undefined {
  if (parts.length < 2) return parts[0];
  const sum = (of: (part: Progress) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const computing = parts.find(({ activity }) => activity === Activity.ACTIVITY_COMPUTING);
  const one = computing ?? parts[0]!;
  const [window, events, rounds] = [sum((part) => part.window), sum((part) => part.events), sum((part) => part.rounds)];
  return { ...one, window, events, rounds };
}
