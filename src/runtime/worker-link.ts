import { Deferred } from "../base/deferred.ts";
import { ERROR_CODES, type ErrorCode, MyriadError } from "../base/error.ts";
import type { WorkerOffer } from "../cluster/worker-offer.ts";
import type { Progress, Pulse } from "../wire/gen/myriad/v1/beats.ts";
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

/** How far a worker has come. It never goes back; `lost` and `failed` are ends. */
export type WorkerStage =
  /** Attached, waits for the others. */
  | "attached"
  /** Has its part of the population. */
  | "loaded"
  /** Has streams to and from all peers. */
  | "connected"
  | "running"
  | "finished"
  | "failed"
  | "lost";

/** What the master knows of one worker, and how it speaks to it. */
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
  progress: Progress | undefined;
  /** How its connections were when it last told. */
  connections: Connections = { links: [], shards: [] };
  readonly #stream: AttachStream;
  readonly #bulk = new Deferred<BulkStream>();
  readonly #beating = new Deferred();
  readonly #loaded = new Deferred();
  readonly #connected = new Deferred();

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
    return this.stage === "finished" || this.stage === "failed" || this.stage === "lost";
  }

  send(message: ToWorker): void {
    this.#stream.send({ message });
  }

  /** The stream for all that is large; the worker opens it once it has the setup. */
  get bulk(): Promise<BulkStream> {
    return this.#bulk.promise;
  }

  takeBulk(stream: BulkStream): void {
    this.#bulk.resolve(stream);
  }

  /** A sign of life. */
  takePulse(pulse: Pulse, nowMs: number): void {
    this.pulse = pulse;
    this.progress = pulse.progress.find(({ workerId }) => workerId === this.id);
    this.health.beat(nowMs, pulse.sentMs, this.progress);
    this.#beating.resolve();
  }

  /** The worker says that it cannot go on. Returns its reason. */
  takeFailure({ code, message }: Failed): MyriadError {
    this.stage = "failed";
    return new MyriadError(code in ERROR_CODES ? (code as ErrorCode) : "HANDLER_FAILED", message);
  }

  /** The worker says that it has come to the end of a stage. Throws PROTOCOL when that is not next. */
  reached(stage: string): void {
    if (stage === "loaded" && this.stage === "attached") {
      this.stage = "loaded";
      this.#loaded.resolve();
    } else if (stage === "connected" && this.stage === "loaded") {
      this.stage = "connected";
      this.#connected.resolve();
    } else throw new MyriadError("PROTOCOL", `${this.title}: "${stage}" cannot come after "${this.stage}"`);
  }

  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /** All its connections stand: to and from its peers, for bulk, for beats. */
  get connected(): Promise<unknown> {
    return Promise.all([this.#connected.promise, this.#bulk.promise, this.#beating.promise]);
  }

  close(): void {
    this.#stream.close();
  }
}
