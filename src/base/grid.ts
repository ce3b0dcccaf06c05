import { MyriadError } from "./error.ts";

/**
 * Windows are numbered below 2^51. Up to there the edges are all different, and the quotient in `windowOf` (three roundings of half an ulp) is off by
 * less than one window, so that one comparison with each edge finds the right one.
 */
export const WINDOWS_MAX = 2 ** 51;
/** The smallest normal double: the reciprocal of anything below may be infinite. */
const LOOKAHEAD_MIN = 2 ** -1022;

/** The fixed grid of windows: window k is [edge(k), edge(k + 1)) with edge(k) = k * lookahead, rounded once (protocol 1). */
export class WindowGrid {
  readonly lookahead: number;
  /** Times must stay below this one. */
  readonly timeMax: number;
  readonly #inverse: number;

  /** `lookahead`: finite, at least 2^-1022; anything else throws INVALID_SCENARIO. */
  constructor(lookahead: number) {
    if (!(lookahead >= LOOKAHEAD_MIN && lookahead < Infinity)) {
      throw new MyriadError("INVALID_SCENARIO", `lookahead must be a positive number, not ${String(lookahead)}`);
    }
    this.lookahead = lookahead;
    this.timeMax = WINDOWS_MAX * lookahead;
    this.#inverse = 1 / lookahead;
  }

  /** Start of window `k`. By multiplication: adding the lookahead again and again drifts. */
  edge(k: number): number {
    return k * this.lookahead;
  }

  /** The window of `time`, found by comparing with the edges: division alone puts 0.5 and 0.6 into one window of 0.1. Needs a usable time. */
  windowOf(time: number): number {
    const k = Math.floor(time * this.#inverse);
    if (time < k * this.lookahead) return k - 1;
    return time >= (k + 1) * this.lookahead ? k + 1 : k;
  }

  /** Throws LIMIT for a time so large that windows of this lookahead cannot be told apart (or NaN, or infinite). */
  assertUsable(time: number): void {
    if (time < this.timeMax) return;
    throw new MyriadError(
      "LIMIT",
      `time ${time} is too large for lookahead ${this.lookahead}: it must stay below ${this.timeMax}`,
    );
  }
}
