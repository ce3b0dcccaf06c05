import { Activity, type Progress } from "../wire/gen/myriad/v1/beats.ts";

/** How a worker is, by its beats. */
export type Health =
  /** Beats come, and it gets on, or has a reason not to: it waits for a peer, for answers, for the master. */
  | { readonly kind: "alive" }
  /** Beats come, but it has computed for so long without any progress. */
  | { readonly kind: "straggling"; readonly forMs: number }
  /** No beats come, or it has straggled for too long. */
  | { readonly kind: "dead"; readonly why: string };

export interface HealthLimits {
  /** Dead when not heard of for so long; a straggler when without progress for so long. */
  readonly timeoutMs: number;
  /** Dead when without progress for so long. */
  readonly stallMs: number;
}

/** The first beat may take so long: a thread must start for it, on a machine where all workers start at once. */
const FIRST_BEAT_MS_MAX = 60_000;

/** What a worker's beats amount to. */
export class LinkHealth {
  #lastMs: number;
  #progressMs: number;
  #heard = false;
  #computing = false;
  #window = Number.NaN;
  #events = Number.NaN;
  #rounds = Number.NaN;
  /** Least time that a beat took, by two clocks that have nothing in common but their pace. */
  #fastestMs = Number.POSITIVE_INFINITY;
  /** How much longer than the fastest the last beat took from being sent to being read. */
  delayMs = 0;

  /** Of a worker that came at `nowMs`. */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
    this.#progressMs = nowMs;
  }

  /** Clock time of the last sign of life. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** How long it had computed without progress at its last beat. */
  get stalledMs(): number {
    return this.#computing ? this.#lastMs - this.#progressMs : 0;
  }

  beat(nowMs: number, sentMs: number, progress: Progress | undefined): void {
    this.#heard = true;
    this.#lastMs = nowMs;
    this.#fastestMs = Math.min(this.#fastestMs, nowMs - sentMs);
    this.delayMs = nowMs - sentMs - this.#fastestMs;
    this.#computing = progress?.activity === Activity.ACTIVITY_COMPUTING;
    if (!this.#computing || this.#hasMoved(progress!)) this.#progressMs = nowMs;
  }

  /** The master itself stood still for so long: that nothing came meanwhile says nothing. */
  forgive(ms: number): void {
    this.#lastMs += ms;
    this.#progressMs += ms;
  }

  at(nowMs: number, { timeoutMs, stallMs }: HealthLimits): Health {
    const silentMs = nowMs - this.#lastMs;
    const timeout = this.#heard ? timeoutMs : Math.max(timeoutMs, FIRST_BEAT_MS_MAX);
    if (silentMs > timeout) return { kind: "dead", why: `no beat for ${Math.round(silentMs)} ms` };
    const forMs = this.stalledMs;
    if (forMs > stallMs) {
      const seconds = Math.round(forMs / 1000);
      return { kind: "dead", why: `it has computed for ${seconds} s since window ${this.#window} (stallLimit)` };
    }
    return forMs > timeoutMs ? { kind: "straggling", forMs } : { kind: "alive" };
  }

  #hasMoved({ window, events, rounds }: Progress): boolean {
    const moved = window !== this.#window || events !== this.#events || rounds !== this.#rounds;
    this.#window = window;
    this.#events = events;
    this.#rounds = rounds;
    return moved;
  }
}
