import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { Registry } from "../cluster/registry.ts";
import { populate } from "../model/populate.ts";
import type { Population } from "../model/population.ts";
import { compile, type Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import type { Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment, Failed, Hello, LocateReply } from "../wire/gen/myriad/v1/control.ts";
import { type ClusterStatus, type MasterState, ProgressMeter, workerStatus } from "./cluster-status.ts";
import { type ControlHost, ControlServer } from "./control-server.ts";
import { WORKER_TIMEOUT_MS_DEFAULT, watchHealth } from "./health-watch.ts";
import { LossVerdict, PEER_TELLS, STREAM_BROKE } from "./loss-verdict.ts";
import type { MasterOptions } from "./master-options.ts";
import { runTotals } from "./part-result.ts";
import { locateReply, placeRun } from "./place-run.ts";
import { type AgentsPlaced, checkPlacementMethod } from "./placing.ts";
import { sendPopulation } from "./population-sender.ts";
import type { RunResult } from "./run.ts";
import { type Collected, RunCollector } from "./run-collector.ts";
import { newRunId } from "./run-id.ts";
import { setupMessage, setupOptions } from "./run-setup.ts";
import type { AttachStream, BulkFromWorker, BulkStream, FromWorker, ToWorker, WorkerLink } from "./worker-link.ts";
import { shortReason } from "./worker-link.ts";
import { WorkerTable } from "./worker-table.ts";

export type { MasterOptions } from "./master-options.ts";

/**
 * The head of a cluster, for one run: waits for its workers, gives them the population, lets them connect to each
 * other, starts them, and gathers what they report. Events between agents never pass here.
 */
export class MasterNode implements ControlHost {
  readonly runId: string = newRunId();
  readonly #options: MasterOptions;
  readonly #program: Program;
  readonly #table: WorkerTable;
  readonly #server: ControlServer;
  readonly #complete = new Deferred();
  readonly #failed = new Deferred<never>();
  /** Aborted at the end of the run, however it came. */
  readonly #over = new AbortController();
  readonly #meter: ProgressMeter;
  readonly #losses: LossVerdict;
  #state: MasterState = "waiting";
  #population: Population | undefined;
  #registry: Registry | undefined;
  #placed: PlacementFigures | undefined;
  #collector: RunCollector | undefined;
  #commands = 0;

  /** Compiles the scenario: throws INVALID_SCENARIO, INVALID_PARAMS, INVALID_ARGUMENT. */
  constructor(options: MasterOptions) {
    const { expectedWorkers, run, clock } = options;
    this.#options = options;
    this.#server = new ControlServer(this, clock);
    setupOptions(run);
    checkPlacementMethod(run.placement);
    this.#program = compile(options.scenario, { params: run.params, seed: run.seed, until: run.until });
    this.#table = new WorkerTable({
      runId: this.runId,
      scenarioHash: options.scenarioHash,
      expectedWorkers,
      workerTimeoutMs: options.workerTimeoutMs ?? WORKER_TIMEOUT_MS_DEFAULT,
    });
    this.#meter = new ProgressMeter(clock, expectedWorkers, this.#program.until);
    this.#losses = new LossVerdict(clock, (reason) => this.fail(reason));
    this.#failed.promise.catch(() => {}); // Whoever waits hears of it; nobody may be waiting yet.
  }

  /** Runs the scenario's `populate`. Throws what shows before a run: INVALID_SCENARIO, INVALID_DATA. */
  async prepare(): Promise<void> {
    this.#population = await populate(this.#program, this.#options.reader);
  }

  /** Starts to listen for workers. Resolves to the port. Throws ADDRESS_IN_USE. */
  listen(): Promise<number> {
    return this.#server.listen(this.#options.host, this.#options.port);
  }

  /** From the first worker to the result. Throws what the run failed of; the workers have been told then. */
  async run(): Promise<RunResult> {
    const { signal, out } = this.#options.run;
    const links = (): readonly WorkerLink[] => this.#table.links;
    const onDead = (link: WorkerLink, why: string): void => this.#lost(link, why);
    const stopHealth = watchHealth({ ...this.#options, links, onDead });
    const stop = (): void => void this.stop("interrupted");
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    try {
      if (this.#population === undefined) await this.prepare();
      const result = await this.#unlessFailed(this.#course());
      this.#state = "finished";
      await out?.finish(result);
      this.#tellAll({ $case: "shutdown", value: { reason: "finished" } });
      return result;
    } catch (reason) {
      const error = MyriadError.from(reason, "HANDLER_FAILED");
      this.#state = "failed";
      this.#tellAll({ $case: "shutdown", value: { reason: shortReason(error.message) } });
      throw error;
    } finally {
      stopHealth();
      this.#over.abort();
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the run: at the next barrier once it is running, at once before. */
  stop(reason: string): { accepted: boolean; runId: string } {
    const accepted = this.#state !== "finished" && this.#state !== "failed";
    if (this.#state === "running") {
      this.#commands++;
      this.#tellAll({ $case: "command", value: { number: this.#commands, kind: "stop" } });
    } else if (accepted) this.fail(new MyriadError("STOPPED", `the run was stopped before it began: ${reason}`));
    return { accepted, runId: this.runId };
  }

  /** Makes the run fail. The first reason stays. */
  fail(reason: MyriadError): void {
    this.#failed.reject(reason);
  }

  /** Stops listening. */
  close(): Promise<void> {
    return this.#server.close();
  }

  get takesWorkers(): boolean {
    return this.#state === "waiting" && !this.#table.sealed;
  }

  status(): ClusterStatus {
    const now = this.#options.clock.now();
    const { virtualTime, window, events, eventsPerSecond } = this.#meter.last;
    return {
      runId: this.runId,
      scenario: this.#program.name,
      state: this.#state,
      window,
      virtualTime,
      events,
      eventsPerSecond,
      agents: this.#registry?.count ?? this.#population?.count ?? 0,
      ...(this.#placed === undefined ? {} : { placement: this.#placed }),
      workers: this.#table.links.map((link) => workerStatus(link, this.#registry?.agentsOf(link.id) ?? 0, now)),
    };
  }

  /** Throws UNAVAILABLE until agents have been placed. */
  locate(agent: string): LocateReply {
    if (this.#registry === undefined) {
      const when = `agents are placed when all ${this.#options.expectedWorkers} workers are there`;
      throw new MyriadError("UNAVAILABLE", `no agent has a place yet: ${when}`);
    }
    return locateReply(this.#registry, agent, (worker) => this.#table.get(worker));
  }

  attach(hello: Hello, peerHost: string, stream: AttachStream): void {
    const { clock, log, expectedWorkers } = this.#options;
    const link = this.#table.admit(hello, peerHost, clock.now(), stream);
    stream.onMessage = ({ message }) => message !== undefined && this.#guarded(() => this.#accept(link, message));
    stream.onClosed = (reason) => this.#lost(link, reason === null ? "it ended its stream" : reason.message);
    const value = { workerId: link.id, runId: this.runId, protocolVersion: PROTOCOL_VERSION };
    link.send({ $case: "welcome", value });
    log.info("worker attached", { worker: link.name, address: link.address, of: expectedWorkers });
    if (!this.#table.complete) return;
    this.#table.sealed = true;
    this.#complete.resolve();
  }

  bulk(attachment: Attachment, stream: BulkStream): void {
    const link = this.#table.attached(attachment);
    stream.onMessage = ({ message }) => message !== undefined && this.#guarded(() => this.#acceptBulk(link, message));
    // One that is ended on purpose: the other stream tells, or the run is over.
    stream.onClosed = (reason) => reason !== null && this.#lost(link, reason.message);
    link.takeBulk(stream);
  }

  beats(attachment: Attachment): (pulse: Pulse) => void {
    const link = this.#table.attached(attachment);
    return (pulse) => {
      link.takePulse(pulse, this.#options.clock.now());
      this.#options.onBeat?.(link.id, link.health.delayMs);
      const progress = this.#meter.update(this.#table.links, this.#registry?.count ?? 0);
      if (progress !== undefined && this.#state === "running") this.#options.run.onProgress?.(progress);
    };
  }

  /** The stages of a run, each begun when all workers have come through the one before. */
  async #course(): Promise<RunResult> {
    await this.#complete.promise;
    const { links } = this.#table;
    const population = this.#population!;
    this.#state = "placing";
    const { placement, shares, agentLimits } = await this.#place(population);
    this.#state = "loading";
    const source = { program: this.#program, population, placement };
    const setup = setupMessage(
      this.#program,
      { ...this.#options, runId: this.runId, agents: population.count },
      { shares, agentLimits },
    );
    await Promise.all(links.map((link) => sendPopulation(link, setup, source)));
    this.#population = undefined; // It lives on the workers now.
    this.#state = "connecting";
    const peers = links.map(({ id, address, incarnation }) => ({ workerId: id, address, incarnation }));
    for (const link of links) {
      link.send({ $case: "connect", value: { peers: peers.filter((peer) => peer.workerId !== link.id) } });
    }
    await Promise.all(links.map((link) => link.connected));
    this.#state = "running";
    for (const link of links) {
      link.stage = "running";
      link.send({ $case: "start", value: {} });
    }
    return this.#result(await this.#collector!.done);
  }

  async #place(population: Population): Promise<AgentsPlaced> {
    const { clock, log, run, expectedWorkers: workers } = this.#options;
    const { placed, registry } = await placeRun({
      program: this.#program,
      population,
      offers: this.#table.links.map(({ offer }) => offer),
      method: run.placement,
      signal: this.#over.signal,
      clock,
      log,
    });
    this.#placed = placed.figures;
    this.#registry = registry;
    this.#collector = new RunCollector({ program: this.#program, registry, workers, out: run.out });
    return placed;
  }

  #accept(link: WorkerLink, message: FromWorker): void {
    if (message.$case === "ready") link.reached(message.value.stage);
    else if (message.$case === "connections") link.connections = message.value;
    else if (message.$case === "failed") this.#failedAt(link, message.value);
    else throw new MyriadError("PROTOCOL", `${link.title} sent "${message.$case}"`);
  }

  #acceptBulk(link: WorkerLink, message: BulkFromWorker): void {
    if (message.$case === "failed") this.#failedAt(link, message.value);
    else if (this.#collector?.accept(link, message) !== true)
      throw new MyriadError("PROTOCOL", `${link.title} sent "${message.$case}" as bulk`);
  }

  #failedAt(link: WorkerLink, failed: Failed): void {
    const reason = link.takeFailure(failed);
    // That a peer is gone, its own broken stream tells better.
    if (reason.code === "UNAVAILABLE") this.#losses.hear(reason, PEER_TELLS);
    else this.fail(reason);
  }

  #guarded(handle: () => void): void {
    try {
      handle();
    } catch (reason) {
      this.fail(MyriadError.from(reason, "PROTOCOL"));
    }
  }

  /** A stream of the worker has broken, or its beats say that it is dead. May be told more than once. */
  #lost(link: WorkerLink, why: string): void {
    if (this.#table.get(link.id) !== link || link.gone) return;
    if (!this.#table.sealed) {
      this.#table.remove(link);
      link.close();
      this.#options.log.warn("worker left before the run began", { worker: link.name, reason: why });
    } else if (this.#state !== "finished" && this.#state !== "failed") {
      link.stage = "lost";
      this.onDead(link, new MyriadError("UNAVAILABLE", `${link.title} at ${link.address} is lost: ${why}`));
    }
  }

  /** A worker of the run is not to be counted on any more; told once for each. Recovery begins here; for now the run ends. */
  onDead(_link: WorkerLink, reason: MyriadError): void {
    this.#losses.hear(reason, STREAM_BROKE);
  }

  #tellAll(message: ToWorker): void {
    for (const link of this.#table.links) link.send(message);
  }

  #unlessFailed<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed.promise]);
  }

  #result({ merged, observations }: Collected): RunResult {
    const { seed, name: scenario } = this.#program;
    const params = this.#program.params as Record<string, unknown>;
    const workers = this.#options.expectedWorkers;
    const placement = this.#placed!;
    return { runId: this.runId, scenario, seed, params, workers, ...runTotals(merged, observations), placement };
  }
}
