import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import { Registry } from "../cluster/registry.ts";
import { populate } from "../model/populate.ts";
import type { Population } from "../model/population.ts";
import { compile, type Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import type { Hello, LocateReply } from "../wire/gen/myriad/v1/control.ts";
import { type ClusterStatus, type MasterState, ProgressMeter, workerStatus } from "./cluster-status.ts";
import { type AttachStream, type ControlHost, ControlServer } from "./control-server.ts";
import { LossVerdict, watchHealth } from "./health-watch.ts";
import type { MasterOptions } from "./master-options.ts";
import { runTotals } from "./part-result.ts";
import { placeInThread } from "./placement-thread.ts";
import { type AgentsPlaced, checkPlacementMethod, placeAgents } from "./placing.ts";
import { sendPopulation } from "./population-sender.ts";
import type { RunResult } from "./run.ts";
import { type Collected, RunCollector } from "./run-collector.ts";
import { newRunId } from "./run-id.ts";
import { setupMessage, setupOptions } from "./run-setup.ts";
import { type FromWorker, shortReason, type ToWorker, type WorkerLink } from "./worker-link.ts";
import { WorkerTable } from "./worker-table.ts";

export type { MasterOptions } from "./master-options.ts";

const WORKER_TIMEOUT_MS_DEFAULT = 3_000;
const HEALTH_CHECK_MS_DEFAULT = 1_000;
/** Weights of witnesses to a worker's loss. (The process's end, if it is ours, settles it at once.) */
const PEER_TELLS = 1;
const STREAM_BROKE = 2;
/** Workers have this long to end after they were told so, then their connections are cut. */
const GOODBYE_MS = 2_000;

/**
 * The head of a cluster, for one run: waits for its workers, gives them the population, lets them connect to each
 * other, starts them, and gathers what they report. Events between agents never pass here.
 */
export class MasterNode implements ControlHost {
  readonly runId: string = newRunId();
  readonly #options: MasterOptions;
  readonly #program: Program;
  readonly #table: WorkerTable;
  readonly #server = new ControlServer(this);
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
    const stopHealth = watchHealth({
      table: this.#table,
      clock: this.#options.clock,
      log: this.#options.log,
      timeoutMs: this.#options.workerTimeoutMs ?? WORKER_TIMEOUT_MS_DEFAULT,
      intervalMs: this.#options.healthCheckMs ?? HEALTH_CHECK_MS_DEFAULT,
    });
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

  /** Stops listening. Workers that have been told to end get a moment for it. */
  async close(): Promise<void> {
    const cancel = this.#options.clock.setTimer(GOODBYE_MS, () => this.#server.abort());
    await this.#server.close();
    cancel();
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
    const found = this.#registry.locate(agent);
    if (found === undefined) return { found: false, index: 0, name: "", workerId: 0, worker: "", address: "" };
    const link = this.#table.get(found.worker);
    const { index, name, worker } = found;
    return { found: true, index, name, workerId: worker, worker: link?.name ?? "", address: link?.address ?? "" };
  }

  attach(hello: Hello, peerHost: string, stream: AttachStream): void {
    const { clock, log, expectedWorkers } = this.#options;
    const link = this.#table.admit(hello, peerHost, clock.now(), stream);
    stream.onMessage = ({ message }) => {
      try {
        if (message !== undefined) this.#accept(link, message);
      } catch (reason) {
        this.fail(MyriadError.from(reason, "PROTOCOL"));
      }
    };
    stream.onClosed = (reason) => this.#lost(link, reason);
    const value = { workerId: link.id, runId: this.runId, protocolVersion: PROTOCOL_VERSION };
    link.send({ $case: "welcome", value });
    log.info("worker attached", { worker: link.name, address: link.address, of: expectedWorkers });
    if (!this.#table.complete) return;
    this.#table.sealed = true;
    this.#complete.resolve();
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

  /** Now that it is known who the workers are, decides who hosts whom. */
  async #place(population: Population): Promise<AgentsPlaced> {
    const { clock, log, run, expectedWorkers: workers } = this.#options;
    log.info("placing agents", { agents: population.count, workers });
    const placed = await placeAgents({
      program: this.#program,
      population,
      offers: this.#table.links.map(({ offer }) => offer),
      method: run.placement,
      partition: placeInThread,
      signal: this.#over.signal,
      clock,
      log,
    });
    const { method, edgeCut, imbalance, seconds } = placed.figures;
    log.info("agents placed", { method, edgeCut, imbalance, seconds });
    const types = this.#program.types.map((type) => type.name);
    const registry = new Registry(
      types,
      population.typeOf.slice(0, population.count),
      placed.placement,
      population.count,
    );
    registry.setNames(population.names);
    this.#placed = placed.figures;
    this.#registry = registry;
    this.#collector = new RunCollector({ program: this.#program, registry, workers, out: run.out });
    return placed;
  }

  #accept(link: WorkerLink, message: FromWorker): void {
    if (this.#collector?.accept(link, message)) return;
    if (message.$case === "ready") link.reached(message.value.stage);
    else if (message.$case === "beat") {
      link.takeBeat(message.value, this.#options.clock.now());
      const progress = this.#meter.update(this.#table.links, this.#registry?.count ?? 0);
      if (progress !== undefined && this.#state === "running") this.#options.run.onProgress?.(progress);
    } else if (message.$case === "failed") {
      const reason = link.takeFailure(message.value);
      // That a peer is gone, its own broken stream tells better.
      if (reason.code === "UNAVAILABLE") this.#losses.hear(reason, PEER_TELLS);
      else this.fail(reason);
    } else throw new MyriadError("PROTOCOL", `${link.title} sent "${message.$case}"`);
  }

  #lost(link: WorkerLink, reason: MyriadError | null): void {
    const why = reason === null ? "it ended its stream" : reason.message;
    if (!this.#table.sealed) {
      this.#table.remove(link);
      this.#options.log.warn("worker left before the run began", { worker: link.name, reason: why });
    } else if (link.stage !== "finished" && this.#state !== "finished" && this.#state !== "failed") {
      link.stage = "lost";
      const reason = new MyriadError("UNAVAILABLE", `${link.title} at ${link.address} is lost: ${why}`);
      this.#losses.hear(reason, STREAM_BROKE);
    }
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
