/**
 * Makes items durable in batches, one after the other: those that come while a batch is under way share the next one. After a failure nothing can be
 * said of what follows, so every later call rejects with it.
 */
export class GroupCommit<T> {
  readonly #commit: (items: T[]) => Promise<void>;
  #waiting: T[] = [];
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `commit` resolves when the items are durable. It is never called twice at once. */
  constructor(commit: (items: T[]) => Promise<void>) {
    this.#commit = commit;
  }

  add(item: T): void {
    this.#waiting.push(item);
  }

  /** Resolves when all that was added before is durable: at once when there is nothing. */
  sync(): Promise<void> {
    if (this.#waiting.length === 0) return this.#running ?? Promise.resolve();
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    const items = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    // One that failed stays, and all that would come after it fails with it.
    const running = this.#commit(items).then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
