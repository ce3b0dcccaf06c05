import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { decodeCommon } from "../engine/common-section.ts";
import type { EffectRunner } from "../engine/effects.ts";
import { type AgentLog, type Decision, Engine } from "../engine/engine.ts";
import type { Sample } from "../engine/sampler.ts";
import type { SaveOptions } from "../engine/snapshot.ts";
import type { RecordRow } from "../engine/staged.ts";
import type { StrictGuard } from "../engine/strict.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import type { EventBatch } from "../wire/event-batch.ts";
import { closingOf, encodeFrames, verifyChecksum } from "../wire/frame.ts";
import { loadPart } from "./load-part.ts";

export interface LockstepOptions {
  readonly program: Program;
  /** Undefined: the engines are empty, and `load` fills them. */
  readonly population?: Population | undefined;
  /** The worker of every agent, by index. */
  readonly placement: Uint16Array;
  readonly workers: number;
  /** As in `EngineOptions`. */
  readonly shares?: readonly number[] | undefined;
  readonly agentLimits?: readonly number[] | undefined;
  readonly runId: string;
  /** One for each worker. */
  readonly runner: (worker: number) => EffectRunner;
  readonly guard?: StrictGuard | undefined;
  readonly log?: AgentLog | undefined;
}

/** What engines hold between two windows, as bytes. */
export interface SavedRun {
  readonly common: Uint8Array;
  readonly sections: readonly Uint8Array[];
  /** By worker. */
  readonly parts: readonly Uint8Array[];
}

/** Small, so that a few agents make several sections. */
const CHUNK_BYTES = 2_000;

/**
 * Several engines in one process, window by window: all compute, then every pair exchanges the frames that would have
 * crossed the network, encoded and decoded. Between two steps the engines stand at a barrier and may be looked at.
 */
export class Lockstep {
  readonly engines: Engine[];
  /** Samples and records of before the last save or move. */
  readonly samples: Sample[] = [];
  readonly records: RecordRow[] = [];
  readonly #options: LockstepOptions;
  /** By receiver, then by sender: the frames of the window being run. */
  #frames: Uint8Array[][][];
  #decision: Decision;
  #window = -1;

  constructor(options: LockstepOptions) {
    const { population, placement, workers } = options;
    this.#options = options;
    this.#frames = emptyFrames(workers);
    this.engines = [...Array(workers).keys()].map((self) => this.#engine(self, workers, options));
    this.#decision = { kind: "window", window: 0 };
    if (population === undefined) return;
    for (const [self, engine] of this.engines.entries()) loadPart(engine, population, placement, self);
    this.#decision = this.#exchange();
  }

  /** Goes on with a run that was saved, on any number of workers. */
  static async load(options: LockstepOptions, { common, sections, parts }: SavedRun): Promise<Lockstep> {
    const lockstep = new Lockstep({ ...options, population: undefined });
    const { engines } = lockstep;
    for (const engine of engines) engine.load(common, options.placement);
    for (const [i, part] of parts.entries()) engines[i % engines.length]!.adopt(part);
    await adoptAll(engines, sections);
    const { next, window } = decodeCommon(common);
    lockstep.#window = window;
    lockstep.#decision = { kind: "window", window: next };
    return lockstep;
  }

  /** Saves all between two windows. */
  save(options: Partial<SaveOptions> = {}): SavedRun {
    const next = this.#next();
    const { engines } = this;
    const commons = engines.map((engine) => engine.saveCommon(next));
    const differs = commons.findIndex((common) => Buffer.compare(common, commons[0]!) !== 0);
    if (differs > 0) throw new MyriadError("PROTOCOL", `workers 0 and ${differs} save other common sections`);
    return {
      common: commons[0]!,
      sections: engines.flatMap((engine) => [...engine.saveAgents(next, { chunkBytes: CHUNK_BYTES, ...options })]),
      parts: engines.map((engine) => engine.savePart(next)),
    };
  }

  /** Lets agents live elsewhere from the next window on; workers are added or taken away at the end, and have no shares or limits then but these. */
  async move(placement: Uint16Array, workers?: number, agentLimits?: readonly number[]): Promise<void> {
    const next = this.#next();
    const { engines } = this;
    const common = engines[0]!.saveCommon(next);
    const sections = engines.flatMap((engine, self) => {
      const agents = [...engine.states()].map(({ index }) => index).filter((index) => placement[index] !== self);
      return [...engine.saveAgents(next, { chunkBytes: CHUNK_BYTES, agents })];
    });
    const all = workers ?? engines.length;
    const left = engines.splice(all);
    for (const engine of engines) engine.move({ next, placement, workers, agentLimits });
    for (let self = engines.length; self < all; self++) {
      engines.push(this.#engine(self, all, { agentLimits }));
      engines[self]!.load(common, placement);
    }
    for (const engine of left) engines[0]!.adopt(engine.savePart(next));
    await adoptAll(engines, sections);
    this.#frames = emptyFrames(all);
  }

  /** What all workers do next. */
  get decision(): Decision {
    return this.#decision;
  }

  /** Runs the next window. After the end it does nothing. */
  async step(): Promise<Decision> {
    if (this.#decision.kind === "end") return this.#decision;
    const { window } = this.#decision;
    this.#window = window;
    await Promise.all(this.engines.map((engine) => engine.runWindow(window)));
    this.#decision = this.#exchange();
    return this.#decision;
  }

  #engine(self: number, workers: number, capacity: Pick<LockstepOptions, "shares" | "agentLimits">): Engine {
    const { program, runId, runner, guard, log } = this.#options;
    const { shares, agentLimits } = capacity;
    const flush = (peer: number, batch: EventBatch): Promise<void> => {
      this.#send(self, peer, batch, null);
      return drainMicrotasks(); // As where peers are slow: that a window pauses must not show.
    };
    const own = { self, runner: runner(self), flush };
    return new Engine({ program, workers, shares, agentLimits, runId, guard, log, ...own });
  }

  /** The window to be run next; what has been produced up to it is put aside. */
  #next(): number {
    if (this.#decision.kind === "end") throw new MyriadError("PROTOCOL", "the run has ended");
    for (const [self, engine] of this.engines.entries()) {
      const samples = engine.takeSamples();
      if (self === 0) this.samples.push(...samples);
      this.records.push(...engine.takeRecords());
      engine.takeBirths();
    }
    return this.#decision.window;
  }

  #exchange(): Decision {
    const closings = this.engines.map((engine) => engine.closing());
    for (const [self, engine] of this.engines.entries()) {
      for (const peer of this.engines.keys()) {
        if (peer !== self) this.#send(self, peer, engine.outbox(peer), closings[self]!);
      }
    }
    const decisions = this.engines.map((engine, self) => engine.apply(this.#receive(engine, self, closings)));
    const differs = decisions.find((decision) => JSON.stringify(decision) !== JSON.stringify(decisions[0]));
    if (differs === undefined) return decisions[0]!;
    const both = `${JSON.stringify(decisions[0])} and ${JSON.stringify(differs)}`;
    throw new MyriadError("PROTOCOL", `after window ${this.#window} the workers disagree: ${both}`);
  }

  #send(self: number, peer: number, batch: EventBatch, closing: Uint8Array | null): void {
    const sent = this.#frames[peer]![self]!;
    const stamp = { run: 0, epoch: 0, window: this.#window, sender: self, frameSeq: sent.length };
    sent.push(...encodeFrames(stamp, batch, this.#options.program.codecs, closing));
    batch.clear();
  }

  #receive(engine: Engine, self: number, closings: readonly Uint8Array[]): Uint8Array[] {
    return closings.map((own, peer) => {
      if (peer === self) return own;
      const frames = this.#frames[self]![peer]!.splice(0);
      for (const frame of frames) {
        verifyChecksum(frame);
        engine.acceptEvents(frame);
      }
      return closingOf(frames);
    });
  }
}

const emptyFrames = (workers: number): Uint8Array[][][] =>
  Array.from({ length: workers }, () => Array.from({ length: workers }, () => []));

async function adoptAll(engines: readonly Engine[], sections: readonly Uint8Array[]): Promise<void> {
  for (const engine of engines) for (const section of sections) engine.adopt(section);
  for (const engine of engines) await engine.opened();
}
