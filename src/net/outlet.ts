import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { FrameLog } from "./frame-log.ts";
import { Patience } from "./patience.ts";
import { decodeAck } from "./sealed.ts";
import type { PeerSink, PeerStream } from "./transport.ts";

/** How long the two ends of a link have patience with each other. */
export interface LinkTiming {
  /** Without an acknowledgement of what was sent for so long, a stream is taken for cut. */
  readonly silenceMsMax: number;
  /** A peer that has no stream to us for so long is lost. */
  readonly peerWaitMs: number;
}

export interface OutletOptions extends LinkTiming {
  readonly peer: number;
  readonly clock: Clock;
  /** The peer is not to be had any more: UNAVAILABLE, or PROTOCOL. Called once. */
  readonly onLost: (reason: MyriadError) => void;
  /** The peer acknowledges nothing, and its stream is broken off; it will open another. */
  readonly onSilent: () => void;
  readonly log: FrameLog;
}

/**
 * The sending end of a link: keeps the frames for a peer until it has acknowledged them, and sends them again from where
 * it says, on whichever stream it has opened last. What is given to it is not lost while the peer lives.
 */
export class Outlet {
  readonly peer: number;
  readonly #options: OutletOptions;
  readonly #log: FrameLog;
  /** Runs while frames are under way. */
  readonly #acks: Patience;
  /** Runs while there is no stream. */
  readonly #absence: Patience;
  #stream: PeerStream | undefined;
  #attempt = -1;
  #blocked = false;
  #loading = false;
  #closed = false;
  /** The stream that comes next is another process's. */
  #restarted = false;
  /** Frames that were sent more than once. */
  resent = 0;

  constructor(options: OutletOptions) {
    const { peer, clock, silenceMsMax, peerWaitMs } = options;
    this.peer = peer;
    this.#options = options;
    this.#log = options.log;
    this.#acks = new Patience(clock, silenceMsMax, () => this.#silent());
    this.#absence = new Patience(clock, peerWaitMs, () => this.#missed());
  }

  /**
   * Takes a frame to be sent; the bytes must not change afterwards. False: taken, but it has to wait, for there is no
   * stream or the peer is slow. Throws LIMIT when too much waits already, SPILL_FAILED when the disk does not take it.
   */
  send(frame: Uint8Array): boolean {
    this.#log.push(frame);
    this.#pump();
    return this.#stream !== undefined && !this.#blocked;
  }

  /** Bytes of the frames that are kept for the peer. */
  get kept(): { readonly memoryBytes: number; readonly diskBytes: number } {
    const { memoryBytes, diskBytes } = this.#log;
    return { memoryBytes, diskBytes };
  }

  /** Resolves when frames that wait, for this peer or another, have got out of memory; undefined: there is room. Rejects as `send` throws. */
  room(): Promise<void> | undefined {
    return this.#log.room();
  }

  /** Frames of windows before this one are retained no more. */
  release(window: number): void {
    this.#log.release(window);
  }

  /**
   * Goes on with the stream that the peer has opened, from its first `drained` on. Throws UNAVAILABLE for one that is
   * older than the last, PROTOCOL when the peer says to have what cannot be.
   */
  resume(stream: PeerStream): PeerSink {
    if (this.#closed) throw new MyriadError("UNAVAILABLE", "the run is over");
    if (stream.attempt <= this.#attempt) throw new MyriadError("UNAVAILABLE", "a newer stream stands");
    this.#attempt = stream.attempt;
    const old = this.#stream;
    this.#detach();
    old?.close();
    try {
      this.resent += this.#log.rewind(stream.received, this.#restarted);
      this.#restarted = false;
    } catch (reason) {
      this.#lost(MyriadError.from(reason, "PROTOCOL"));
      throw reason;
    }
    this.#stream = stream;
    this.#blocked = true;
    this.#absence.stop();
    const current = (): boolean => this.#stream === stream;
    return {
      frame: (bytes) => current() && this.#acknowledge(bytes),
      closed: () => current() && this.#broke(),
      drained: () => {
        if (!current()) return;
        this.#blocked = false;
        this.#pump();
      },
    };
  }

  /**
   * The peer is another process from now on, which may have been lost before: its streams count anew, and the first may
   * ask for any position whose frames are kept. Streams of the old one are to be refused by the caller.
   */
  restart(): void {
    this.#leave();
    this.#closed = false;
    this.#attempt = -1;
    this.#restarted = true;
    this.#absence.start();
  }

  /** Nothing is sent any more, and what was kept is given back. */
  close(): void {
    this.#leave();
    this.#log.close();
  }

  #leave(): void {
    this.#closed = true;
    this.#absence.stop();
    const stream = this.#stream;
    this.#detach();
    stream?.close();
  }

  #pump(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    while (!this.#blocked) {
      const frame = this.#log.take();
      if (frame === undefined) {
        if (this.#log.mustLoad) this.#load();
        break;
      }
      this.#blocked = !stream.send(frame);
    }
    if (this.#log.underWay > 0) this.#acks.start();
  }

  /** One piece at a time: what is sent from disk takes no more memory than that. */
  #load(): void {
    if (this.#loading) return;
    this.#loading = true;
    this.#log.load().then(
      () => {
        this.#loading = false;
        this.#pump();
      },
      (reason) => this.#lost(MyriadError.from(reason, "SPILL_FAILED")),
    );
  }

  #acknowledge(bytes: Uint8Array): void {
    try {
      this.#log.acknowledge(decodeAck(bytes));
    } catch (reason) {
      const error = MyriadError.from(reason, "CORRUPT");
      if (error.code === "CORRUPT") this.#stream!.close(true);
      else this.#lost(error);
      return;
    }
    this.#acks.renew();
    if (this.#log.underWay === 0) this.#acks.stop();
  }

  #silent(): void {
    this.#options.onSilent();
    this.#stream?.close(true);
  }

  #broke(): void {
    this.#detach();
    if (!this.#closed) this.#absence.start();
  }

  #detach(): void {
    this.#stream = undefined;
    this.#acks.stop();
  }

  /** A peer that has all, and is not needed, may be away. */
  #missed(): void {
    const { peer, peerWaitMs } = this.#options;
    if (this.#log.empty) this.#absence.start();
    else this.#lost(new MyriadError("UNAVAILABLE", `worker ${peer} has not come back for ${peerWaitMs / 1000} s`));
  }

  #lost(reason: MyriadError): void {
    if (this.#closed) return;
    this.#leave();
    this.#options.onLost(reason);
  }
}
