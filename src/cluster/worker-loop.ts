import { type Clock, drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Decision } from "../engine/agreement.ts";
import type { PeerStream } from "../net/transport.ts";
import type { EventBatch } from "../wire/event-batch.ts";
import { closingOf, encodeFrames, readHeader } from "../wire/frame.ts";
import type { PayloadCodec } from "../wire/payload.ts";
import { Staging } from "./staging.ts";

/** The window before the first: its closing frames carry where each worker's events begin. */
export const OPENING_WINDOW = -1;
/** The loop lets the event loop turn at least so often, so that commands are read and beats go out. */
const YIELD_MS = 20;

/** What the loop needs of an engine. */
export interface LoopEngine {
  command: number;
  runWindow(window: number): void | Promise<void>;
  outbox(peer: number): EventBatch;
  closing(): Uint8Array;
  acceptEvents(frame: Uint8Array): void;
  apply(closings: readonly Uint8Array[]): Decision;
}

/** Takes frames to one peer, in order, and loses none. */
export type FrameSender = Pick<PeerStream, "peer" | "send">;

export interface WorkerLoopOptions {
  readonly engine: LoopEngine;
  /** Own worker id. */
  readonly self: number;
  readonly workers: number;
  /** Stamped on every frame; frames of another run or epoch are refused. */
  readonly run: number;
  readonly epoch: number;
  readonly codecs: readonly PayloadCodec[];
  readonly clock: Clock;
  /** Called after each barrier with the window just closed; the next one waits for what it returns. */
  readonly onBarrier?: (window: number) => void | Promise<void>;
}

export type EndDecision = Extract<Decision, { kind: "end" }>;

/**
 * One worker's run: compute a window, send every peer its events and exactly one closing frame, wait for all theirs,
 * take in the events in the order of worker ids, agree on the next window. Having all closing frames *is* the barrier.
 */
export class WorkerLoop {
  readonly #options: WorkerLoopOptions;
  readonly #staging: Staging;
  readonly #senders: (FrameSender | undefined)[];
  readonly #frameSeq: Uint32Array;
  #window = OPENING_WINDOW;
  #lastYieldMs: number;
  #computing = true;
  #ended = false;
  /** Milliseconds spent at barriers, waiting for others. */
  waitMs = 0;
  framesSent = 0;
  bytesSent = 0;

  constructor(options: WorkerLoopOptions) {
    this.#options = options;
    this.#staging = new Staging(options.self, options.workers, OPENING_WINDOW);
    this.#senders = new Array(options.workers).fill(undefined);
    this.#frameSeq = new Uint32Array(options.workers);
    this.#lastYieldMs = options.clock.now();
  }

  get window(): number {
    return this.#window;
  }

  /** The peers that its barrier waits for; none while it computes. */
  get waitingFor(): readonly number[] {
    return this.#computing || this.#ended ? [] : this.#staging.missing;
  }

  /** What the worker is doing, for people. */
  get state(): string {
    if (this.#ended) return "ended";
    const { missing } = this.#staging;
    return this.#computing || missing.length === 0 ? "computing" : `waiting for ${missing.join(", ")}`;
  }

  /** Takes our frames to a peer. All must be there before `run`. */
  setSender(sender: FrameSender): void {
    this.#senders[sender.peer] = sender;
  }

  /**
   * Takes in a frame of a peer, which is intact, and comes once and in order. Throws PROTOCOL for a frame of another run
   * or epoch, or of a window that cannot be yet; LIMIT when too much has come.
   */
  receive(peer: number, frame: Uint8Array): void {
    const header = readHeader(frame);
    const { run, epoch } = this.#options;
    if (header.run !== run || header.epoch !== epoch || header.sender !== peer) {
      throw new MyriadError(
        "PROTOCOL",
        `frame of run ${header.run}, epoch ${header.epoch}, worker ${header.sender}; expected ${run}, ${epoch}, ${peer}`,
      );
    }
    this.#staging.accept(header, frame);
  }

  /** A peer is not to be had any more. */
  peerLost(peer: number, reason: MyriadError): void {
    if (reason.code !== "UNAVAILABLE") this.fail(reason);
    else this.fail(new MyriadError("UNAVAILABLE", `worker ${peer} is lost: ${reason.message}`));
  }

  /** Ends the run as soon as it waits, with this reason. */
  fail(reason: MyriadError): void {
    if (!this.#ended) this.#staging.fail(reason);
  }

  /** Sends a peer's events before the window ends; the engine's `flush`. */
  readonly flush = (peer: number, batch: EventBatch): void => {
    this.#send(peer, batch, null);
  };

  /** From the opening exchange to the end that all workers agree on. */
  async run(): Promise<EndDecision> {
    const { engine, clock } = this.#options;
    let decision = await this.#exchange();
    while (decision.kind === "window") {
      this.#window = decision.window;
      this.#frameSeq.fill(0);
      this.#staging.advance(decision.window);
      const computing = engine.runWindow(decision.window);
      if (computing !== undefined) await this.#staging.guard(computing);
      decision = await this.#exchange();
      if (clock.now() - this.#lastYieldMs > YIELD_MS) {
        await drainMicrotasks();
        this.#lastYieldMs = clock.now();
      }
    }
    this.#ended = true;
    return decision;
  }

  async #exchange(): Promise<Decision> {
    const { engine, self, workers, clock, onBarrier } = this.#options;
    const closings = new Array<Uint8Array>(workers);
    const own = engine.closing();
    for (let peer = 0; peer < workers; peer++) {
      if (peer !== self) this.#send(peer, engine.outbox(peer), own);
    }
    const closed = this.#staging.whenClosed();
    if (workers > 1) {
      const since = clock.now();
      this.#computing = false;
      if (closed !== null) await closed;
      // One turn of the event loop, in any case: frames leave at its end, and a peer that has to wait for ours until
      // this worker has computed its next window would take turns with it instead of working beside it.
      await drainMicrotasks();
      this.#computing = true;
      this.#lastYieldMs = clock.now();
      this.waitMs += this.#lastYieldMs - since;
    }
    closings[self] = own;
    for (let peer = 0; peer < workers; peer++) {
      if (peer === self) continue;
      const frames = this.#staging.take(peer);
      for (const frame of frames) engine.acceptEvents(frame);
      closings[peer] = closingOf(frames);
    }
    const decision = engine.apply(closings);
    const held = onBarrier?.(this.#window);
    if (held !== undefined) await this.#staging.guard(held);
    return decision;
  }

  #send(peer: number, batch: EventBatch, closing: Uint8Array | null): void {
    const { self, run, epoch, codecs } = this.#options;
    const sender = this.#senders[peer]!;
    const seq = this.#frameSeq[peer]!;
    const header = { run, epoch, window: this.#window, sender: self, frameSeq: seq };
    const frames = encodeFrames(header, batch, codecs, closing);
    for (const frame of frames) {
      // The answer is not waited for: a window's events cannot drain before it closes (protocol 18).
      sender.send(frame);
      this.bytesSent += frame.length;
    }
    this.#frameSeq[peer] = seq + frames.length;
    this.framesSent += frames.length;
    batch.clear();
  }
}
