import { MyriadError } from "../base/error.ts";
import { comparePositions, type FramePosition, positionOf, SERIES_START } from "../wire/frame.ts";

/**
 * Bytes of frames that one peer has not acknowledged, beyond which the run ends: they would fill the memory. A worker is
 * never more than one window ahead of a peer, so this is what two windows of events to one peer may take.
 */
export const LOG_BYTES_MAX = 1024 * 1024 * 1024;
/** Places at the front that are free are given back when there are so many. */
const FREE_MAX = 1024;

/** The frames for one peer, in their order, from the first that it has not acknowledged; some of them have been sent. */
export class FrameLog {
  readonly #bytesMax: number;
  #frames: Uint8Array[] = [];
  /** Index of the first frame that is kept; those before are free places. */
  #first = 0;
  /** Index of the first that is not sent yet. */
  #next = 0;
  #acknowledged: FramePosition = SERIES_START;
  #bytes = 0;

  constructor(bytesMax = LOG_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing is kept: the peer has acknowledged all. */
  get empty(): boolean {
    return this.#first === this.#frames.length;
  }

  /** Frames that were sent and are not acknowledged. */
  get underWay(): number {
    return this.#next - this.#first;
  }

  /** Throws LIMIT past the log's bytes. */
  push(frame: Uint8Array): void {
    if (this.#bytes + frame.length > this.#bytesMax) {
      throw new MyriadError("LIMIT", `over ${this.#bytesMax} bytes of frames wait for one worker`);
    }
    this.#bytes += frame.length;
    this.#frames.push(frame);
  }

  /** The next frame to be sent. */
  take(): Uint8Array | undefined {
    const frame = this.#frames[this.#next];
    if (frame !== undefined) this.#next++;
    return frame;
  }

  /** The peer has all up to there. Throws PROTOCOL when that has not been sent. */
  acknowledge(position: FramePosition): void {
    while (this.#first < this.#next && comparePositions(positionOf(this.#frames[this.#first]!), position) <= 0) {
      const frame = this.#frames[this.#first]!;
      this.#acknowledged = positionOf(frame);
      this.#bytes -= frame.length;
      this.#frames[this.#first++] = NONE;
    }
    if (comparePositions(position, this.#acknowledged) > 0) {
      throw new MyriadError("PROTOCOL", `frame ${shown(position)} was acknowledged, but not sent`);
    }
    if (this.#first > FREE_MAX && this.#first * 2 > this.#frames.length) this.#shrink();
  }

  /**
   * Goes back to right behind `position`, the last frame that the peer has: all that follows is sent again. Returns how
   * many frames that are. Throws PROTOCOL when they are not kept any more, or `position` was not sent.
   */
  rewind(position: FramePosition): number {
    this.acknowledge(position);
    if (comparePositions(position, this.#acknowledged) < 0) {
      const both = `it has ${shown(position)}, and had acknowledged ${shown(this.#acknowledged)}`;
      throw new MyriadError("PROTOCOL", `a worker has fewer frames than before: ${both}`);
    }
    const again = this.#next - this.#first;
    this.#next = this.#first;
    return again;
  }

  #shrink(): void {
    this.#frames = this.#frames.slice(this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }
}

const NONE = new Uint8Array(0);

const shown = ({ window, frameSeq }: FramePosition): string => `${frameSeq} of window ${window}`;
