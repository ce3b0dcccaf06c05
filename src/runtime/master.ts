import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { Command, CommandKind } from "../cluster/commands.ts";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { Registry } from "../cluster/registry.ts";
import { populate } from "../model/populate.ts";
import type { Population } from "../model/population.ts";
import { compile, type Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { DecisionLog } from "../store/decision-log.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import { nodeDisk } from "../store/node-disk.ts";
import { RunFolder } from "../store/run-folder.ts";
import type { Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment, Failed, Hello, LocateReply, Setup } from "../wire/gen/myriad/v1/control.ts";
import { CheckpointKeeper, type Committed } from "./checkpoint-keeper.ts";
import { type ClusterStatus, type MasterState, ProgressMeter, workerStatus } from "./cluster-status.ts";
import { type ControlHost, ControlServer } from "./control-server.ts";
import { Failover } from "./failover.ts";
import { WORKER_TIMEOUT_MS_DEFAULT, watchHealth } from "./health-watch.ts";
import { LossVerdict, PEER_TELLS, STREAM_BROKE } from "./loss-verdict.ts";
import type { MasterOptions } from "./master-options.ts";
import type { PartLink } from "./part-link.ts";
import { runTotals } from "./part-result.ts";
import { Parts } from "./parts.ts";
import { locateReply, placeRun } from "./place-run.ts";
import { type AgentsPlaced, checkPlacementMethod } from "./placing.ts";
import { sendPopulation } from "./population-sender.ts";
import type { RunResult } from "./run.ts";
import { type Collected, RunCollector } from "./run-collector.ts";
import { newRunId } from "./run-id.ts";
import { runManifest, setupMessage, setupOptions } from "./run-setup.ts";
import type { AttachStream, BulkFromWorker, BulkStream, FromWorker, ToWorker, WorkerLink } from "./worker-link.ts";
import { shortReason } from "./worker-link.ts";
import { WorkerTable } from "./worker-table.ts";

export type { MasterOptions } from "./master-options.ts";

/** Seconds between two checkpoints. */
const CHECKPOINT_EVERY = 30;
const WAIT_FOR_WORKER_MS = 60_000;

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
  readonly #commands: Command[] = [];
  readonly #parts: Parts;
  #keeper: CheckpointKeeper | undefined;
  #failover: Failover | undefined;
  #decisions: DecisionLog | undefined;
  #state: MasterState = "waiting";
  #population: Population | undefined;
  #registry: Registry | undefined;
  #placed: PlacementFigures | undefined;
  #collector: RunCollector | undefined;
  #placement: AgentsPlaced | undefined;

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
      spares: options.runFolder !== undefined,
    });
    this.#parts = new Parts({
      parts: expectedWorkers,
      setup: (part, epoch, from, commands) => this.#setupOf(part, epoch, from, commands),
      sendPopulation: (link) => this.#sendPopulation(link),
      commands: this.#commands,
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
      this.#failover?.close();
      this.#keeper?.stop();
      await this.#decisions?.close().catch(() => {});
      this.#over.abort();
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the run: at the next barrier once it is running, at once before. */
  stop(reason: string): { accepted: boolean; runId: string } {
    const accepted = this.#state !== "finished" && this.#state !== "failed";
    if (this.#state === "running") this.#command("stop");
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
    stream.onMessage = ({ part, message }) =>
      message !== undefined && this.#guarded(() => this.#accept(link, part, message));
    stream.onClosed = (reason) => this.#lost(link, reason === null ? "it ended its stream" : reason.message);
    const value = { workerId: link.id, runId: this.runId, protocolVersion: PROTOCOL_VERSION };
    link.send({ $case: "welcome", value });
    log.info("worker attached", { worker: link.name, address: link.address, of: expectedWorkers });
    if (this.#table.sealed) return this.#failover?.joined();
    if (!this.#table.complete) return;
    this.#table.sealed = true;
    this.#complete.resolve();
  }

  /** The process of that name is known to have ended: nothing else has to be waited for. */
  processEnded(name: string, how: string): void {
    const link = this.#table.links.find((each) => each.name === name && !each.gone);
    if (link !== undefined) this.#lost(link, `its process ended ${how}`);
    else if (!this.#table.sealed)
      this.fail(new MyriadError("UNAVAILABLE", `${name} ended ${how} before the run began`));
  }

  bulk(attachment: Attachment, stream: BulkStream): void {
    const host = this.#table.attached(attachment);
    const link = this.#parts.of(attachment.part, host);
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
    this.#placement = await this.#place(this.#population!);
    this.#state = "loading";
    await this.#openFolder();
    await this.#parts.begin(this.#table.links.slice(0, this.#options.expectedWorkers), undefined);
    this.#population = undefined; // It lives on the workers now.
    this.#state = "running";
    this.#keeper?.start();
    return this.#result(await this.#collector!.done);
  }

  /** Where the run keeps what is to survive a crash, and who brings lost parts back. */
  async #openFolder(): Promise<void> {
    const { runFolder, disk = nodeDisk, run, clock, log, scenarioHash, expectedWorkers } = this.#options;
    if (runFolder === undefined) return;
    const folder = new RunFolder(disk, runFolder);
    const { runId } = this;
    const { seed } = this.#program;
    await folder.write(runManifest(this.#program, { ...this.#options, runId }));
    this.#decisions = await DecisionLog.open({ disk, folder: folder.decisions, runId });
    this.#keeper = new CheckpointKeeper({
      store: new FileCheckpoints({ disk, folder: folder.checkpoints, runId, writer: "master" }),
      decisions: this.#decisions,
      run: { runId, seed, scenarioHash },
      parts: expectedWorkers,
      epoch: () => this.#parts.epoch,
      everyMs: (run.checkpointEvery ?? CHECKPOINT_EVERY) * 1000,
      command: (kind, checkpoint) => this.#command(kind, checkpoint),
      onCommitted: ({ checkpoint, window }) =>
        this.#parts.tellAll({ $case: "committed", value: { checkpoint, window } }),
      now: () => new Date().toISOString(),
      clock,
      log,
    });
    this.#failover = new Failover({
      parts: this.#parts,
      keeper: this.#keeper,
      hosts: () => this.#table.links.filter(({ gone }) => !gone),
      agentsOf: (part) => this.#registry!.agentsOf(part),
      furthest: () => Math.max(...this.#table.links.flatMap(({ progress }) => progress.map(({ window }) => window))),
      recovery: run.recovery ?? "confined",
      waitMs: this.#options.waitForWorkerMs ?? WAIT_FOR_WORKER_MS,
      onBegin: (parts) => this.#collector!.forget(parts),
      onFailed: (reason) => this.fail(reason),
      clock,
      log,
    });
  }

  #setupOf(part: number, epoch: number, from: Committed | undefined, commands: number): Setup {
    const { shares, agentLimits, placement } = this.#placement!;
    const { runFolder = "" } = this.#options;
    const restore = from === undefined ? undefined : { checkpoint: from.checkpoint, window: from.window };
    const subject = {
      ...this.#options,
      runId: this.runId,
      agents: placement.length,
      epoch,
      runFolder,
      restore,
      commands,
    };
    return { ...setupMessage(this.#program, subject, { shares, agentLimits }), workerId: part };
  }

  /** Where it is gone, the population is made once more: it is a function of the seed. */
  async #sendPopulation(link: PartLink): Promise<void> {
    const population = this.#population ?? (await populate(this.#program, this.#options.reader));
    await sendPopulation(link, { program: this.#program, population, placement: this.#placement!.placement });
  }

  /** Gives all parts a command. Returns its number. */
  #command(kind: CommandKind, checkpoint = 0): number {
    const command = { number: this.#commands.length + 1, kind, checkpoint };
    this.#commands.push(command);
    this.#parts.tellAll({ $case: "command", value: command });
    return command.number;
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

  #accept(host: WorkerLink, part: number, message: FromWorker): void {
    if (message.$case === "connections") host.connections = message.value;
    else if (message.$case === "failed") this.#failedAt(host, message.value);
    else if (this.#parts.of(part, host) === undefined)
      return; // Of a part that it had, and was begun elsewhere.
    else if (message.$case === "ready") this.#parts.of(part, host)!.reached(message.value);
    else if (message.$case === "saved") this.#keeper?.saved(part, message.value);
    else if (message.$case === "replaced") this.#parts.takeReplaced(part, message.value);
    else if (message.$case === "caughtUp") this.#failover?.caughtUp(part, message.value.replayed);
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
  #lost(link: WorkerLink, why: string): void {
    if (this.#table.get(link.id) !== link || link.gone) return;
    if (!this.#table.sealed) {
      this.#table.remove(link);
      link.close();
      this.#options.log.warn("worker left before the run began", { worker: link.name, reason: why });
    } else if (this.#state !== "finished" && this.#state !== "failed") {
      link.stage = "lost";
      link.close();
      const running = this.#state === "running" && this.#failover !== undefined;
      if (running) this.#failover!.lose(link, why);
      else {
        const reason = new MyriadError("UNAVAILABLE", `${link.title} at ${link.address} is lost: ${why}`);
        this.#losses.hear(reason, STREAM_BROKE);
      }
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
    const recoveries = this.#failover?.reports ?? [];
    const replayedEvents = recoveries.reduce((sum, report) => sum + report.replayedEvents, 0);
    const totals = { ...runTotals(merged, observations), recoveries, replayedEvents };
    return { runId: this.runId, scenario, seed, params, workers, ...totals, placement };
  }
}
