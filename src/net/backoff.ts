export interface BackoffOptions {
  /** The first pause is at most so long; each further one may be twice as long as the one before. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

/**
 * Pauses between attempts: capped exponential, with full jitter, so that those who lost the same connection at the same
 * time do not come back at the same time (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015).
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #limitMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#limitMs = options.firstMs;
  }

  /** The next pause in ms: uniform between 0 and a limit that doubles from call to call, up to `maxMs`. */
  nextMs(): number {
    const { maxMs, chance } = this.#options;
    const limitMs = Math.min(this.#limitMs, maxMs);
    this.#limitMs = limitMs * 2;
    return chance() * limitMs;
  }

  /** What was attempted has worked: the next pause is a first one. */
  reset(): void {
    this.#limitMs = this.#options.firstMs;
  }
}
