import { AsyncLocalStorage } from "node:async_hooks";
import { MyriadError } from "../base/error.ts";

/**
 * Strict mode: the wall clock and `Math.random` throw inside handlers, at once and after every await. Effects run
 * outside. The guard replaces the globals of this process; `verify` uses it, ordinary runs do not pay for it.
 */
export class StrictGuard {
  readonly #inside = new AsyncLocalStorage<boolean>();

  /** Replaces the globals. Returns what puts them back. */
  install(): () => void {
    const { random } = Math;
    const RealDate = globalThis.Date;
    const { now } = performance;
    const forbid = (what: string): void => {
      if (this.#inside.getStore() !== true) return;
      throw new MyriadError(
        "NOT_ALLOWED",
        `${what} in a handler: use ctx.random() and ctx.now, which every run repeats`,
      );
    };
    Math.random = () => {
      forbid("Math.random");
      return random();
    };
    performance.now = () => {
      forbid("performance.now");
      return now.call(performance);
    };
    globalThis.Date = new Proxy(RealDate, {
      construct(target, args: [], newTarget) {
        if (args.length === 0) forbid("new Date()");
        return Reflect.construct(target, args, newTarget) as object;
      },
      get(target, key) {
        if (key === "now") forbid("Date.now");
        return Reflect.get(target, key) as unknown;
      },
    });
    return () => {
      Math.random = random;
      performance.now = now;
      globalThis.Date = RealDate;
    };
  }

  /** Runs a handler. */
  run<T>(work: () => T): T {
    return this.#inside.run(true, work);
  }

  /** Runs what a handler started, but is not part of it. */
  outside<T>(work: () => T): T {
    return this.#inside.run(false, work);
  }
}
