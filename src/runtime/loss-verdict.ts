import type { Clock } from "../base/clock.ts";
import type { MyriadError } from "../base/error.ts";

/** When a worker dies, several sides tell within this time; the one that knows best is believed. */
const EVIDENCE_MS = 250;

/** Weights of witnesses to a worker's loss. */
export const PEER_TELLS = 1;
export const STREAM_BROKE = 2;
export const PROCESS_ENDED = 3;

/** Collects what is said of a loss, and passes the weightiest on once. */
export class LossVerdict {
  readonly #clock: Clock;
  readonly #decide: (reason: MyriadError) => void;
  #best: { readonly reason: MyriadError; readonly weight: number } | undefined;

  constructor(clock: Clock, decide: (reason: MyriadError) => void) {
    this.#clock = clock;
    this.#decide = decide;
  }

  /** `weight`: how much the witness knows; of equal ones the first is believed. */
  hear(reason: MyriadError, weight: number): void {
    if (this.#best === undefined) this.#clock.setTimer(EVIDENCE_MS, () => this.#decide(this.#best!.reason));
    if (this.#best === undefined || weight > this.#best.weight) this.#best = { reason, weight };
  }
}
