import type { EffectRequest, Outcome } from "./effects.ts";

/** A call that a handler has made and waits for. */
export interface Call {
  readonly what: string;
  readonly promise: { readonly awaited: boolean };
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Of a request: its number, by which the reply finds it. */
  readonly seq: number | undefined;
  /** Of a request: the handle of its time-out. */
  readonly timer: number | undefined;
  readonly effect: EffectRequest | undefined;
  started: boolean;
  outcome: Outcome | undefined;
}

/** A promise that knows whether anybody waits for it: a handler that waits for none of its calls waits for something else. */
class CallPromise extends Promise<unknown> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  awaited = false;

  // biome-ignore lint/suspicious/noThenProperty: await calls it, and that is what is to be known
  override then<A, B>(
    done?: ((value: unknown) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(done, failed);
  }

  /** A refusal that the handler never looks at is no fault of the process. */
  ignore(): void {
    super.then(undefined, () => undefined);
  }
}

/** The calls of one suspended handler, by number. */
export class Calls {
  readonly #calls = new Map<number, Call>();
  readonly #start: (call: Call, again: boolean) => void;

  /** `start` asks the world outside, once a call; `again`: it was asked in an earlier life. */
  constructor(start: (call: Call, again: boolean) => void) {
    this.#start = start;
  }

  /** True when the handler waits for one of them at least. */
  get awaited(): boolean {
    for (const { promise } of this.#calls.values()) if (promise.awaited) return true;
    return false;
  }

  has(call: number): boolean {
    return this.#calls.has(call);
  }

  /** What is waited for, in words. */
  get inWords(): string {
    return [...this.#calls.values()].map(({ what }) => what).join(", ");
  }

  /** The promise that the handler awaits. An effect is started now, or later by `startAll`. */
  add(number: number, about: Pick<Call, "what" | "seq" | "timer" | "effect">, startNow: boolean): Promise<unknown> {
    let resolve!: Call["resolve"];
    let reject!: Call["reject"];
    const promise = new CallPromise((done, failed) => {
      resolve = done;
      reject = failed;
    });
    promise.ignore();
    const call: Call = { ...about, promise, resolve, reject, started: false, outcome: undefined };
    this.#calls.set(number, call);
    if (startNow) this.#begin(call, false);
    return promise;
  }

  /** Takes a call out, to be answered. */
  take(number: number): Call {
    const call = this.#calls.get(number)!;
    this.#calls.delete(number);
    return call;
  }

  /** The call that a reply to event `seq` answers. */
  ofRequest(seq: number): number | undefined {
    for (const [number, call] of this.#calls) if (call.seq === seq) return number;
    return undefined;
  }

  outcomeOf(number: number): Outcome | undefined {
    return this.#calls.get(number)?.outcome;
  }

  /** Answers that are in but not taken. */
  outcomes(): (readonly [call: number, outcome: Outcome])[] {
    return [...this.#calls].flatMap(([number, { outcome }]) =>
      outcome === undefined ? [] : [[number, outcome] as const],
    );
  }

  /** After a restore: takes answers that are known, and asks for the others again. */
  startAll(known: readonly (readonly [call: number, outcome: Outcome])[]): void {
    for (const [number, outcome] of known) this.#calls.get(number)!.outcome = outcome;
    for (const call of this.#calls.values()) this.#begin(call, true);
  }

  #begin(call: Call, again: boolean): void {
    if (call.effect === undefined || call.started || call.outcome !== undefined) return;
    call.started = true;
    this.#start(call, again);
  }
}
