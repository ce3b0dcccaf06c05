import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES } from "../base/limits.ts";
import { type LoopEnd, WorkerLoop } from "../cluster/worker-loop.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { Engine } from "../engine/engine.ts";
import { StrictGuard } from "../engine/strict.ts";
import type { Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import type { PeerLinks } from "../net/peer-links.ts";
import type { PeerSink, PeerStream, Transport } from "../net/transport.ts";
import type { Disk } from "../store/disk.ts";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import type { Connect, LinkState, Replace, Restore, Setup, Start } from "../wire/gen/myriad/v1/control.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { asF64 } from "./chunks.ts";
import { JournaledEffects } from "./journaled-effects.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import type { Log, LogFields } from "./log.ts";
import type { MasterBulkStream } from "./master-streams.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { PartCommands } from "./part-commands.ts";
import { peersOfPart, tellSpilled } from "./part-peers.ts";
import { workerResult } from "./part-result.ts";
import { PartStore } from "./part-store.ts";
import type { PeerOptions } from "./peer-options.ts";
import { PopulationReceiver } from "./population-receiver.ts";
import type { ProgressBoard } from "./progress-board.ts";
import { Reporter } from "./reporter.ts";
import { FIRST_EPOCH, programOf, type SetupOptions } from "./run-setup.ts";
import { CountedEffects, WorkerGauge } from "./worker-gauge.ts";
import type { WorkerLimits } from "./worker-limits.ts";
import { type BulkToWorker, type FromWorker, failedMessage, type ToWorker } from "./worker-link.ts";

export interface WorkerRunOptions {
  readonly setup: Setup;
  readonly scenario: LoadedScenario;
  readonly incarnation: string;
  readonly transport: Transport;
  readonly peers: PeerOptions;
  /** Says something of this part to the master. */
  readonly send: (message: FromWorker) => void;
  /** Where peers reach it. */
  readonly address: string;
  readonly disk: Disk;
  /** For all that is large. */
  readonly bulk: MasterBulkStream;
  /** Where the part's progress is written. */
  readonly board: ProgressBoard;
  readonly limits: WorkerLimits;
  /** Tells the master that this worker cannot go on. */
  readonly fail: (reason: MyriadError) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** One worker's part of one run: its engine, its peers, its loop. */
export class WorkerRun {
  readonly #options: WorkerRunOptions;
  readonly #engine: Engine;
  readonly #effects: CountedEffects;
  readonly #loop: WorkerLoop;
  readonly #commands: PartCommands;
  /** Where the run keeps nothing on disk, there is none. */
  readonly #store: PartStore | undefined;
  readonly #journaled: JournaledEffects | undefined;
  readonly #receiver: PopulationReceiver;
  readonly #reporter: Reporter;
  readonly #gauge: WorkerGauge;
  readonly #memory: MemoryGuard;
  readonly #links: PeerLinks;
  #uninstall: () => void = () => {};
  #stopped = false;

  /** Throws MISMATCH when the master's scenario is another one. */
  constructor(options: WorkerRunOptions) {
    const { setup, scenario, clock, transport, bulk, board, limits, incarnation, log } = options;
    this.#options = options;
    const { program, wishes } = programOf(setup, scenario);
    const { runId, run, epoch, workers, workerId: self, scenarioHash } = setup;
    transport.identity = {
      protocolVersion: PROTOCOL_VERSION,
      runId,
      run,
      epoch,
      scenarioHash,
      worker: self,
      incarnation,
    };
    this.#store = PartStore.of(options);
    const outside = new OutsideEffects(clock, {}, limits.effectsMax);
    this.#journaled = this.#store === undefined ? undefined : new JournaledEffects(outside, this.#store.journal);
    this.#effects = new CountedEffects(this.#journaled ?? outside, limits.effectsMax);
    this.#commands = new PartCommands(setup.commands, () => ({
      engine: this.#engine,
      reporter: this.#reporter,
      gauge: this.#gauge,
      store: this.#store,
      effects: this.#journaled,
      send: options.send,
    }));
    this.#engine = this.#makeEngine(program, wishes, log);
    this.#loop = new WorkerLoop({
      engine: this.#engine,
      self,
      workers,
      run,
      epoch,
      codecs: program.codecs,
      clock,
      ...(this.#journaled === undefined ? {} : { determinants: this.#journaled }),
      commands: this.#commands.queue,
      onCommand: (command, next) => this.#commands.carryOut(command, next),
      staging: options.peers.staging,
      onBarrier: () => this.#onBarrier(),
    });
    this.#links = peersOfPart({
      ...options,
      loop: this.#loop,
      retain: this.#store !== undefined,
      firstWindow: setup.restore?.window,
      onLinked: () => this.#ready("connected"),
    });
    this.#receiver = new PopulationReceiver(this.#engine, setup.agents);
    const parts = { engine: this.#engine, loop: this.#loop };
    this.#reporter = new Reporter({ ...parts, ...wishes, stream: bulk, self, clock });
    this.#gauge = new WorkerGauge({ ...parts, effects: this.#effects, board });
    this.#memory = new MemoryGuard({ limitBytes: limits.memoryMaxBytes, rss: process.memoryUsage.rss, clock });
  }

  /** Writes on the board what changes between barriers. */
  look(): void {
    this.#gauge.look();
    this.#commands.watch(this.#links.figures, this.#options.peers.logs.memoryBytes);
  }

  /** To and from the peers. */
  get links(): LinkState[] {
    return this.#links.states;
  }

  /** A peer wants our events. */
  accept(stream: PeerStream): PeerSink {
    return this.#links.accept(stream);
  }

  /** A message of the master, after the setup. */
  handle(message: ToWorker): void {
    if (message.$case === "connect") this.#connect(message.value).catch((reason) => this.#fail(reason));
    else if (message.$case === "start") this.#course(message.value).catch((reason) => this.#fail(reason));
    else if (message.$case === "command") this.#commands.accept(message.value);
    else if (message.$case === "lift") this.#commands.lift(message.value.number);
    else if (message.$case === "committed") this.#commands.committed(this.#links, message.value.window);
    else if (message.$case === "replace") this.#replace(message.value);
    else throw new MyriadError("PROTOCOL", `the master sent "${message.$case}"`);
  }

  /** Begins from a checkpoint instead of a population. */
  restore({ checkpoint }: Restore): void {
    const loading = this.#store!.load(this.#engine, checkpoint);
    loading.then(() => this.#ready("loaded")).catch((reason) => this.#fail(reason));
  }

  /** A message of the master on the stream of what is large. */
  handleBulk(message: BulkToWorker): void {
    if (this.#receiver.accept(message)) return;
    if (message.$case !== "populationEnd") throw new MyriadError("PROTOCOL", `the master sent "${message.$case}"`);
    this.#receiver.finish(message.value.chunks);
    this.#ready("loaded");
  }

  /** Ends what is under way; nothing is sent any more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#effects.stop();
    this.#uninstall();
    this.#links.close();
    this.#commands.stop();
    this.#store?.journal.close().catch(() => {});
    this.#loop.fail(new MyriadError("STOPPED", "the worker was told to end"));
  }

  #makeEngine(program: Program, wishes: SetupOptions, log: Log): Engine {
    const { workers, workerId: self, runId, shares, agentLimits } = this.#options.setup;
    const guard = wishes.strict ? new StrictGuard() : undefined;
    if (guard !== undefined) this.#uninstall = guard.install();
    return new Engine({
      program,
      self,
      workers,
      shares: asF64(shares),
      agentLimits: asF64(agentLimits),
      runId,
      runner: this.#effects,
      guard,
      log: (agent, time, message, fields) => log.info(message, { agent, time, ...(fields as LogFields) }),
      flush: (peer, batch) => {
        this.#gauge.midWindow();
        return this.#loop.flush(peer, batch);
      },
    });
  }

  #connect({ peers }: Connect): Promise<void> {
    return this.#links.connect(
      peers.map(({ workerId, address, incarnation }) => ({ worker: workerId, address, incarnation })),
    );
  }

  /** Resolves, where it has to be waited for, when the next window may begin. */
  #onBarrier(): Promise<void> | undefined {
    this.#gauge.barrier();
    this.#commands.reached(this.#loop.window);
    const room = this.#reporter.onBarrier();
    const memory = this.#memory.look();
    if (memory.kind === "over") this.#overLimit(memory.usedBytes);
    const pauseMs = memory.kind === "near" ? memory.pauseMs : 0;
    return room === undefined && pauseMs === 0 ? undefined : this.#pause(room, pauseMs);
  }

  async #pause(room: Promise<void> | undefined, pauseMs: number): Promise<void> {
    this.#gauge.aside = Activity.ACTIVITY_HELD;
    await room;
    if (pauseMs > 0) await this.#options.clock.sleep(pauseMs);
    this.#gauge.aside = undefined;
  }

  /** The process takes more memory than it may. All windows until now are whole: what is to be kept is kept here. */
  #overLimit(usedBytes: number): never {
    const { pending } = this.#gauge;
    const agents = this.#engine.core.table.count;
    throw this.#memory.failure(usedBytes, { agents, pending, effects: this.#effects.underWay });
  }

  /**
   * What the agents were answered in earlier lives is looked up before any of them asks, and not before the run begins: until
   * the peers know of this part they take frames of the one that it replaces, which may be alive and answered yet.
   */
  async #open(): Promise<void> {
    const { setup } = this.#options;
    if (this.#journaled !== undefined && setup.epoch > FIRST_EPOCH) {
      this.#journaled.answers = await this.#store!.answersFor(this.#engine);
    }
    if (setup.restore !== undefined) await this.#engine.opened();
  }

  /** Another process has come in the place of a peer. */
  #replace({ peer, epoch }: Replace): void {
    const { workerId: worker, address, incarnation } = peer!;
    const { transport, send } = this.#options;
    transport.identity = { ...transport.identity!, epoch };
    this.#loop.epoch = epoch;
    this.#links.restart({ worker, address, incarnation });
    this.#loop.discard(worker);
    const account = encodePlain(this.#loop.account(worker));
    send({ $case: "replaced", value: { workerId: worker, account } });
  }

  async #course({ account }: Start): Promise<void> {
    const { clock, bulk, setup, log } = this.#options;
    const since = clock.now();
    this.#gauge.aside = undefined;
    await this.#open();
    if (account.length > 0) this.#commands.inherit(account);
    const decision: LoopEnd = await this.#loop.run(setup.restore?.window);
    this.#commands.reached(this.#loop.window);
    if (decision.kind === "halted") return;
    this.#gauge.aside = Activity.ACTIVITY_REPORTING;
    this.#links.finish();
    tellSpilled(this.#links, this.#loop, log);
    const loopMs = clock.now() - since;
    this.#effects.stop();
    const { failure } = decision;
    if (failure !== undefined) {
      // Behind the rows that led to it.
      return bulk.send({ message: { $case: "failed", value: failedMessage(failure.code, failure.message) } });
    }
    await this.#reporter.finish();
    const part = this.#engine.finish();
    const effects = { ...part.effects, replayed: this.#journaled?.replayed ?? 0 };
    const times = { loopMs, waitMs: this.#loop.waitMs };
    const bytes = encodePlain(workerResult({ ...part, effects }, decision, times));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const value = { result: bytes.subarray(at, at + CHUNK_BYTES), more: at + CHUNK_BYTES < bytes.length };
      await bulk.sendPaced({ message: { $case: "finished", value } });
    }
  }

  #ready(stage: string): void {
    const { address, incarnation } = this.#options;
    // Begun anew meanwhile: what this one has loaded is nobody's.
    if (this.#stopped) return;
    this.#options.send({ $case: "ready", value: { stage, address, incarnation } });
  }

  #fail(reason: unknown): void {
    if (!this.#stopped) this.#options.fail(MyriadError.from(reason, "HANDLER_FAILED"));
  }
}
