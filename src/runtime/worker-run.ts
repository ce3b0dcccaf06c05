import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES } from "../base/limits.ts";
import { type EndDecision, WorkerLoop } from "../cluster/worker-loop.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { Engine } from "../engine/engine.ts";
import { StrictGuard } from "../engine/strict.ts";
import { compile, type Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import type { LinkTiming } from "../net/outlet.ts";
import { type LinkNews, PeerLinks } from "../net/peer-links.ts";
import type { PeerSink, PeerStream, Transport } from "../net/transport.ts";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import type { Connect, LinkState, Setup } from "../wire/gen/myriad/v1/control.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { asF64 } from "./chunks.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import type { Log, LogFields } from "./log.ts";
import type { MasterBulkStream, MasterStream } from "./master-streams.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { quarantinedOf, type WorkerResult } from "./part-result.ts";
import { PopulationReceiver } from "./population-receiver.ts";
import type { ProgressBoard } from "./progress-board.ts";
import { Reporter } from "./reporter.ts";
import type { Ended } from "./run.ts";
import { checkEventTable, decodeSetup, type SetupOptions } from "./run-setup.ts";
import { CountedEffects, WorkerGauge } from "./worker-gauge.ts";
import type { WorkerLimits } from "./worker-limits.ts";
import { type BulkToWorker, failedMessage, type ToWorker } from "./worker-link.ts";

export interface WorkerRunOptions {
  readonly setup: Setup;
  readonly scenario: LoadedScenario;
  readonly incarnation: string;
  readonly transport: Transport;
  readonly timing: LinkTiming;
  readonly stream: MasterStream;
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
    const hash = scenario.hash.combined;
    if (setup.scenarioHash !== hash) {
      throw new MyriadError(
        "MISMATCH",
        `scenario hash: the master has ${setup.scenarioHash}, ${scenario.file} has ${hash}`,
      );
    }
    const wishes = decodeSetup(setup.options);
    const program = compile(scenario.scenario, { params: wishes.params, seed: setup.seed, until: wishes.until });
    checkEventTable(program, setup.events);
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
    this.#effects = new CountedEffects(new OutsideEffects(clock, {}, limits.effectsMax), limits.effectsMax);
    this.#engine = this.#makeEngine(program, wishes, log);
    const onBarrier = (): Promise<void> | undefined => this.#onBarrier();
    this.#loop = new WorkerLoop({
      engine: this.#engine,
      self,
      workers,
      run,
      epoch,
      codecs: program.codecs,
      clock,
      onBarrier,
    });
    this.#links = this.#makeLinks();
    this.#receiver = new PopulationReceiver(this.#engine, setup.agents);
    const { keepRecords, keepStates } = wishes;
    const { agents } = setup;
    const parts = { engine: this.#engine, loop: this.#loop };
    this.#reporter = new Reporter({ ...parts, stream: bulk, self, agents, keepRecords, keepStates, clock });
    this.#gauge = new WorkerGauge({ ...parts, effects: this.#effects, board });
    this.#memory = new MemoryGuard({ limitBytes: limits.memoryMaxBytes, rss: process.memoryUsage.rss, clock });
  }

  /** Writes on the board what changes between barriers. */
  look(): void {
    this.#gauge.look();
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
    else if (message.$case === "start") this.#course().catch((reason) => this.#fail(reason));
    else if (message.$case === "command") this.#engine.command = message.value.number;
    else throw new MyriadError("PROTOCOL", `the master sent "${message.$case}"`);
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
        this.#loop.flush(peer, batch);
      },
    });
  }

  #makeLinks(): PeerLinks {
    const { transport, timing, clock } = this.#options;
    return new PeerLinks({
      transport,
      clock,
      chance: Math.random,
      ...timing,
      frame: (peer, bytes) => this.#loop.receive(peer, bytes),
      onOutlet: (outlet) => this.#loop.setSender(outlet),
      onLinked: () => this.#ready("connected"),
      onLost: (peer, reason) => this.#loop.peerLost(peer, reason),
      onNews: (news) => this.#tell(news),
    });
  }

  #connect({ peers }: Connect): Promise<void> {
    return this.#links.connect(
      peers.map(({ workerId, address, incarnation }) => ({ worker: workerId, address, incarnation })),
    );
  }

  #tell(news: LinkNews): void {
    const { log } = this.#options;
    const { peer } = news;
    if (news.kind === "restored") log.info("stream of a peer stands again", { peer, reconnects: news.reconnects });
    else if (news.kind === "silent") log.warn("a peer acknowledges nothing", { peer });
    // A side that ends its stream does so when the run is over; if it is not, it will be said soon.
    else if (news.reason === null) log.debug("stream of a peer was ended", { peer });
    else log.warn("stream of a peer broke", { peer, reason: news.reason.message });
  }

  /** Resolves, where it has to be waited for, when the next window may begin. */
  #onBarrier(): Promise<void> | undefined {
    this.#gauge.barrier();
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

  async #course(): Promise<void> {
    const { clock, bulk } = this.#options;
    const since = clock.now();
    this.#gauge.aside = undefined;
    const decision = await this.#loop.run();
    this.#gauge.aside = Activity.ACTIVITY_REPORTING;
    this.#links.finish();
    const loopMs = clock.now() - since;
    this.#effects.stop();
    const { failure } = decision;
    if (failure !== undefined) {
      // Behind the rows that led to it.
      return bulk.send({ message: { $case: "failed", value: failedMessage(failure.code, failure.message) } });
    }
    await this.#reporter.finish();
    const bytes = encodePlain(this.#result(decision, loopMs));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const value = { result: bytes.subarray(at, at + CHUNK_BYTES), more: at + CHUNK_BYTES < bytes.length };
      await bulk.sendPaced({ message: { $case: "finished", value } });
    }
  }

  #result(decision: EndDecision, loopMs: number): WorkerResult {
    const { hash, sample, sampledAt, agents, effects, counts, quarantined } = this.#engine.finish();
    return {
      ended: decision.reason as Ended,
      virtualTime: decision.virtualTime,
      windows: counts.windows,
      hash,
      sample,
      sampledAt,
      agents,
      events: counts.delivered,
      remoteEvents: counts.remote,
      effects,
      loopMs,
      waitMs: this.#loop.waitMs,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      quarantined: quarantinedOf(quarantined),
    };
  }

  #ready(stage: string): void {
    this.#options.stream.send({ message: { $case: "ready", value: { stage } } });
  }

  #fail(reason: unknown): void {
    if (!this.#stopped) this.#options.fail(MyriadError.from(reason, "HANDLER_FAILED"));
  }
}
