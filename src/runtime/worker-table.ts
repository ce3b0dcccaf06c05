import { MyriadError } from "../base/error.ts";
import { CAPACITY_MAX, CAPACITY_MIN, WORKERS_MAX } from "../base/limits.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { hostAndPort, hostPort } from "../net/host-port.ts";
import type { Attachment, Hello } from "../wire/gen/myriad/v1/control.ts";
import { type AttachStream, type ToWorker, WorkerLink } from "./worker-link.ts";

export interface TableOptions {
  readonly runId: string;
  readonly scenarioHash: string;
  readonly expectedWorkers: number;
  /** A worker that has not been heard of for so long is late. */
  readonly workerTimeoutMs: number;
  /** Takes workers in while the run goes on. */
  readonly spares: boolean;
}

/** A worker must get this many beats into the time after which it counts as late. */
const BEATS_MISSED_MIN = 3;

/** The worker processes of one run, by id: those that it began with, and those that came later, as spares. */
export class WorkerTable {
  readonly #options: TableOptions;
  readonly #links: (WorkerLink | undefined)[];
  /** True from the moment at which all are there: from then on who comes is a spare. */
  sealed = false;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#links = new Array(options.expectedWorkers).fill(undefined);
  }

  /** Those attached, in the order of ids. */
  get links(): WorkerLink[] {
    return this.#links.filter((link) => link !== undefined);
  }

  tellAll(message: ToWorker): void {
    for (const link of this.links) link.send(message);
  }

  get complete(): boolean {
    return this.links.length >= this.#options.expectedWorkers;
  }

  get(id: number): WorkerLink | undefined {
    return this.#links[id];
  }

  /** Takes a worker in under the lowest free id. Throws MISMATCH with both values, UNAVAILABLE when it may come again. */
  admit(hello: Hello, peerHost: string, nowMs: number, stream: AttachStream): WorkerLink {
    this.#check(hello);
    const free = this.#links.indexOf(undefined);
    if (this.sealed && !this.#options.spares) {
      throw new MyriadError("UNAVAILABLE", `run ${this.#options.runId} has its ${this.#links.length} workers`);
    }
    const id = this.sealed || free < 0 ? this.#links.length : free;
    if (id >= WORKERS_MAX) throw new MyriadError("UNAVAILABLE", `run ${this.#options.runId} has had ${id} workers`);
    if (this.links.some((link) => link.name === hello.name && !link.gone)) {
      throw new MyriadError("UNAVAILABLE", `a worker named "${hello.name}" is attached already`);
    }
    const { host, port } = hostAndPort(hello.address);
    const address = hostPort(host || peerHost, port);
    const link = new WorkerLink(id, hello, address, nowMs, stream);
    this.#links[id] = link;
    return link;
  }

  /** The worker that has attached itself so. Throws MISMATCH when it is not, or no longer, in the run. */
  attached({ runId, workerId, incarnation }: Attachment): WorkerLink {
    const link = this.#links[workerId];
    if (runId === this.#options.runId && link?.incarnation === incarnation && !link.gone) return link;
    throw new MyriadError(
      "MISMATCH",
      `run ${this.#options.runId} does not have this process as its worker ${workerId}`,
    );
  }

  /** Before the run has begun a worker may leave, and another take its place. */
  remove(link: WorkerLink): void {
    if (this.#links[link.id] === link) this.#links[link.id] = undefined;
  }

  #check(hello: Hello): void {
    const { runId, scenarioHash, workerTimeoutMs } = this.#options;
    const who = `worker "${hello.name}"`;
    const differs = (what: string, theirs: unknown, ours: unknown): MyriadError =>
      new MyriadError("MISMATCH", `${what}: ${who} has ${theirs}, the master has ${ours}`);
    if (hello.protocolVersion !== PROTOCOL_VERSION) {
      throw differs("protocol version", hello.protocolVersion, PROTOCOL_VERSION);
    }
    if (hello.runId !== "" && hello.runId !== runId) throw differs("run id", hello.runId, runId);
    if (hello.scenarioHash !== "" && hello.scenarioHash !== scenarioHash) {
      throw differs("scenario hash", hello.scenarioHash, scenarioHash);
    }
    const nodeMajor = (version: string): string => version.split(".")[0]!;
    if (nodeMajor(hello.nodeVersion) !== nodeMajor(process.version)) {
      throw differs("Node.js version", hello.nodeVersion, process.version);
    }
    if (!(hello.capacity >= CAPACITY_MIN && hello.capacity <= CAPACITY_MAX)) {
      const range = `a number from ${CAPACITY_MIN} to ${CAPACITY_MAX}`;
      throw new MyriadError("PROTOCOL", `capacity of ${who} is ${hello.capacity}; it must be ${range}`);
    }
    if (workerTimeoutMs < BEATS_MISSED_MIN * hello.heartbeatMs) {
      throw new MyriadError(
        "MISMATCH",
        `the master's workerTimeout ${workerTimeoutMs / 1000} s is below ${BEATS_MISSED_MIN} x heartbeatInterval ${hello.heartbeatMs / 1000} s of ${who}`,
      );
    }
  }
}
