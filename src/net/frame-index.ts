import { type FramePosition, positionOf } from "../wire/frame.ts";

const PLACES_FIRST = 64;

/** Positions of frames in their order, by number from 0: to find what a peer speaks of without reading the frames. */
export class FrameIndex {
  #windows = new Float64Array(PLACES_FIRST);
  #seqs = new Uint32Array(PLACES_FIRST);
  /** Number of the first place. */
  #first = 0;
  #count = 0;

  get end(): number {
    return this.#first + this.#count;
  }

  push(frame: Uint8Array): void {
    if (this.#count === this.#windows.length) this.#move(0, this.#count * 2);
    const { window, frameSeq } = positionOf(frame);
    const at = this.#count++;
    this.#windows[at] = window;
    this.#seqs[at] = frameSeq;
  }

  position(number: number): FramePosition {
    const at = number - this.#first;
    return { window: this.#windows[at]!, frameSeq: this.#seqs[at]! };
  }

  /** Number of the first frame from `from` on that comes after the position. */
  after(position: FramePosition, from: number): number {
    let low = from;
    let high = this.end;
    // Mostly it is among the first.
    while (low < high && low < from + 8 && !this.#isAfter(low, position)) low++;
    if (low < from + 8) return low;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#isAfter(middle, position)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Numbers below are not asked for any more. */
  dropTo(number: number): void {
    const free = number - this.#first;
    if (free > PLACES_FIRST && free * 2 > this.#count) this.#move(free, this.#windows.length);
  }

  #isAfter(number: number, position: FramePosition): boolean {
    const at = number - this.#first;
    const window = this.#windows[at]!;
    return window === position.window ? this.#seqs[at]! > position.frameSeq : window > position.window;
  }

  #move(from: number, places: number): void {
    this.#count -= from;
    this.#first += from;
    const moved = <T extends Float64Array | Uint32Array>(into: T, old: T): T => {
      into.set(old.subarray(from, from + this.#count));
      return into;
    };
    this.#windows = moved(new Float64Array(places), this.#windows);
    this.#seqs = moved(new Uint32Array(places), this.#seqs);
  }
}
