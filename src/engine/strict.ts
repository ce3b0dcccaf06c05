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
    const undo = [
      this.#forbid(Math, "random", "Math.random"),
      this.#forbid(performance, "now", "performance.now"),
      this.#forbid(process.hrtime, "bigint", "process.hrtime.bigint"),
      this.#forbid(process, "hrtime", "process.hrtime"),
      this.#forbid(crypto, "randomUUID", "crypto.randomUUID"),
      this.#forbid(crypto, "getRandomValues", "crypto.getRandomValues"),
      this.#forbidDate(),
    ];
    return () => {
      for (const back of undo) back();
    };
  }

  /** Replaces one function by one that throws inside handlers. */
  #forbid(owner: object, key: string, what: string): () => void {
    const before = Object.getOwnPropertyDescriptor(owner, key);
    const real = Reflect.get(owner, key) as (...args: unknown[]) => unknown;
    const guarded = Object.assign((...args: unknown[]): unknown => {
      this.#check(what);
      return real.apply(owner, args);
    }, real);
    Object.defineProperty(owner, key, { value: guarded, configurable: true, writable: true, enumerable: true });
    return () => {
      if (before === undefined) Reflect.deleteProperty(owner, key);
      else Object.defineProperty(owner, key, before);
    };
  }

  #forbidDate(): () => void {
    const RealDate = globalThis.Date;
    const check = (what: string): void => this.#check(what);
    globalThis.Date = new Proxy(RealDate, {
      apply(target, self, args) {
        check("Date()");
        return Reflect.apply(target, self, args) as unknown;
      },
      construct(target, args: [], newTarget) {
        if (args.length === 0) check("new Date()");
        return Reflect.construct(target, args, newTarget) as object;
      },
      get(target, key) {
        if (key === "now") check("Date.now");
        return Reflect.get(target, key) as unknown;
      },
    });
    return () => {
      globalThis.Date = RealDate;
    };
  }

  #check(what: string): void {
    if (this.#inside.getStore() !== true) return;
    throw new MyriadError("NOT_ALLOWED", `${what} in a handler: use ctx.random() and ctx.now, which every run repeats`);
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
