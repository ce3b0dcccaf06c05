import { type Clock, drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Decision } from "../engine/agreement.ts";
import type { Outlet } from "../net/outlet.ts";
import type { SpillLimits } from "../store/spill-budget.ts";
import type { EventBatch } from "../wire/event-batch.ts";
import { closingOf, encodeFrames, readHeader } from "../wire/frame.ts";
import type { PayloadCodec } from "../wire/payload.ts";
import { type Account, type AppliedCommand, type Command, CommandQueue } from "./commands.ts";
import type { DeterminantLog, LoopEngine } from "./loop-engine.ts";
import { Staging } from "./staging.ts";

/** The window before the first: its closing frames carry where each worker's events begin. */
export const OPENING_WINDOW = -1;
/** The loop lets the event loop turn at least so often, so that commands are read and beats go out. */
const YIELD_MS = 20;
/** A window that sends faster than peers take it lets the event loop turn after so many frames: none leaves before. */
const YIELD_FRAMES = 8;

/** Takes frames to one peer, in order, and loses none. */
export type FrameSender = Pick<Outlet, "peer" | "send" | "room">;

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
  /** What peers' frames may take until their windows are accepted. */
  readonly staging: SpillLimits;
  /** Called after each barrier with the window just closed; the next one waits for what it returns. */
  readonly onBarrier?: (window: number) => void | Promise<void>;
  /** Default: nothing has to be durable. */
  readonly determinants?: DeterminantLog;
  /** What the master asks; default: nothing ever. */
  readonly commands?: CommandQueue;
  /** Carries out what took effect at a barrier; `next` is the window to be run after it, which waits for the promise. */
  readonly onCommand?: (command: Command, next: number) => undefined | Promise<void>;
}

export type EndDecision = Extract<Decision, { kind: "end" }>;
/** A loop was halted at the barrier before `window`. */
export interface Halted {
  readonly kind: "halted";
  readonly window: number;
}
export type LoopEnd = EndDecision | Halted;

/**
 * One worker's run: compute a window, send every peer its events and exactly one closing frame, wait for all theirs,
 * take in the events in the order of worker ids, agree on the next window. Having all closing frames *is* the barrier.
 */
export class WorkerLoop {
  readonly #options: WorkerLoopOptions;
  readonly #staging: Staging;
  readonly #senders: (FrameSender | undefined)[];
  readonly #frameSeq: Uint32Array;
  readonly #commands: CommandQueue;
  /** Frames that wait for determinants. */
  readonly #held: { readonly peer: number; readonly frame: Uint8Array }[] = [];
  /** All workers had received the commands up to this number when they closed the window. */
  #agreed = 0;
  #window = OPENING_WINDOW;
  #lastYieldMs: number;
  #framesSinceYield = 0;
  #computing = true;
  #ended = false;
  /** Rises when another process comes in a peer's place. */
  epoch: number;
  /** Milliseconds spent at barriers, waiting for others. */
  waitMs = 0;
  /** What took effect at barriers since the loop began. */
  readonly #done: AppliedCommand[] = [];
  framesSent = 0;
  bytesSent = 0;

  constructor(options: WorkerLoopOptions) {
    this.#options = options;
    this.epoch = options.epoch;
    this.#staging = new Staging(options.self, options.workers, OPENING_WINDOW, options.staging);
    this.#senders = new Array(options.workers).fill(undefined);
    this.#frameSeq = new Uint32Array(options.workers);
    this.#commands = options.commands ?? new CommandQueue();
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

  /** Bytes of peers' frames that wait for their windows to be accepted. */
  get staged(): Staging["figures"] {
    return this.#staging.figures;
  }

  /** Takes our frames to a peer. All must be there before `run`. */
  setSender(sender: FrameSender): void {
    this.#senders[sender.peer] = sender;
  }

  /**
   * Takes in a frame of a peer, which is intact, and comes once and in order. A promise: not yet; it may come again when
   * that resolves. Throws PROTOCOL for a frame of another run or epoch, or of a window that cannot be yet; LIMIT when too
   * much has come.
   */
  receive(peer: number, frame: Uint8Array): Promise<void> | undefined {
    const header = readHeader(frame);
    const { run } = this.#options;
    const { epoch } = this;
    // That the peer is a member is known from its greeting (protocol 13); what it kept may be of an epoch before.
    if (header.run !== run || header.epoch > epoch || header.sender !== peer) {
      throw new MyriadError(
        "PROTOCOL",
        `frame of run ${header.run}, epoch ${header.epoch}, worker ${header.sender}; expected ${run}, ${epoch}, ${peer}`,
      );
    }
    return this.#staging.accept(header, frame);
  }

  /** Throws away what has come of the window that a peer has not closed: another process takes its place. */
  discard(peer: number): void {
    this.#staging.discard(peer);
  }

  /** A peer is not to be had any more. */
  peerLost(peer: number, reason: MyriadError): void {
    if (reason.code !== "UNAVAILABLE") this.fail(reason);
    else this.fail(new MyriadError("UNAVAILABLE", `worker ${peer} is lost: ${reason.message}`));
  }

  /** What this worker knows of the commands, for the one that comes in a lost peer's place. */
  account(peer: number): Account {
    const closed = this.#staging.closedBy(peer);
    return { applied: this.#done, closed, through: closed.at(-1)?.window ?? this.#staging.window - 1 };
  }

  /** Ends the run as soon as it waits, with this reason. */
  fail(reason: MyriadError): void {
    if (!this.#ended) this.#staging.fail(reason);
  }

  /**
   * Sends a peer's events before the window ends; the engine's `flush`. A promise: the window should pause until that
   * resolves, for the event loop to turn, or for the disk to take what memory has no room for. It never waits for a peer.
   */
  readonly flush = (peer: number, batch: EventBatch): void | Promise<void> => {
    const { failure } = this.#staging;
    if (failure !== undefined) throw failure;
    const taken = this.#send(peer, batch, null);
    const room = this.#senders[peer]!.room();
    if (room === undefined && (taken || this.#framesSinceYield < YIELD_FRAMES)) return undefined;
    this.#framesSinceYield = 0;
    return room ?? drainMicrotasks();
  };

  /** From the opening exchange, or from the window `from` for an engine that was loaded, to the end that all workers agree on. */
  async run(from?: number): Promise<LoopEnd> {
    const { engine, clock } = this.#options;
    let decision: Decision = from === undefined ? await this.#exchange() : { kind: "window", window: from };
    while (decision.kind === "window") {
      if (this.#agreed > this.#commands.applied && (await this.#carryOut(decision.window))) {
        this.#ended = true;
        return { kind: "halted", window: decision.window };
      }
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

  /** Carries out what takes effect at the barrier before `next`. True when the loop is to end. */
  async #carryOut(next: number): Promise<boolean> {
    let halted = false;
    for (const command of this.#commands.take(this.#agreed)) {
      this.#done.push({ command, window: this.#window });
      const done = this.#options.onCommand?.(command, next);
      if (done !== undefined) await this.#staging.guard(done);
      halted ||= command.kind === "halt";
    }
    return halted;
  }

  async #exchange(): Promise<Decision> {
    const { engine, self, workers, clock, onBarrier } = this.#options;
    const closings = new Array<Uint8Array>(workers);
    const command = this.#commands.numberFor(this.#window);
    const own = engine.closing();
    if (this.#mustWait) await this.#durable();
    for (let peer = 0; peer < workers; peer++) {
      if (peer !== self) this.#send(peer, engine.outbox(peer), own, command);
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
    this.#agreed = Math.min(command, this.#staging.command);
    for (let peer = 0; peer < workers; peer++) {
      if (peer === self) continue;
      const frames = this.#staging.take(peer);
      if (frames === undefined) closings[peer] = await this.#acceptDrained(peer);
      else {
        for (const frame of frames) engine.acceptEvents(frame);
        closings[peer] = closingOf(frames);
      }
    }
    const decision = engine.apply(closings, this.#agreed >= this.#commands.stop);
    const held = onBarrier?.(this.#window);
    if (held !== undefined) await this.#staging.guard(held);
    return decision;
  }

  /** What is sent may depend on answers that are not durable yet, or has to stay behind what may. */
  get #mustWait(): boolean {
    return this.#options.determinants?.dirty === true || this.#held.length > 0;
  }

  /** Sends what had to wait, once it may leave. */
  async #durable(): Promise<void> {
    if (this.#options.determinants?.dirty === true) await this.#staging.guard(this.#options.determinants.sync());
    for (const { peer, frame } of this.#held) this.#senders[peer]!.send(frame);
    this.#held.length = 0;
  }

  /** Accepts a peer's events that are on disk in part. Returns its closing section. */
  async #acceptDrained(peer: number): Promise<Uint8Array> {
    const closing: Uint8Array[] = [];
    for await (const frame of this.#staging.drain(peer)) {
      this.#options.engine.acceptEvents(frame);
      if (readHeader(frame).closingBytes > 0) closing.push(frame);
    }
    return closingOf(closing);
  }

  /** False: some of it has to wait. */
  #send(peer: number, batch: EventBatch, closing: Uint8Array | null, command = 0): boolean {
    const { self, run, codecs } = this.#options;
    const { epoch } = this;
    const sender = this.#senders[peer]!;
    const seq = this.#frameSeq[peer]!;
    const header = { run, epoch, window: this.#window, sender: self, frameSeq: seq, command };
    const frames = encodeFrames(header, batch, codecs, closing);
    let taken = true;
    for (const frame of frames) {
      if (closing === null && this.#mustWait) this.#held.push({ peer, frame });
      // What has to wait is not waited for: a window's events cannot drain before it closes (protocol 18).
      else taken = sender.send(frame);
      this.bytesSent += frame.length;
    }
    this.#frameSeq[peer] = seq + frames.length;
    this.framesSent += frames.length;
    this.#framesSinceYield += frames.length;
    batch.clear();
    return taken;
  }
}
