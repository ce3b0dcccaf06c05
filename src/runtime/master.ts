import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { Registry } from "../cluster/registry.ts";
import { compile, type Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import type { Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment, Failed, Hello, LocateReply } from "../wire/gen/myriad/v1/control.ts";
import { type ClusterStatus, clusterStatus, type MasterState, ProgressMeter } from "./cluster-status.ts";
import { type ControlHost, ControlServer } from "./control-server.ts";
import { WORKER_TIMEOUT_MS_DEFAULT, watchHealth } from "./health-watch.ts";
import { LossVerdict, PEER_TELLS, PROCESS_ENDED, STREAM_BROKE } from "./loss-verdict.ts";
import type { MasterOptions } from "./master-options.ts";
import type { PartLink } from "./part-link.ts";
import { runResult } from "./part-result.ts";
import { Parts } from "./parts.ts";
import { locateReply } from "./place-run.ts";
import { checkPlacementMethod } from "./placing.ts";
import type { RunResult } from "./run.ts";
import { RunCollector } from "./run-collector.ts";
import { newRunId } from "./run-id.ts";
import { setupOptions } from "./run-setup.ts";
import { RunSource } from "./run-source.ts";
import { Survival } from "./survival.ts";
import {
  type AttachStream,
  type BulkFromWorker,
  type BulkStream,
  type FromWorker,
  shortReason,
  type WorkerLink,
} from "./worker-link.ts";
import { WorkerTable } from "./worker-table.ts";

export type { MasterOptions } from "./master-options.ts";

/**
 * The head of a cluster, for one run: waits for its workers, gives them the population, lets them connect to each
 * other, starts them, and gathers what they report. Events between agents never pass here.
 */
export class MasterNode implements ControlHost {
  readonly runId: string;
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
  readonly #source: RunSource;
  readonly #parts: Parts;
  /** Absent: what is lost ends the run. */
  #survival: Survival | undefined;
  #state: MasterState = "waiting";
  #registry: Registry | undefined;
  #collector: RunCollector | undefined;

  /** Compiles the scenario: throws INVALID_SCENARIO, INVALID_PARAMS, INVALID_ARGUMENT. */
  constructor(options: MasterOptions) {
    const { expectedWorkers, run, clock } = options;
    this.#options = options;
    this.runId = options.prior?.manifest.runId ?? newRunId();
    this.#server = new ControlServer(this, clock);
    setupOptions(run);
    checkPlacementMethod(run.placement);
    this.#program = compile(options.scenario, { params: run.params, seed: run.seed, until: run.until });
    this.#table = new WorkerTable({
      runId: this.runId,
      scenarioHash: options.scenarioHash,
      expectedWorkers,
      workerTimeoutMs: options.workerTimeoutMs ?? WORKER_TIMEOUT_MS_DEFAULT,
      spares: options.runFolder !== undefined,
    });
    this.#source = new RunSource(options, this.#program, this.runId);
    this.#parts = new Parts({ epoch: options.prior?.epoch, source: this.#source });
    this.#meter = new ProgressMeter(clock, expectedWorkers, this.#program.until);
    this.#losses = new LossVerdict(clock, (reason) => this.fail(reason));
    this.#failed.promise.catch(() => {}); // Whoever waits hears of it; nobody may be waiting yet.
  }

  /** Runs the scenario's `populate`, unless there is a checkpoint. Throws what shows before a run: INVALID_SCENARIO, INVALID_DATA. */
  async prepare(): Promise<void> {
    await this.#source.prepare();
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
      await this.prepare();
      const result = await Promise.race([this.#course(), this.#failed.promise]);
      this.#state = "finished";
      await out?.finish(result);
      this.#table.tellAll({ $case: "shutdown", value: { reason: "finished" } });
      return result;
    } catch (reason) {
      const error = MyriadError.from(reason, "HANDLER_FAILED");
      this.#state = "failed";
      this.#table.tellAll({ $case: "shutdown", value: { reason: shortReason(error.message) } });
      throw error;
    } finally {
      stopHealth();
      await this.#survival?.close();
      this.#over.abort();
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the run: at the next barrier once it is running, at once before. */
  stop(reason: string): { accepted: boolean; runId: string } {
    const accepted = this.#state !== "finished" && this.#state !== "failed";
    if (this.#state === "running") this.#parts.command("stop");
    else if (accepted) this.fail(new MyriadError("STOPPED", `the run was stopped before it began: ${reason}`));
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
    return clusterStatus({
      runId: this.runId,
      scenario: this.#program.name,
      state: this.#state,
      progress: this.#meter.last,
      agents: this.#registry?.count ?? this.#source.agents,
      placement: this.#source.figures,
      links: this.#table.links,
      agentsOf: (link) =>
        this.#parts.hostedBy(link).reduce((sum, { part }) => sum + (this.#registry?.agentsOf(part) ?? 0), 0),
      recoveries: this.#survival?.failover.reports ?? [],
      nowMs: this.#options.clock.now(),
    });
  }

  /** Throws UNAVAILABLE until agents have been placed. */
  locate(agent: string): LocateReply {
    if (this.#registry !== undefined) return locateReply(this.#registry, agent, (part) => this.#parts.links[part]);
    const when = `agents are placed when all ${this.#options.expectedWorkers} workers are there`;
    throw new MyriadError("UNAVAILABLE", `no agent has a place yet: ${when}`);
  }

  attach(hello: Hello, peerHost: string, stream: AttachStream): void {
    const { clock, log, expectedWorkers } = this.#options;
    const link = this.#table.admit(hello, peerHost, clock.now(), stream);
    stream.onMessage = ({ part, epoch, message }) =>
      message !== undefined && this.#guarded(() => this.#accept(link, this.#parts.of(part, link, epoch), message));
    stream.onClosed = (reason) => this.#lost(link, reason === null ? "it ended its stream" : reason.message);
    const value = { workerId: link.id, runId: this.runId, protocolVersion: PROTOCOL_VERSION };
    link.send({ $case: "welcome", value });
    log.info("worker attached", { worker: link.name, address: link.address, of: expectedWorkers });
    if (this.#table.sealed) this.#survival?.failover.joined();
    if (this.#table.sealed || !this.#table.complete) return;
    this.#table.sealed = true;
    this.#complete.resolve();
  }

  /** The process of that name is known to have ended: nothing else has to be waited for. */
  processEnded(name: string, how: string): void {
    const link = this.#table.links.find((each) => each.name === name);
    if (link !== undefined) this.#lost(link, `its process ended ${how}`, PROCESS_ENDED);
    else if (this.#survival !== undefined) this.#options.log.warn("a spare ended before it attached", { name, how });
    else this.#losses.hear(new MyriadError("UNAVAILABLE", `${name} ended ${how}`), PROCESS_ENDED);
  }

  bulk(attachment: Attachment, stream: BulkStream): void {
    const host = this.#table.attached(attachment);
    const link = this.#parts.of(attachment.part, host, attachment.epoch);
    if (link === undefined) throw new MyriadError("MISMATCH", `${host.title} does not host worker ${attachment.part}`);
    stream.onMessage = ({ message }) => message !== undefined && this.#guarded(() => this.#acceptBulk(link, message));
    // One that is ended on purpose: the other stream tells, or the run is over. Or the part was begun anew.
    stream.onClosed = (reason) => reason !== null && link.stage !== "lost" && this.#lost(host, reason.message);
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

  async #course(): Promise<RunResult> {
    await this.#complete.promise;
    this.#state = "placing";
    const { links } = this.#table;
    const { run, expectedWorkers: workers, clock } = this.#options;
    const registry = await this.#source.place(
      links.map(({ offer }) => offer),
      this.#over.signal,
    );
    this.#registry = registry;
    this.#collector = new RunCollector({ program: this.#program, registry, workers, out: run.out });
    this.#state = "loading";
    this.#survival = await Survival.open({
      ...this.#options,
      runId: this.runId,
      program: this.#program,
      parts: this.#parts,
      table: this.#table,
      registry,
      collector: this.#collector,
      onFailed: (reason) => this.fail(reason),
    });
    await this.#parts.begin(links, this.#survival?.keeper.latest);
    this.#state = "running";
    const sinceMs = clock.now();
    this.#survival?.keeper.start();
    const collected = await this.#collector!.done;
    return runResult(collected, {
      runId: this.runId,
      program: this.#program,
      workers,
      seconds: (clock.now() - sinceMs) / 1000,
      placement: this.#source.figures,
      recoveries: this.#survival?.failover.reports ?? [],
    });
  }

  /** `link`: the part that it is of; undefined when it was begun anew, here or elsewhere. */
  #accept(host: WorkerLink, link: PartLink | undefined, message: FromWorker): void {
    if (message.$case === "connections") host.connections = message.value;
    else if (message.$case === "failed") this.#failedAt(host, message.value);
    else if (link === undefined) return;
    else if (message.$case === "ready") link.reached(message.value);
    else if (message.$case === "saved") this.#survival?.saved(link.part, message.value);
    else if (message.$case === "pressed") this.#survival?.keeper.hurry();
    else if (message.$case === "replaced") this.#parts.takeReplaced(link.part, message.value);
    else if (message.$case === "caughtUp") this.#survival?.failover.caughtUp(link.part, message.value.replayed);
    else throw new MyriadError("PROTOCOL", `${host.title} sent "${message.$case}"`);
  }

  #acceptBulk(link: PartLink, message: BulkFromWorker): void {
    if (link.stage === "lost") return;
    if (message.$case === "failed") this.#failedAt(link.host, message.value);
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
  #lost(link: WorkerLink, why: string, weight = STREAM_BROKE): void {
    const reason = new MyriadError("UNAVAILABLE", `${link.title} at ${link.address} is lost: ${why}`);
    // Who knows better may tell later.
    if (link.stage === "lost" && this.#survival === undefined) this.#losses.hear(reason, weight);
    if (this.#table.get(link.id) !== link || link.gone) return;
    if (!this.#table.sealed) {
      this.#table.remove(link);
      link.close();
      this.#options.log.warn("worker left before the run began", { worker: link.name, reason: why });
    } else if (this.#state !== "finished" && this.#state !== "failed") {
      link.stage = "lost";
      if (this.#state === "running" && this.#survival !== undefined) this.#survival.failover.lose(link, why);
      else this.#losses.hear(reason, weight);
      link.close();
    }
  }
}
