/** A promise that is settled from outside. Settling it again does nothing, as with any promise. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  #settled = false;
  #resolve!: (value: T | PromiseLike<T>) => void;
  #reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** True once `resolve` or `reject` was called, even if with a promise that is still pending. */
  get settled(): boolean {
    return this.#settled;
  }

  /** An arrow, so that it can be handed out as a callback. */
  readonly resolve = (value: T | PromiseLike<T>): void => {
    this.#settled = true;
    this.#resolve(value);
  };

  readonly reject = (reason: unknown): void => {
    this.#settled = true;
    this.#reject(reason);
  };
}
