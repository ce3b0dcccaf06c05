import { MyriadError } from "../base/error.ts";
import type { SpillBudget } from "../store/spill-budget.ts";
import { SpillQueue } from "../store/spill-queue.ts";
import { comparePositions, type FramePosition, SERIES_START } from "../wire/frame.ts";
import { FrameIndex } from "./frame-index.ts";
import { isWhole, showPosition } from "./series.ts";

export interface FrameLogOptions {
  readonly peer: number;
  /** Memory and disk that the frames may take, together with those of other logs. */
  readonly budget: SpillBudget;
  /** Keeps what the peer has acknowledged until it is released as well. Default false. */
  readonly retain?: boolean | undefined;
}

/**
 * The frames for one peer, in their order: from the first that it has not acknowledged or, where they are retained,
 * from the first that was not released. Some of them have been sent; some may be on disk.
 */
export class FrameLog {
  readonly #budget: SpillBudget;
  readonly #queue: SpillQueue;
  readonly #index = new FrameIndex();
  /** Frames go by their numbers, from 0. The first that is kept, that is not acknowledged, that is to be sent next. */
  #first = 0;
  #unacknowledged = 0;
  #next = 0;
  /** The last frame that is not kept any more. */
  #dropped: FramePosition = SERIES_START;
  /** Frames of windows before this one are not retained. */
  #released: number;
  /** Whole windows that the peer has, whether or not this log has sent them. */
  #had: FramePosition = SERIES_START;

  constructor({ peer, budget, retain = false }: FrameLogOptions) {
    this.#released = retain ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    this.#budget = budget;
    this.#queue = new SpillQueue(budget, `wait for worker ${peer}`);
  }

  get memoryBytes(): number {
    return this.#queue.memoryBytes;
  }

  get diskBytes(): number {
    return this.#queue.diskBytes;
  }

  /** The peer has acknowledged all. */
  get empty(): boolean {
    return this.#unacknowledged === this.#index.end;
  }

  /** Frames that were sent and are not acknowledged. */
  get underWay(): number {
    return this.#next - this.#unacknowledged;
  }

  /** The next frame to be sent is on disk. */
  get mustLoad(): boolean {
    return this.#next < this.#index.end && this.#queue.at(this.#next) === undefined;
  }

  /** Throws LIMIT past the budget's disk, naming the peer; SPILL_FAILED when the disk cannot be written to. */
  push(frame: Uint8Array): void {
    const number = this.#index.end;
    this.#index.push(frame);
    this.#queue.push(frame);
    if (this.#had === SERIES_START || comparePositions(this.#index.position(number), this.#had) > 0) return;
    this.#unacknowledged = this.#next = number + 1;
    this.#drop();
  }

  /** The next frame to be sent. Undefined when there is none, or it must be loaded. */
  take(): Uint8Array | undefined {
    if (this.#next === this.#index.end) return undefined;
    const frame = this.#queue.at(this.#next);
    if (frame !== undefined) this.#next++;
    return frame;
  }

  /** Resolves when the budget has room in memory; undefined: it has. Rejects as `push` throws. */
  room(): Promise<void> | undefined {
    return this.#budget.room();
  }

  /** Reads the next frame back from disk, and those around it. Throws SPILL_FAILED, CORRUPT. */
  load(): Promise<void> {
    return this.#queue.load(this.#next);
  }

  /** The peer has all up to there. Throws PROTOCOL when that has not been sent. */
  acknowledge(position: FramePosition): void {
    this.#unacknowledged = Math.min(this.#index.after(position, this.#unacknowledged), this.#next);
    this.#checkSent(position);
    this.#drop();
  }

  /**
   * Goes back to right behind `position`, the last frame that the peer has: all that follows is sent again. With
   * `restarted` the peer is another process than the one that has acknowledged, and may have less: any position can be
   * gone back to whose frames are kept. A peer that has whole windows which are yet to come is not sent them.
   * Returns how many frames are sent again. Throws PROTOCOL when frames that follow are not kept any more, or
   * `position` was not sent.
   */
  rewind(position: FramePosition, restarted = false): number {
    const low = restarted ? this.#dropped : this.#lastAcknowledged;
    if (comparePositions(position, low) < 0) {
      const both = `it has ${showPosition(position)}, and had acknowledged ${showPosition(low)}`;
      throw new MyriadError("PROTOCOL", `a worker has fewer frames than before: ${both}`);
    }
    const sent = this.#next;
    const whole = isWhole(position);
    const behind = this.#index.after(position, this.#first);
    this.#unacknowledged = whole ? behind : Math.min(behind, sent);
    this.#next = this.#unacknowledged;
    // What the process before had of windows that are yet to come, this one has not.
    if (whole || restarted) this.#had = whole ? position : SERIES_START;
    if (!whole) this.#checkSent(position);
    this.#drop();
    return Math.max(0, sent - this.#next);
  }

  /** Frames of windows before this one are retained no more: a checkpoint that covers them is committed. */
  release(window: number): void {
    this.#released = Math.max(this.#released, window);
    this.#drop();
  }

  /** Gives back memory and disk; nothing may be added or taken any more. */
  close(): void {
    this.#queue.close();
  }

  get #lastAcknowledged(): FramePosition {
    const last = this.#unacknowledged - 1;
    return last < this.#first ? this.#dropped : this.#index.position(last);
  }

  #checkSent(position: FramePosition): void {
    if (comparePositions(position, this.#lastAcknowledged) <= 0 || comparePositions(position, this.#had) <= 0) return;
    throw new MyriadError("PROTOCOL", `frame ${showPosition(position)} was acknowledged, but not sent`);
  }

  #drop(): void {
    let first = this.#unacknowledged;
    if (this.#released !== Number.POSITIVE_INFINITY) {
      const released = this.#index.after({ window: this.#released, frameSeq: -1 }, this.#first);
      first = Math.min(first, released);
    }
    if (first <= this.#first) return;
    this.#dropped = this.#index.position(first - 1);
    this.#first = first;
    this.#index.dropTo(first);
    this.#queue.dropTo(first);
  }
}
