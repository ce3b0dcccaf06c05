import { TIMER_MS_MAX } from "./limits.ts";

/** Real time, always passed in. Nothing that shows in a result may depend on it. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms` (any length, below zero means zero) and returns what cancels it. */
  setTimer(ms: number, fn: () => void): () => void;
}

/** The host's monotonic clock. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
  setTimer(ms, fn) {
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      // Node fires timers that are too long at once, so they are waited for in pieces.
      if (left > TIMER_MS_MAX) handle = setTimeout(() => arm(left - TIMER_MS_MAX), TIMER_MS_MAX);
      else handle = setTimeout(fn, left);
    };
    arm(ms);
    return () => clearTimeout(handle);
  },
};

/** `sleep` for any clock that has timers. */
function sleepOn(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

interface Timer {
  due: number;
  order: number;
  fn: () => void;
}

/** A clock that stands still until told otherwise: for tests. Timers of one moment fire in the order in which they were set. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(now = 0) {
    this.#now = now;
  }

  /** Timers that wait. A test ends with none. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on by `ms`, fires what falls due in order (also what that sets), and lets promises run after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await drainMicrotasks();
    for (let next = this.#first(end); next; next = this.#first(end)) {
      this.#timers.delete(next);
      this.#now = next.due;
      next.fn();
      await drainMicrotasks();
    }
    this.#now = end;
  }

  #first(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** Resolves when all promise reactions queued so far, and those they queue, have run. */
export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
