import { hostname } from "node:os";
import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { GrpcTransport } from "../net/grpc.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { hostAndPort, hostPort, splitHostPort } from "../net/host-port.ts";
import { nodeDisk } from "../store/node-disk.ts";
import type { Attachment, Hello, Setup, Welcome } from "../wire/gen/myriad/v1/control.ts";
import { isAnswer } from "./control-stream.ts";
import { Heart } from "./heart.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import { type MasterBulkStream, type MasterStream, MasterStreams } from "./master-streams.ts";
import { PEER_OPTIONS_DEFAULT } from "./peer-options.ts";
import { ProgressBoard } from "./progress-board.ts";
import { newIncarnation } from "./run-id.ts";
import { packageVersion } from "./version.ts";
import { WORKER_LIMITS_DEFAULT } from "./worker-limits.ts";
import { type FromWorker, failedMessage, type ToWorker } from "./worker-link.ts";
import type { WorkerOptions } from "./worker-options.ts";
import { WorkerRun } from "./worker-run.ts";

const HEARTBEAT_MS_DEFAULT = 1_000;
const CONNECTIONS_MS = 1_000; // Between two accounts of its connections.
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** One attachment to a master: from hello to its last word. What it holds is gone when it ends. */
export class WorkerSession {
  readonly #options: WorkerOptions;
  readonly #incarnation = newIncarnation();
  readonly #transport: GrpcTransport;
  readonly #ended = new Deferred<string>();
  readonly #heart: Heart;
  readonly #streams: MasterStreams;
  /** The first part's; the connections of the session's own transport lead to it. */
  readonly #board = new ProgressBoard();
  readonly #parts = new Map<number, HostedPart>();
  /** Messages for parts whose scenario is being loaded, in their order. */
  readonly #waiting = new Map<number, ToWorker[]>();
  #begun: Promise<void> = Promise.resolve();
  #scenario: Promise<LoadedScenario> | undefined;
  #placeTaken = false; // A part has the session's own transport.
  #attachment: Attachment | undefined;
  #stream: MasterStream | undefined;
  #accountedMs = Number.NEGATIVE_INFINITY;
  /** Of the data service, as it is told to peers. */
  #address = "";
  #port = 0;
  /** True once the master has taken this worker in. */
  welcomed = false;
  /** True once the master has said anything, be it that the worker shall come again. */
  answered = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { clock, masterAddress, masterPort, listenPort = 0, heartbeatMs = HEARTBEAT_MS_DEFAULT } = options;
    this.#transport = this.#newTransport(listenPort);
    this.#streams = new MasterStreams(this.#transport, hostPort(masterAddress, masterPort));
    const onStopped = (reason: string | MyriadError): void => this.#beatsStopped(reason);
    this.#heart = new Heart({ heartbeatMs, clock, onSign: () => this.#onSign(), onStopped });
  }

  /** Resolves to the reason with which the master ended it. Throws UNAVAILABLE when it is not to be reached, MISMATCH. */
  async serve(scenario: LoadedScenario | undefined): Promise<string> {
    const { masterAddress, masterPort } = this.#options;
    const listening = await this.#listen(this.#transport);
    this.#port = hostAndPort(listening).port;
    this.#address = addressOf(this.#options.workerAddress, this.#port);
    this.#options.onListening?.(this.#port);
    const at = hostPort(masterAddress, masterPort);
    const stream = this.#streams.control();
    this.#stream = stream;
    stream.onMessage = ({ part, message }) =>
      message !== undefined && this.#guarded(() => this.#handle(part, message, scenario));
    stream.onClosed = (reason) =>
      this.#gone(reason ?? new MyriadError("UNAVAILABLE", `master at ${at}: it ended the stream`));
    this.#send({ $case: "hello", value: this.#hello(scenario) });
    try {
      return await this.#ended.promise;
    } finally {
      for (const { run } of this.#parts.values()) run.stop();
      await this.#heart.stop();
      stream.close();
      for (const { bulk } of this.#parts.values()) bulk.close();
      this.#streams.release();
      const transports = new Set([this.#transport, ...[...this.#parts.values()].map(({ transport }) => transport)]);
      await Promise.all([...transports].map((transport) => transport.close()));
    }
  }

  /** Leaves the cluster. */
  leave(): void {
    this.#ended.resolve("left");
  }

  #hello(scenario: LoadedScenario | undefined): Hello {
    const { name, heartbeatMs = HEARTBEAT_MS_DEFAULT } = this.#options;
    const { capacity = 1, agentsMax = 0, host = hostname(), zone = "", limits = WORKER_LIMITS_DEFAULT } = this.#options;
    const { memoryMaxBytes, effectsMax } = limits;
    return {
      protocolVersion: PROTOCOL_VERSION,
      name,
      address: this.#address,
      incarnation: this.#incarnation,
      myriadVersion: packageVersion(),
      nodeVersion: process.version,
      runId: "",
      scenarioHash: scenario?.hash.combined ?? "",
      token: "",
      heartbeatMs,
      capacity,
      agentsMax,
      host,
      zone,
      memoryMaxBytes: memoryMaxBytes === Number.POSITIVE_INFINITY ? 0 : memoryMaxBytes,
      effectsMax,
    };
  }

  #handle(part: number, message: ToWorker, scenario: LoadedScenario | undefined): void {
    const waiting = this.#waiting.get(part);
    if (message.$case === "welcome") this.#welcome(message.value);
    else if (message.$case === "setup") this.#setup(message.value, scenario);
    else if (message.$case === "shutdown") this.#ended.resolve(message.value.reason);
    else if (waiting !== undefined) waiting.push(message);
    else {
      const hosted = this.#parts.get(part);
      if (hosted === undefined) throw new MyriadError("PROTOCOL", `"${message.$case}" came before the setup`);
      hosted.run.handle(message);
    }
  }

  #guarded(handle: () => void): void {
    try {
      handle();
    } catch (reason) {
      this.#fail(MyriadError.from(reason, "PROTOCOL"));
    }
  }

  #welcome({ workerId, runId }: Welcome): void {
    const { masterAddress, masterPort, log } = this.#options;
    this.welcomed = true;
    this.answered = true;
    this.#streams.answered();
    this.#attachment = { runId, workerId, incarnation: this.#incarnation, part: workerId, epoch: 0 };
    this.#heart.start(hostPort(masterAddress, masterPort), this.#attachment);
    log.info("attached", { worker: workerId, run: runId, port: this.#port });
  }

  /** Begins a part, in place of what it was before, one after the other. Loading takes time; what is said to it waits. */
  #setup(setup: Setup, own: LoadedScenario | undefined): void {
    const waiting: ToWorker[] = [];
    this.#waiting.set(setup.workerId, waiting);
    this.#begun = this.#begun.then(() => this.#begin(setup, own, waiting));
  }

  async #begin(setup: Setup, own: LoadedScenario | undefined, waiting: readonly ToWorker[]): Promise<void> {
    const part = setup.workerId;
    const current = (): boolean => this.#waiting.get(part) === waiting;
    if (!current()) return; // It is to be begun anew already.
    try {
      const scenario = own ?? (await this.#load(setup.scenarioPath));
      const before = this.#parts.get(part);
      before?.run.stop();
      before?.bulk.close();
      const place = before ?? (await this.#placeFor(part));
      const { clock, log, limits = WORKER_LIMITS_DEFAULT } = this.#options;
      const bulk = this.#openBulk(part, setup.epoch);
      const run = new WorkerRun({
        setup,
        scenario,
        ...place,
        peers: this.#options.peers ?? PEER_OPTIONS_DEFAULT,
        send: (message) => this.#send(message, part, setup.epoch),
        disk: nodeDisk,
        bulk,
        limits,
        fail: (reason) => this.#fail(reason),
        clock,
        log,
      });
      this.#parts.set(part, { ...place, run, bulk });
      bulk.onMessage = ({ message }) => message !== undefined && this.#guarded(() => run.handleBulk(message));
      if (current()) this.#waiting.delete(part);
      for (const message of waiting) this.#guarded(() => run.handle(message));
      if (setup.restore !== undefined) run.restore(setup.restore);
    } catch (reason) {
      if (current()) this.#waiting.delete(part);
      this.#fail(MyriadError.from(reason, "INVALID_SCENARIO"));
    }
  }

  /** Once for all parts of this process. */
  #load(path: string): Promise<LoadedScenario> {
    return (this.#scenario ??= this.#options.load(path));
  }

  /** The first part has the session's own address; each that is taken over has one of its own. */
  async #placeFor(part: number): Promise<PartPlace> {
    const incarnation = newIncarnation();
    if (!this.#placeTaken) {
      this.#placeTaken = true;
      this.#heart.add(part, this.#board);
      return { incarnation: this.#incarnation, transport: this.#transport, address: this.#address, board: this.#board };
    }
    const transport = this.#newTransport(0);
    const board = new ProgressBoard();
    const listening = await this.#listen(transport);
    this.#heart.add(part, board);
    const { workerAddress } = this.#options;
    const host = workerAddress === undefined ? undefined : (splitHostPort(workerAddress)?.host ?? workerAddress);
    return { incarnation, transport, address: addressOf(host, hostAndPort(listening).port), board };
  }

  /** Takes peers of the part that has this transport, once it is there. */
  #listen(transport: GrpcTransport): Promise<string> {
    return transport.listen((stream) => {
      const hosted = [...this.#parts.values()].find((part) => part.transport === transport);
      if (hosted === undefined) throw new MyriadError("UNAVAILABLE", "a peer came before the part");
      return hosted.run.accept(stream);
    });
  }

  /** Tells the master, whose word ends the session: the others must end as well. */
  #fail(reason: MyriadError): void {
    const message = reason.message.slice(reason.code.length + 2);
    this.#send({ $case: "failed", value: failedMessage(reason.code, message) });
    this.#options.log.warn("cannot go on", { reason: reason.message });
  }

  #gone(reason: MyriadError): void {
    this.answered ||= isAnswer(reason);
    for (const { run } of this.#parts.values()) run.stop();
    this.#ended.reject(reason);
  }

  /** The master sends the population on it as soon as it stands, so the run must be made before messages are read. */
  #openBulk(part: number, epoch: number): MasterBulkStream {
    const bulk = this.#streams.bulk({ ...this.#attachment!, part, epoch });
    // A master that ends it on purpose says why on the other stream, which may come later.
    bulk.onClosed = (reason) => reason !== null && this.#gone(reason);
    return bulk;
  }

  #onSign(): void {
    for (const { run } of this.#parts.values()) run.look();
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#accountedMs < CONNECTIONS_MS) return;
    this.#accountedMs = nowMs;
    const shards = this.#transport.metrics.map((shard) => ({ ...shard, breakers: { ...shard.breakers } }));
    const links = [...this.#parts.values()].flatMap(({ run }) => run.links);
    this.#send({ $case: "connections", value: { links, shards } });
  }

  /** Refused: the master has given this worker up. It ends what it does and comes again as a new one. */
  #beatsStopped(reason: string | MyriadError): void {
    if (typeof reason === "string") {
      this.answered = true;
      this.#gone(new MyriadError("UNAVAILABLE", `the master refuses the beats: ${reason}`));
    } else this.#fail(reason);
  }

  #send(message: FromWorker, part = 0, epoch = 0): void {
    this.#stream?.send({ part, epoch, message });
  }

  #newTransport(port: number): GrpcTransport {
    const { clock, log, workerAddress, masterAddress, peers = PEER_OPTIONS_DEFAULT } = this.#options;
    // A master on this very machine means that the cluster is on it, unless peers are told another address.
    const local = LOOPBACK.test(masterAddress) && workerAddress === undefined;
    return new GrpcTransport({
      clock,
      host: local ? "127.0.0.1" : "0.0.0.0",
      port,
      ...peers,
      onBreaker: (target, to, from) => log.warn("breaker changed", { target, to, from }),
    });
  }
}

/** Where a part is reached, and as whom; the same in all epochs that this process hosts it. */
interface PartPlace {
  readonly incarnation: string;
  readonly transport: GrpcTransport;
  readonly address: string;
  readonly board: ProgressBoard;
}

interface HostedPart extends PartPlace {
  readonly run: WorkerRun;
  readonly bulk: MasterBulkStream;
}

/** What peers are told; the master fills in a host that is left out. */
function addressOf(workerAddress: string | undefined, listenPort: number): string {
  if (workerAddress === undefined) return `:${listenPort}`;
  const { host, port = listenPort } = splitHostPort(workerAddress) ?? { host: workerAddress };
  return hostPort(host, port);
}
