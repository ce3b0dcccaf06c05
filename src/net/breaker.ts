import type { Clock } from "../base/clock.ts";
import { type NumberOption, numberOptions } from "../base/number-options.ts";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** Seconds for which it stays open. At least one, so that a link that flaps opens it once a second at most. */
  readonly recoveryTimeout: number;
  /** Probes that must succeed to close it again; as many may be under way at a time. */
  readonly halfOpenSuccess: number;
}

export const BREAKER_OPTIONS: Readonly<Record<keyof BreakerOptions, NumberOption>> = {
  failureThreshold: { initial: 5, min: 1, max: 1_000 },
  recoveryTimeout: { initial: 30, min: 1, max: 86_400, seconds: true },
  halfOpenSuccess: { initial: 2, min: 1, max: 100 },
};

export type BreakerState =
  /** Calls pass. `failures`: so many in a row. */
  | { readonly kind: "closed"; readonly failures: number }
  /** Nothing passes until `untilMs`. */
  | { readonly kind: "open"; readonly untilMs: number }
  /** A few calls pass, to see. */
  | { readonly kind: "half-open"; readonly successes: number; readonly probes: number };

export type BreakerKind = BreakerState["kind"];

/** What happens to a breaker. `withdraw`: a call that passed ended without telling anything of the target. */
export type BreakerEvent = "ask" | "success" | "failure" | "withdraw";

const CLOSED: BreakerState = { kind: "closed", failures: 0 };

/** All transitions. A call that asks may pass when the state is closed, or when its asking has changed the state. */
export function nextState(
  state: BreakerState,
  event: BreakerEvent,
  nowMs: number,
  { failureThreshold, recoveryTimeout, halfOpenSuccess }: BreakerOptions,
): BreakerState {
  const open: BreakerState = { kind: "open", untilMs: nowMs + recoveryTimeout * 1000 };
  switch (state.kind) {
    case "closed": {
      if (event === "success") return CLOSED;
      if (event !== "failure") return state;
      const failures = state.failures + 1;
      return failures >= failureThreshold ? open : { kind: "closed", failures };
    }
    case "open":
      if (event !== "ask" || nowMs < state.untilMs) return state;
      return { kind: "half-open", successes: 0, probes: 1 };
    case "half-open": {
      const { successes, probes } = state;
      if (event === "failure") return open;
      if (event === "withdraw") return { kind: "half-open", successes, probes: probes - 1 };
      if (event === "ask")
        return probes < halfOpenSuccess ? { kind: "half-open", successes, probes: probes + 1 } : state;
      return successes + 1 >= halfOpenSuccess
        ? CLOSED
        : { kind: "half-open", successes: successes + 1, probes: probes - 1 };
    }
  }
}

/** Leave for one call; exactly one of the three is told, once: what is told after that does not count. */
export interface Permit {
  success(): void;
  failure(): void;
  withdraw(): void;
}

/**
 * Keeps calls away from a target that does not answer. Only what calls came to counts: that a channel was built says
 * nothing. What it refuses is an attempt to call, never an event: those wait in the sender's log.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #onChange: (to: BreakerKind, from: BreakerKind) => void;
  #state: BreakerState = CLOSED;
  /** Rises with each change of kind: what was let pass before it tells nothing of after. */
  #generation = 0;

  /** `onChange` is called once for each change of kind. */
  constructor(options: BreakerOptions, clock: Clock, onChange: (to: BreakerKind, from: BreakerKind) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get kind(): BreakerKind {
    return this.#state.kind;
  }

  /** Undefined: not now. */
  ask(): Permit | undefined {
    const before = this.#state;
    this.#take("ask");
    if (this.#state.kind !== "closed" && this.#state === before) return undefined;
    const generation = this.#generation;
    let told = false;
    const tell = (event: BreakerEvent) => (): void => {
      if (told) return;
      told = true;
      if (generation === this.#generation) this.#take(event);
    };
    return { success: tell("success"), failure: tell("failure"), withdraw: tell("withdraw") };
  }

  #take(event: BreakerEvent): void {
    const from = this.#state.kind;
    this.#state = nextState(this.#state, event, this.#clock.now(), this.#options);
    if (this.#state.kind === from) return;
    this.#generation++;
    this.#onChange(this.#state.kind, from);
  }
}

/** Options as a user writes them, the rest by default. Throws INVALID_CONFIG naming key, value and range. */
export const breakerOptions = (given: Readonly<Record<string, unknown>>): BreakerOptions =>
  numberOptions("breaker", BREAKER_OPTIONS, given);
