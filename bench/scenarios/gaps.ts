/** Wall-clock times between marks, in this process: a benchmark's scenario alone may look at the clock. */
export class Gaps {
  readonly #microseconds: number[] = [];
  #lastMs = Number.NaN;

  mark(): void {
    const now = performance.now();
    if (!Number.isNaN(this.#lastMs)) this.#microseconds.push((now - this.#lastMs) * 1000);
    this.#lastMs = now;
  }

  /** Microseconds; 0 where nothing was marked, as in a process that does not host who marks. */
  median(): number {
    const sorted = this.#microseconds.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }
}
