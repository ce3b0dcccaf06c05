import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { hostAndPort, hostPort } from "../net/host-port.ts";
import type { Ready } from "../wire/gen/myriad/v1/control.ts";
import type { BulkStream, ToWorker, WorkerLink } from "./worker-link.ts";

/** How far a part has come on its host. It never goes back; `lost` is an end. */
export type PartStage =
  /** Its host is to load it. */
  | "assigned"
  /** Its agents are there. */
  | "loaded"
  /** Has streams to and from all peers. */
  | "connected"
  | "running"
  | "finished"
  | "lost";

/** One part of the run on one host, from when it is given to it until it is finished, lost or begun anew. */
export class PartLink {
  /** Worker id, as frames and the placement have it. */
  readonly part: number;
  readonly host: WorkerLink;
  /** In which it was given to the host: what that says of the part in another is of another life of it. */
  readonly epoch: number;
  stage: PartStage = "assigned";
  /** host:port at which peers reach it, and who it is to them; known once it is loaded. */
  address = "";
  incarnation = "";
  readonly #bulk = new Deferred<BulkStream>();
  readonly #loaded = new Deferred();
  readonly #connected = new Deferred();

  constructor(part: number, host: WorkerLink, epoch: number) {
    this.part = part;
    this.host = host;
    this.epoch = epoch;
    for (const { promise } of [this.#bulk, this.#loaded, this.#connected]) promise.catch(() => {});
  }

  /** For messages: `worker 2 ("worker-3")`. */
  get title(): string {
    return `worker ${this.part} ("${this.host.name}")`;
  }

  send(message: ToWorker): void {
    this.host.send(message, this.part);
  }

  /** The stream for all that is large; the part opens it once it has the setup. */
  get bulk(): Promise<BulkStream> {
    return this.#bulk.promise;
  }

  takeBulk(stream: BulkStream): void {
    this.#bulk.resolve(stream);
  }

  /** The part says that it has come to the end of a stage. Throws PROTOCOL when that is not next. */
  reached({ stage, address, incarnation }: Ready): void {
    if (stage === "loaded" && this.stage === "assigned") {
      this.stage = "loaded";
      this.address = this.#addressOf(address);
      this.incarnation = incarnation;
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
    return Promise.all([this.#connected.promise, this.#bulk.promise, this.host.beating]);
  }

  /** Whoever waits for it waits in vain. */
  lose(reason: MyriadError): void {
    this.stage = "lost";
    for (const waiting of [this.#bulk, this.#loaded, this.#connected]) waiting.reject(reason);
  }

  /** A part that names no host is at that of its process. */
  #addressOf(address: string): string {
    const { host, port } = hostAndPort(address);
    return hostPort(host || hostAndPort(this.host.address).host, port);
  }
}
