import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { FrameLog } from "./frame-log.ts";
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
  readonly log?: FrameLog;
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
  #closed = false;
  /** Frames that were sent more than once. */
  resent = 0;

  constructor(options: OutletOptions) {
    const { peer, clock, silenceMsMax, peerWaitMs } = options;
    this.peer = peer;
    this.#options = options;
    this.#log = options.log ?? new FrameLog();
    this.#acks = new Patience(clock, silenceMsMax, () => this.#silent());
    this.#absence = new Patience(clock, peerWaitMs, () => this.#missed());
  }

  /**
   * Takes a frame to be sent; the bytes must not change afterwards. False: taken, but it has to wait, for there is no
   * stream or the peer is slow. Throws LIMIT when too much waits already.
   */
  send(frame: Uint8Array): boolean {
    this.#log.push(frame);
    this.#pump();
    return this.#stream !== undefined && !this.#blocked;
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
      this.resent += this.#log.rewind(stream.received);
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

  close(): void {
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
      if (frame === undefined) break;
      this.#blocked = !stream.send(frame);
    }
    if (this.#log.underWay > 0) this.#acks.start();
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
    this.close();
    this.#options.onLost(reason);
  }
}
