import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { SpillBudget, type SpillLimits } from "../store/spill-budget.ts";
import { SpillQueue } from "../store/spill-queue.ts";

/** Where a frame belongs, as its header says. */
export interface FramePlace {
  /** Worker id of the origin. */
  readonly sender: number;
  readonly window: number;
  /** Number of the frame within (sender, window), from 0. */
  readonly frameSeq: number;
  /** The origin's last frame of the window ... */
  readonly closing: boolean;
  /** ... and the highest number of a master's command that it had received by then. */
  readonly command: number;
}

/** What one origin has sent for one window. `closed`: all of it is here, and may be accepted. */
interface Slot {
  /** Undefined: nothing of it has come. */
  window: number | undefined;
  readonly queue: SpillQueue;
  /** Number in the queue of the window's first frame. */
  first: number;
  closed: boolean;
  /** What came with the frame that closed it. */
  command: number;
}

/** One origin's windows. */
interface Origin {
  /** The one that is being collected ... */
  current: Slot;
  /** ... and the one after it. */
  next: Slot;
  /** Waits for the window to advance. */
  room: Deferred | undefined;
}

/**
 * Frames that have come, by origin and window (protocol 14): they are accepted only once their origin has closed the
 * window. An origin that keeps step is never more than one window ahead, because it cannot pass the next barrier without
 * our closing frame; one that sends again what was before has to wait. So there are two slots for each, and what they
 * hold goes to disk past the memory it may take (protocol 18). Frames that repeat, leave a gap or belong nowhere are
 * refused.
 */
export class Staging {
  readonly #self: number;
  readonly #origins: Origin[];
  readonly #budget: SpillBudget;
  #window: number;
  #missing: number;
  #waiter: Deferred | undefined;
  #guard: Deferred | undefined;
  #failure: MyriadError | undefined;

  /** Begins with `window`, the first that is exchanged. */
  constructor(self: number, workers: number, window: number, limits: SpillLimits) {
    this.#self = self;
    this.#window = window;
    this.#missing = workers - 1;
    const budget = new SpillBudget(limits);
    this.#budget = budget;
    const slot = (origin: number, of: number | undefined): Slot => {
      const queue = new SpillQueue(budget, `have come from worker ${origin}`);
      return { window: of, queue, first: 0, closed: false, command: 0 };
    };
    this.#origins = Array.from({ length: workers }, (_, origin) => ({
      current: slot(origin, window),
      next: slot(origin, undefined),
      room: undefined,
    }));
  }

  /** The window whose frames are being collected. */
  get window(): number {
    return this.#window;
  }

  /** Worker ids that have not closed the window yet. */
  get missing(): number[] {
    return this.#origins.flatMap(({ current }, origin) => (current.closed || origin === this.#self ? [] : [origin]));
  }

  /** Bytes of the frames that are here, and the most that ever were. */
  get figures(): Pick<SpillBudget, "memoryBytes" | "diskBytes" | "peaks"> {
    const { memoryBytes, diskBytes, peaks } = this.#budget;
    return { memoryBytes, diskBytes, peaks };
  }

  /**
   * Takes a frame that has come. A promise: it is not taken, and may come again when that resolves, because two windows
   * of its origin are here already, or the disk has to catch up. Throws PROTOCOL when it does not follow what its origin
   * sent before, LIMIT and SPILL_FAILED when there is no place for it on disk; the promise may reject with these.
   */
  accept(place: FramePlace, frame: Uint8Array): Promise<void> | undefined {
    const slot = this.#slotFor(place);
    if (slot === undefined) return (this.#origins[place.sender]!.room ??= new Deferred()).promise;
    const count = slot.queue.end - slot.first;
    if (place.frameSeq !== count) {
      const what = place.frameSeq < count ? "came twice" : "came too early";
      throw refused(place, `frame ${place.frameSeq} ${what}; frame ${count} is next`);
    }
    const room = this.#budget.room();
    if (room !== undefined) return room;
    slot.window = place.window;
    slot.queue.push(frame);
    if (!place.closing) return undefined;
    slot.closed = true;
    slot.command = place.command;
    if (slot.window === this.#window && --this.#missing === 0) this.#waiter?.resolve();
    return undefined;
  }

  /**
   * Throws away what has come of the window that an origin has not closed: the origin is lost, and whoever comes in its
   * place may cut the window into other frames. What it has closed stays.
   */
  discard(origin: number): void {
    const { current, next } = this.#origins[origin]!;
    if (!current.closed) empty(current, this.#window);
    else if (!next.closed) empty(next, undefined);
  }

  /** Of the window that all have closed: the lowest of the numbers that came with their last frames; Infinity when alone. */
  get command(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const [origin, { current }] of this.#origins.entries()) {
      if (origin !== this.#self) least = Math.min(least, current.command);
    }
    return least;
  }

  /** The windows that an origin has closed and that are not past yet, with the number that came with each. */
  closedBy(origin: number): { readonly window: number; readonly command: number }[] {
    const { current, next } = this.#origins[origin]!;
    return [current, next].flatMap(({ closed, window, command }) => (closed ? [{ window: window!, command }] : []));
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

  /** Why the run cannot go on. */
  get failure(): MyriadError | undefined {
    return this.#failure;
  }

  /**
   * The frames of an origin that has closed the window, the closing one last. They are given away. Undefined when some
   * are on disk: then they are to be `drained`.
   */
  take(origin: number): readonly Uint8Array[] | undefined {
    return this.#closedSlot(origin).queue.takeAll();
  }

  /** The same, one after the other: those on disk are read back piece by piece. Throws SPILL_FAILED, CORRUPT. */
  async *drain(origin: number): AsyncGenerator<Uint8Array> {
    const { queue, first } = this.#closedSlot(origin);
    for (let number = first; number < queue.end; number++) {
      if (queue.at(number) === undefined) await queue.load(number);
      yield queue.at(number)!;
      queue.dropTo(number + 1);
    }
  }

  /** Goes on to the window that all agreed on. Throws PROTOCOL when an origin that is ahead took another one. */
  advance(window: number): void {
    this.#window = window;
    this.#waiter = undefined;
    this.#missing = 0;
    for (const [origin, at] of this.#origins.entries()) {
      const ahead = at.next.window;
      if (ahead !== undefined && ahead !== window) {
        throw new MyriadError("PROTOCOL", `worker ${origin} went on to window ${ahead}, this worker to ${window}`);
      }
      const { current, next, room } = at;
      empty(current, undefined);
      next.window = window;
      at.current = next;
      at.next = current;
      if (!next.closed && origin !== this.#self) this.#missing++;
      if (room === undefined) continue;
      at.room = undefined;
      room.resolve();
    }
  }

  /** Makes the wait, and all later ones, fail. The first reason stays. */
  fail(reason: MyriadError): void {
    this.#failure ??= reason;
    this.#waiter?.reject(this.#failure);
    this.#guard?.reject(this.#failure);
  }

  #closedSlot(origin: number): Slot {
    const { current } = this.#origins[origin]!;
    if (current.closed) return current;
    throw new MyriadError("PROTOCOL", `worker ${origin} has not closed window ${this.#window}`);
  }

  /** Where a frame belongs; undefined when it is of a window after the two that are held. */
  #slotFor(place: FramePlace): Slot | undefined {
    const { sender, window } = place;
    const origin = this.#origins[sender];
    if (origin === undefined || sender === this.#self) throw refused(place, "no such peer");
    const { current, next } = origin;
    if (!current.closed) {
      if (window !== this.#window) throw refused(place, `window ${this.#window} is not closed yet`);
      return current;
    }
    if (window <= this.#window) throw refused(place, "it has closed this window");
    if (next.window === undefined || (next.window === window && !next.closed)) return next;
    if (!next.closed) throw refused(place, `window ${next.window} is not closed yet`);
    if (window <= next.window) throw refused(place, "it has closed this window");
    return undefined;
  }
}

function empty(slot: Slot, window: number | undefined): void {
  slot.queue.dropTo(slot.queue.end);
  slot.first = slot.queue.end;
  slot.window = window;
  slot.closed = false;
}

const refused = (place: FramePlace, why: string): MyriadError =>
  new MyriadError("PROTOCOL", `frame of worker ${place.sender} for window ${place.window}: ${why}`);
