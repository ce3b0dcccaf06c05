import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { type ErrorCode, MyriadError } from "../base/error.ts";
import { type FramePosition, readHeader, SERIES_START, verifyChecksum } from "../wire/frame.ts";
import type { Backoff } from "./backoff.ts";
import { firstWaitMs, peerBackoff, persist } from "./persist.ts";
import { encodeAck } from "./sealed.ts";
import { follows } from "./series.ts";
import type { PeerAddress, PeerSink, PeerStream, Transport } from "./transport.ts";

/** A peer is told what has come after so many bytes, or after so long: not frame by frame. */
const ACK_BYTES = 1024 * 1024;
const ACK_MS = 50;
const BAD_FRAMES_MAX_DEFAULT = 5;
/** What a stream may end of and be opened anew. */
const RESUMABLE: readonly ErrorCode[] = ["UNAVAILABLE", "CORRUPT", "PROTOCOL"];

export interface InletOptions {
  readonly peer: PeerAddress;
  readonly transport: Pick<Transport, "connect">;
  /**
   * Takes each frame once, in the order in which the peer has sent them. Refuses one by throwing: PROTOCOL, when windows
   * before it have not come, breaks the stream as a gap within a window does; all else ends the link.
   */
  readonly frame: (bytes: Uint8Array) => void;
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
  #last: FramePosition & { readonly closing: boolean } = { ...SERIES_START, closing: true };
  #unacknowledgedBytes = 0;
  #cancelAck: (() => void) | undefined;
  #badInARow = 0;
  #reconnects = 0;
  #repeats = 0;

  constructor(options: InletOptions) {
    this.#options = options;
    const { chance, badFramesMax = BAD_FRAMES_MAX_DEFAULT } = options;
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
    const attempt: Attempt = { stream: undefined, ended: false, end: new Deferred() };
    this.#current = attempt;
    const sink: PeerSink = {
      frame: (bytes) => this.#current === attempt && !attempt.ended && this.#receive(attempt, bytes),
      closed: (reason) => this.#end(attempt, reason),
    };
    const { window, frameSeq } = this.#last;
    const from = { received: { window, frameSeq }, attempt: this.#attempts++ };
    const stream = await this.#options.transport.connect(this.#options.peer, sink, from);
    if (attempt.ended || this.#leaving.signal.aborted) stream.close(attempt.ended);
    else attempt.stream = stream;
    return attempt;
  }

  #receive(attempt: Attempt, bytes: Uint8Array): void {
    try {
      this.#take(bytes);
    } catch (reason) {
      this.#badInARow++;
      this.#end(attempt, MyriadError.from(reason, "CORRUPT"));
    }
  }

  /** Throws CORRUPT for a damaged frame, PROTOCOL for one that leaves others out; it is as if it had not come then. */
  #take(bytes: Uint8Array): void {
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
      this.#options.frame(bytes);
      this.#last = header;
      this.#badInARow = 0;
      this.#backoff.reset();
    }
    this.#owe(bytes.length);
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
