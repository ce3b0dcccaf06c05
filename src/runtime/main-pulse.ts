const SIGN = 0;
const LAG = 1;
const OFFSET = 2;

/** Milliseconds of a clock that all threads of a process have in common; `performance.now` starts anew in each. */
export const threadsNowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * When the main thread's event loop has last turned, in memory that the thread which beats shares: from it that thread
 * knows how far the loop is behind, also while it stands still.
 */
export class MainPulse {
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;

  /** Of a buffer that the main thread's pulse has made, or a new one. */
  constructor(buffer = new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer);
  }

  /** The main thread's: the loop turns, at `nowMs` of its own clock and `lagMs` later than it should. */
  sign(nowMs: number, lagMs: number): void {
    const values = this.#values;
    // The two clocks run alike; what is between them is found once, for asking the common one makes garbage.
    if (values[SIGN] === 0) values[OFFSET] = threadsNowMs() - nowMs;
    values[SIGN] = nowMs;
    if (lagMs > values[LAG]!) values[LAG] = lagMs;
  }

  /** The other thread's: the longest that the loop was behind since last asked, 0 before its first sign. It should turn every `everyMs`. */
  takeLagMs(everyMs: number): number {
    const values = this.#values;
    if (values[SIGN] === 0) return 0;
    const past = values[LAG]!;
    values[LAG] = 0;
    return Math.max(0, past, threadsNowMs() - values[OFFSET]! - values[SIGN]! - everyMs);
  }
}
