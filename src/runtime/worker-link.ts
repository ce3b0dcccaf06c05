import { Deferred } from "../base/deferred.ts";
import { ERROR_CODES, type ErrorCode, MyriadError } from "../base/error.ts";
import type { WorkerOffer } from "../cluster/worker-offer.ts";
import type { Beat, Failed, Hello, MasterMessage, WorkerMessage } from "../wire/gen/myriad/v1/control.ts";
import type { ControlStream } from "./control-stream.ts";

export type ToWorker = NonNullable<MasterMessage["message"]>;
export type FromWorker = NonNullable<WorkerMessage["message"]>;

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
  stage: WorkerStage = "attached";
  /** Clock time of the last sign of life. */
  lastBeatMs: number;
  beat: Beat | undefined;
  /** Has been reported late; cleared by the next beat. */
  late = false;
  readonly #stream: ControlStream<MasterMessage, WorkerMessage>;
  readonly #loaded = new Deferred();
  readonly #connected = new Deferred();

  constructor(
    id: number,
    hello: Hello,
    address: string,
    nowMs: number,
    stream: ControlStream<MasterMessage, WorkerMessage>,
  ) {
    this.id = id;
    this.name = hello.name;
    this.address = address;
    this.incarnation = hello.incarnation;
    this.heartbeatMs = hello.heartbeatMs;
    const { capacity, agentsMax, host, zone } = hello;
    this.offer = { capacity, agentsMax: agentsMax === 0 ? Number.POSITIVE_INFINITY : agentsMax, host, zone };
    this.lastBeatMs = nowMs;
    this.#stream = stream;
  }

  /** For messages: `worker 2 ("worker-3")`. */
  get title(): string {
    return `worker ${this.id} ("${this.name}")`;
  }

  send(message: ToWorker): void {
    this.#stream.send({ message });
  }

  /** For long series: resolves when there is room for more. */
  sendPaced(message: ToWorker): Promise<void> {
    return this.#stream.sendPaced({ message });
  }

  /** A sign of life. */
  takeBeat(beat: Beat, nowMs: number): void {
    this.beat = beat;
    this.lastBeatMs = nowMs;
    this.late = false;
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

  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  close(): void {
    this.#stream.close();
  }
}
