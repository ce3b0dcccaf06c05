import type { Clock } from "../base/clock.ts";

/** Looks within the time. A process that was stopped, or did not get to its timers, has missed one of them at most. */
const LOOKS = 4;

/**
 * Runs out after a time in which nothing has happened. It is counted in quarters, of which each must have been waited
 * for: one that this process slept through, stopped or busy in a handler, is no sign that the other side is silent.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #quarterMs: number;
  readonly #onOver: () => void;
  #cancel: (() => void) | undefined;
  #quarters = 0;

  constructor(clock: Clock, ms: number, onOver: () => void) {
    this.#clock = clock;
    this.#quarterMs = ms / LOOKS;
    this.#onOver = onOver;
  }

  get running(): boolean {
    return this.#cancel !== undefined;
  }

  /** The time begins now, unless it runs already. */
  start(): void {
    if (this.#cancel === undefined) this.#wait();
  }

  /** Something has happened: the time begins anew if it runs. */
  renew(): void {
    this.#quarters = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#quarters = 0;
  }

  #wait(): void {
    this.#cancel = this.#clock.setTimer(this.#quarterMs, () => {
      if (++this.#quarters < LOOKS) return this.#wait();
      this.stop();
      this.#onOver();
    });
  }
}
