import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";

/** Where a frame belongs, as its header says. */
export interface FramePlace {
  /** Worker id of the origin. */
  readonly sender: number;
  readonly window: number;
  /** Number of the frame within (sender, window), from 0. */
  readonly frameSeq: number;
  /** The origin's last frame of the window. */
  readonly closing: boolean;
}

/** What one origin has sent for one window. `closed`: all of it is here, and may be accepted. */
interface Slot {
  readonly window: number;
  readonly frames: Uint8Array[];
  closed: boolean;
}

/** Bytes of staged frames beyond which a run ends: they would fill the memory. Two windows must always fit. */
export const STAGED_BYTES_MAX = 1024 * 1024 * 1024;

/**
 * Frames that have come, by origin and window (protocol 14): they are accepted only once their origin has closed the
 * window. No origin is ever more than one window ahead, because it cannot pass the next barrier without our closing
 * frame; so there are two slots for each. Frames that repeat, leave a gap or belong nowhere are refused.
 */
export class Staging {
  readonly #self: number;
  readonly #current: Slot[];
  readonly #next: (Slot | undefined)[];
  #window: number;
  #missing: number;
  #bytes = 0;
  #waiter: Deferred | undefined;
  #guard: Deferred | undefined;
  #failure: MyriadError | undefined;

  /** Begins with `window`, the first that is exchanged. */
  constructor(self: number, workers: number, window: number) {
    this.#self = self;
    this.#window = window;
    this.#missing = workers - 1;
    this.#current = Array.from({ length: workers }, () => ({ window, frames: [], closed: false }));
    this.#next = new Array(workers).fill(undefined);
  }

  /** The window whose frames are being collected. */
  get window(): number {
    return this.#window;
  }

  /** Worker ids that have not closed the window yet. */
  get missing(): number[] {
    return this.#current.flatMap((slot, origin) => (slot.closed || origin === this.#self ? [] : [origin]));
  }

  /** Takes a frame that has come. Throws PROTOCOL when it does not follow what its origin sent before. */
  accept(place: FramePlace, frame: Uint8Array): void {
    const slot = this.#slotFor(place);
    if (place.frameSeq !== slot.frames.length) {
      const what = place.frameSeq < slot.frames.length ? "came twice" : "came too early";
      throw refused(place, `frame ${place.frameSeq} ${what}; frame ${slot.frames.length} is next`);
    }
    this.#bytes += frame.length;
    if (this.#bytes > STAGED_BYTES_MAX) {
      throw new MyriadError(
        "LIMIT",
        `window ${this.#window}: over ${STAGED_BYTES_MAX} bytes of events from other workers`,
      );
    }
    slot.frames.push(frame);
    if (!place.closing) return;
    slot.closed = true;
    if (slot.window === this.#window && --this.#missing === 0) this.#waiter?.resolve();
  }

  /** Resolves when every other worker has closed the window; null when they have. Rejects as soon as that cannot be. */
  whenClosed(): Promise<void> | null {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#missing === 0) return null;
    this.#waiter = new Deferred();
    return this.#waiter.promise;
  }

  /** As `promise`, but rejects as soon as the run cannot go on. */
  guard(promise: Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    // Not Promise.race: a reaction would stay on a promise that lives as long as the run, for every window.
    const guard = new Deferred();
    this.#guard = guard;
    promise.then(guard.resolve, guard.reject);
    return guard.promise;
  }

  /** The frames of an origin that has closed the window, the closing one last. They are given away. */
  take(origin: number): readonly Uint8Array[] {
    const slot = this.#current[origin]!;
    if (!slot.closed) throw new MyriadError("PROTOCOL", `worker ${origin} has not closed window ${this.#window}`);
    for (const frame of slot.frames) this.#bytes -= frame.length;
    return slot.frames;
  }

  /** Goes on to the window that all agreed on. Throws PROTOCOL when an origin that is ahead took another one. */
  advance(window: number): void {
    this.#window = window;
    this.#waiter = undefined;
    this.#missing = 0;
    for (let origin = 0; origin < this.#current.length; origin++) {
      const ahead = this.#next[origin];
      if (ahead !== undefined && ahead.window !== window) {
        throw new MyriadError(
          "PROTOCOL",
          `worker ${origin} went on to window ${ahead.window}, this worker to ${window}`,
        );
      }
      const slot = ahead ?? { window, frames: [], closed: false };
      this.#current[origin] = slot;
      this.#next[origin] = undefined;
      if (!slot.closed && origin !== this.#self) this.#missing++;
    }
  }

  /** Makes the wait, and all later ones, fail. The first reason stays. */
  fail(reason: MyriadError): void {
    this.#failure ??= reason;
    this.#waiter?.reject(this.#failure);
    this.#guard?.reject(this.#failure);
  }

  #slotFor(place: FramePlace): Slot {
    const { sender, window } = place;
    const current = this.#current[sender];
    if (current === undefined || sender === this.#self) throw refused(place, "no such peer");
    if (!current.closed) {
      if (window !== this.#window) throw refused(place, `window ${this.#window} is not closed yet`);
      return current;
    }
    if (window <= this.#window) throw refused(place, "it has closed this window");
    const ahead = (this.#next[sender] ??= { window, frames: [], closed: false });
    if (ahead.window !== window || ahead.closed) throw refused(place, `it cannot be past window ${ahead.window}`);
    return ahead;
  }
}

const refused = (place: FramePlace, why: string): MyriadError =>
  new MyriadError("PROTOCOL", `frame of worker ${place.sender} for window ${place.window}: ${why}`);
