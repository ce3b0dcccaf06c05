import { setMaxListeners } from "node:events";
import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { TIMER_MS_MAX } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import type { EffectCall, EffectOptions } from "../model/context.ts";

/** One call to the world outside. */
export interface EffectRequest {
  /** Idempotency key: run, agent, call number. */
  readonly key: string;
  /** Who asks, by index. */
  readonly agent: number;
  /** The agent's how many-th call it is; (agent, call) names it within the run. */
  readonly call: number;
  readonly name: string;
  readonly input: unknown;
  readonly fn: (input: unknown, call: EffectCall) => unknown;
  readonly options: EffectOptions | undefined;
}

/** What came back, as the journal keeps it. A refusal is an answer as well. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Runs effects beside the simulation. Never rejects: what goes wrong is an outcome. */
export interface EffectRunner {
  run(request: EffectRequest): Promise<Outcome>;
  /** Aborts what is under way. */
  stop(): void;
}

/** Stand-ins for effects, by name. */
export type EffectStubs = Readonly<Record<string, (input: never) => unknown>>;

/** Calls at once from one worker; the rest wait in order. Node's sockets and the far side's patience are finite. */
export const EFFECT_CONCURRENCY_DEFAULT = 10_000;

/** Calls the user's functions, a bounded number at once, with time-outs and retries on the given clock. */
export class OutsideEffects implements EffectRunner {
  readonly #clock: Clock;
  readonly #stubs: EffectStubs;
  readonly #abort = new AbortController();
  /** Calls under way. Each has a signal of its own: removing a listener from one that thousands share is a search. */
  readonly #calls = new Set<AbortController>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(clock: Clock, stubs: EffectStubs = {}, concurrency: number = EFFECT_CONCURRENCY_DEFAULT) {
    this.#clock = clock;
    this.#stubs = stubs;
    this.#free = concurrency;
    // Every call under way may listen to it.
    setMaxListeners(0, this.#abort.signal);
  }

  async run(request: EffectRequest): Promise<Outcome> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#attempts(request);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  stop(): void {
    const stopped = new MyriadError("STOPPED", "the run has ended");
    this.#abort.abort(stopped);
    for (const call of this.#calls) call.abort(stopped);
  }

  async #attempts(request: EffectRequest): Promise<Outcome> {
    const attempts = request.options?.retry?.attempts ?? 1;
    let backoffMs = request.options?.retry?.backoffMs ?? 0;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#once(request, attempt);
        return { ok: true, value: snapshot(answer ?? null, `effect "${request.name}" answer`) };
      } catch (reason) {
        const last = attempt >= attempts || this.#abort.signal.aborted;
        if (last || (reason instanceof MyriadError && reason.code === "NOT_PLAIN_DATA")) return refusal(reason);
      }
      if (backoffMs > 0) await this.#clock.sleep(backoffMs, this.#abort.signal).catch(() => undefined);
      backoffMs *= 2;
    }
  }

  async #once(request: EffectRequest, attempt: number): Promise<unknown> {
    const stub = this.#stubs[request.name];
    // A copy for each attempt: the next must not see what this one made of it.
    const input = snapshot(request.input, "input");
    if (stub !== undefined) return stub(input as never);
    this.#abort.signal.throwIfAborted();
    const call = new AbortController();
    this.#calls.add(call);
    try {
      const answer = request.fn(input, { key: request.key, signal: call.signal, attempt });
      const seconds = request.options?.timeout;
      return await (seconds === undefined ? answer : this.#within(seconds, call, answer));
    } finally {
      this.#calls.delete(call);
    }
  }

  /** The answer, unless `seconds` pass or the run ends before: the call is then aborted and given up. */
  async #within(seconds: number, call: AbortController, answer: unknown): Promise<unknown> {
    const expired = new MyriadError("EFFECT_FAILED", `no answer within ${seconds} s`);
    const cancel = this.#clock.setTimer(seconds * 1000, () => call.abort(expired));
    const aborted = new Promise<never>((_, reject) => {
      call.signal.addEventListener("abort", () => reject(call.signal.reason), { once: true });
    });
    aborted.catch(() => undefined);
    try {
      return await Promise.race([answer, aborted]);
    } finally {
      cancel();
    }
  }
}

function refusal(reason: unknown): Outcome {
  const error = MyriadError.from(reason, "EFFECT_FAILED");
  return { ok: false, code: error.code, message: error.message };
}

/** Throws INVALID_ARGUMENT naming the option. */
export function checkEffectOptions(name: string, options: EffectOptions | undefined): void {
  const refuse = (what: string): never => {
    throw new MyriadError("INVALID_ARGUMENT", `effect "${name}": ${what}`);
  };
  const { timeout, retry } = options ?? {};
  if (timeout !== undefined && !(timeout > 0 && timeout * 1000 <= TIMER_MS_MAX)) {
    refuse(`timeout ${timeout} is not above 0 and at most ${Math.floor(TIMER_MS_MAX / 1000)} s`);
  }
  if (retry === undefined) return;
  const { attempts, backoffMs } = retry;
  if (!(Number.isSafeInteger(attempts) && attempts >= 1))
    refuse(`retry.attempts ${attempts} is not an integer of 1 or more`);
  if (!(backoffMs >= 0 && backoffMs <= TIMER_MS_MAX))
    refuse(`retry.backoffMs ${backoffMs} is not of 0 to ${TIMER_MS_MAX}`);
}
