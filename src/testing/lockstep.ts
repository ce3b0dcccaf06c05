import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { EffectRunner } from "../engine/effects.ts";
import { type AgentLog, type Decision, Engine } from "../engine/engine.ts";
import type { StrictGuard } from "../engine/strict.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import type { EventBatch } from "../wire/event-batch.ts";
import { closingOf, encodeFrames, verifyChecksum } from "../wire/frame.ts";
import { loadPart } from "./load-part.ts";

export interface LockstepOptions {
  readonly program: Program;
  readonly population: Population;
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

/**
 * Several engines in one process, window by window: all compute, then every pair exchanges the frames that would have
 * crossed the network, encoded and decoded. Between two steps the engines stand at a barrier and may be looked at.
 */
export class Lockstep {
  readonly engines: readonly Engine[];
  readonly #program: Program;
  /** By receiver, then by sender: the frames of the window being run. */
  readonly #frames: Uint8Array[][][];
  #decision: Decision;
  #window = -1;

  constructor(options: LockstepOptions) {
    const { program, population, placement, workers, shares, agentLimits, runId, runner, guard, log } = options;
    this.#program = program;
    const ids = [...Array(workers).keys()];
    this.#frames = ids.map(() => ids.map(() => []));
    this.engines = ids.map((self) => {
      const flush = (peer: number, batch: EventBatch): Promise<void> => {
        this.#send(self, peer, batch, null);
        return drainMicrotasks(); // As where peers are slow: that a window pauses must not show.
      };
      const own = { self, runner: runner(self), flush };
      const engine = new Engine({ program, workers, shares, agentLimits, runId, guard, log, ...own });
      loadPart(engine, population, placement, self);
      return engine;
    });
    this.#decision = this.#exchange();
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
    sent.push(...encodeFrames(stamp, batch, this.#program.codecs, closing));
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
