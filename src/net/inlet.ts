import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { type ErrorCode, MyriadError } from "../base/error.ts";
import { readHeader, SERIES_START, verifyChecksum } from "../wire/frame.ts";
import type { Backoff } from "./backoff.ts";
import { firstWaitMs, peerBackoff, persist } from "./persist.ts";
import { encodeAck } from "./sealed.ts";
import { allOf, follows, type Place } from "./series.ts";
import type { PeerAddress, PeerSink, PeerStream, Transport } from "./transport.ts";

/** A peer is told what has come after so many bytes, or after so long: not frame by frame. */
const ACK_BYTES = 1024 * 1024;
const ACK_MS = 50;
const BAD_FRAMES_MAX_DEFAULT = 5;
/** While it reads nothing, it says that it lives so often in the time after which it would be taken for silent. */
const PULSES = 4;
/** What a stream may end of and be opened anew. */
const RESUMABLE: readonly ErrorCode[] = ["UNAVAILABLE", "CORRUPT", "PROTOCOL"];

export interface InletOptions {
  readonly peer: PeerAddress;
  readonly transport: Pick<Transport, "connect">;
  /**
   * Takes each frame once, in the order in which the peer has sent them. A promise: there is no room for it yet; nothing
   * more is read from the stream, and it is offered again when that resolves. Refuses one by throwing: PROTOCOL, when
   * windows before it have not come, breaks the stream as a gap within a window does; all else ends the link.
   */
  readonly frame: (bytes: Uint8Array) => Promise<void> | undefined;
  /** What has come already. Default: nothing. */
  readonly from?: Place | undefined;
  /** The peer breaks a stream on which nothing is acknowledged for so long. */
  readonly silenceMsMax: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** A peer that was not to be reached for so long is lost. */
  readonly peerWaitMs: number;
  /** So many bad frames in a row are no accident of the line. Default 5. */
  readonly badFramesMax?: number;
  /** Its stream has broken; it is dialled again. */
  readonly onBroken: (reason: MyriadError | null) => void;
  /** It stands again. */
  readonly onRestored: () => void;
  /** The peer is not to be had any more: UNAVAILABLE; MISMATCH; CORRUPT or PROTOCOL of what it sends. Called once. */
  readonly onLost: (reason: MyriadError) => void;
}

/** One stream of a link, from the dialling to its end. */
interface Attempt {
  stream: PeerStream | undefined;
  ended: boolean;
  /** What has come and was not taken, for want of room. */
  held: Uint8Array[];
  readonly end: Deferred<MyriadError | null>;
}

/**
 * The receiving end of a link: opens the stream to a peer, passes its frames on exactly once and in order, acknowledges
 * them, and opens the next stream behind the last good frame when one breaks. A frame that is damaged, or does not
 * follow the one before, counts as a break.
 */
export class Inlet {
  readonly #options: InletOptions;
  readonly #backoff: Backoff;
  readonly #badFramesMax: number;
  readonly #leaving = new AbortController();
  readonly #opened = new Deferred();
  #current: Attempt | undefined;
  #attempts = 0;
  #last: Place;
  /** What has come up to the last frame that closed a window. */
  #whole: Place;
  #stopPulse: (() => void) | undefined;
  #unacknowledgedBytes = 0;
  #cancelAck: (() => void) | undefined;
  #badInARow = 0;
  #reconnects = 0;
  #repeats = 0;

  constructor(options: InletOptions) {
    this.#options = options;
    const { chance, badFramesMax = BAD_FRAMES_MAX_DEFAULT, from } = options;
    this.#last = from ?? { ...SERIES_START, closing: true };
    this.#whole = this.#last;
    this.#badFramesMax = badFramesMax;
    this.#backoff = peerBackoff(chance);
  }

  /** A stream stands. */
  get up(): boolean {
    return this.#current?.stream !== undefined;
  }

  /** Times that a stream was opened anew. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Frames that came again and were not passed on. */
  get repeats(): number {
    return this.#repeats;
  }

  /**
   * What has come, up to the last window that the peer has closed: from there the inlet of the process that comes in its
   * place goes on, when what came of the window after it is thrown away.
   */
  get whole(): Place {
    const { window } = this.#whole;
    return window === Number.NEGATIVE_INFINITY ? this.#whole : allOf(window);
  }

  /** Resolves when the first stream stands; from then on it is kept. Throws UNAVAILABLE, MISMATCH. */
  open(): Promise<void> {
    this.#course().catch((reason) => {
      const error = MyriadError.from(reason, "UNAVAILABLE");
      if (!this.#opened.settled) this.#opened.reject(error);
      else if (!this.#leaving.signal.aborted) {
        this.close();
        this.#options.onLost(error);
      }
    });
    return this.#opened.promise;
  }

  close(): void {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort();
    this.#cancelAck?.();
    this.#stopPulse?.();
    this.#current?.stream?.close();
    this.#opened.reject(new MyriadError("STOPPED", "the run is over"));
    this.#opened.promise.catch(() => {});
  }

  async #course(): Promise<void> {
    const { peerWaitMs, onBroken, onRestored } = this.#options;
    const { signal } = this.#leaving;
    let attempt = await this.#reach(firstWaitMs(peerWaitMs));
    this.#opened.resolve();
    for (;;) {
      const reason = await attempt.end.promise;
      if (signal.aborted) return;
      if (reason !== null && !RESUMABLE.includes(reason.code)) throw reason;
      if (this.#badInARow >= this.#badFramesMax) throw this.#bad(reason!);
      onBroken(reason);
      await this.#options.clock.sleep(this.#backoff.nextMs(), signal).catch(() => {});
      if (signal.aborted) return;
      attempt = await this.#reach(peerWaitMs);
      this.#reconnects++;
      onRestored();
    }
  }

  /** Dials until a stream stands. Throws what is final, or UNAVAILABLE when the time is over. */
  #reach(waitMs: number): Promise<Attempt> {
    const { clock, peer } = this.#options;
    const { signal } = this.#leaving;
    const persistence = { clock, backoff: this.#backoff, waitMs, signal, what: `worker ${peer.worker}` };
    return persist(persistence, () => this.#dial());
  }

  async #dial(): Promise<Attempt> {
    const attempt: Attempt = { stream: undefined, ended: false, held: [], end: new Deferred() };
    this.#current = attempt;
    const sink: PeerSink = {
      frame: (bytes) => this.#current === attempt && !attempt.ended && this.#receive(attempt, bytes),
      closed: (reason) => this.#end(attempt, reason),
    };
    const { window, frameSeq } = this.#last;
    const from = { received: { window, frameSeq }, attempt: this.#attempts++ };
    const stream = await this.#options.transport.connect(this.#options.peer, sink, from);
    if (attempt.ended || this.#leaving.signal.aborted) stream.close(attempt.ended);
    else {
      attempt.stream = stream;
      if (attempt.held.length > 0) stream.pause();
    }
    return attempt;
  }

  #receive(attempt: Attempt, bytes: Uint8Array): void {
    if (attempt.held.length > 0) {
      attempt.held.push(bytes);
      return;
    }
    try {
      const room = this.#take(bytes);
      if (room !== undefined) this.#hold(attempt, bytes, room);
    } catch (reason) {
      this.#badInARow++;
      this.#end(attempt, MyriadError.from(reason, "CORRUPT"));
    }
  }

  #hold(attempt: Attempt, bytes: Uint8Array, room: Promise<void>): void {
    attempt.held.push(bytes);
    attempt.stream?.pause();
    this.#pulse(attempt);
    room.then(
      () => this.#goOn(attempt),
      (reason) => this.#end(attempt, MyriadError.from(reason, "LIMIT")),
    );
  }

  /** Offers what was held up once more, and reads on when all of it was taken. */
  #goOn(attempt: Attempt): void {
    if (attempt.ended || this.#current !== attempt) return;
    this.#stopPulse?.();
    const held = attempt.held;
    attempt.held = [];
    for (const bytes of held) if (!attempt.ended) this.#receive(attempt, bytes);
    if (attempt.held.length === 0) attempt.stream?.resume();
  }

  /** Says that this side lives, although it takes nothing. */
  #pulse(attempt: Attempt): void {
    this.#stopPulse?.();
    this.#stopPulse = this.#options.clock.setTimer(this.#options.silenceMsMax / PULSES, () => {
      attempt.stream?.send(encodeAck(this.#last));
      this.#pulse(attempt);
    });
  }

  /**
   * Throws CORRUPT for a damaged frame, PROTOCOL for one that leaves others out. It is as if it had not come then; nor
   * has it when there is no room for it, which the promise waits for.
   */
  #take(bytes: Uint8Array): Promise<void> | undefined {
    const header = readHeader(bytes);
    verifyChecksum(bytes);
    const place = follows(this.#last, header);
    if (place === "gap") {
      const { window, frameSeq } = this.#last;
      const what = `frame ${header.frameSeq} of window ${header.window} does not follow ${frameSeq} of ${window}`;
      throw new MyriadError("PROTOCOL", what);
    }
    if (place === "repeat") this.#repeats++;
    else {
      const room = this.#options.frame(bytes);
      if (room !== undefined) return room;
      this.#last = header;
      if (header.closing) this.#whole = header;
      this.#badInARow = 0;
      this.#backoff.reset();
    }
    this.#owe(bytes.length);
    return undefined;
  }

  /** The peer is owed an acknowledgement, for so many bytes more. */
  #owe(bytes: number): void {
    this.#unacknowledgedBytes += bytes;
    if (this.#unacknowledgedBytes >= ACK_BYTES) this.#acknowledge();
    else this.#cancelAck ??= this.#options.clock.setTimer(ACK_MS, () => this.#acknowledge());
  }

  #acknowledge(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    const stream = this.#current?.stream;
    if (this.#unacknowledgedBytes === 0 || stream === undefined) return;
    this.#unacknowledgedBytes = 0;
    stream.send(encodeAck(this.#last));
  }

  /** What the next greeting says is the acknowledgement of all that has come. */
  #end(attempt: Attempt, reason: MyriadError | null): void {
    if (attempt.ended) return;
    attempt.ended = true;
    attempt.held = [];
    this.#stopPulse?.();
    const { stream } = attempt;
    attempt.stream = undefined;
    this.#unacknowledgedBytes = 0;
    stream?.close(reason !== null);
    attempt.end.resolve(reason);
  }

  #bad(last: MyriadError): MyriadError {
    const { worker, address } = this.#options.peer;
    const who = `worker ${worker} at ${address}`;
    const why = last.message.slice(last.code.length + 2);
    return new MyriadError(last.code, `${who} sent ${this.#badFramesMax} bad frames in a row, the last: ${why}`);
  }
}
