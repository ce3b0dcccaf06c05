import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";

/** From this share of the limit on, the worker slows down. */
const NEAR = 0.85;
/** The pause between two windows just below the limit; it grows from 0 with the square of the share above NEAR. */
const PAUSE_MS_MAX = 1_000;
/** Asking the system for the memory in use costs as much as a small window. */
const LOOK_MS = 50;
const MIB = 2 ** 20;

export interface MemoryGuardOptions {
  /** Infinity: none. */
  readonly limitBytes: number;
  /** Resident bytes of the process. */
  readonly rss: () => number;
  readonly clock: Clock;
}

/** What a worker's memory allows. */
export type MemoryVerdict =
  | { readonly kind: "fine" }
  /** Near the limit: garbage is collected and peers take what waits for them while the next window does. */
  | { readonly kind: "near"; readonly pauseMs: number }
  | { readonly kind: "over"; readonly usedBytes: number };

const FINE: MemoryVerdict = { kind: "fine" };

/** Watches the memory of a worker's process, between windows. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #last: MemoryVerdict = FINE;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
  }

  /** After each barrier; the system is asked now and then only. */
  look(): MemoryVerdict {
    const { limitBytes, rss, clock } = this.#options;
    if (limitBytes === Number.POSITIVE_INFINITY) return FINE;
    const nowMs = clock.now();
    if (nowMs - this.#lookedMs < LOOK_MS) return this.#last;
    this.#lookedMs = nowMs;
    const usedBytes = rss();
    const share = usedBytes / limitBytes;
    if (share > 1) this.#last = { kind: "over", usedBytes };
    else if (share <= NEAR) this.#last = FINE;
    else this.#last = { kind: "near", pauseMs: PAUSE_MS_MAX * ((share - NEAR) / (1 - NEAR)) ** 2 };
    return this.#last;
  }

  /** What the run ends with past the limit. */
  failure(usedBytes: number, holds: { agents: number; pending: number; effects: number }): MyriadError {
    const mib = (bytes: number): number => Math.ceil(bytes / MIB);
    const what = `${holds.agents} agents, ${holds.pending} events that wait, ${holds.effects} effects under way`;
    const { limitBytes } = this.#options;
    return new MyriadError(
      "LIMIT",
      `this worker takes ${mib(usedBytes)} MiB; its memoryMax is ${mib(limitBytes)} MiB (it holds ${what})`,
    );
  }
}
