import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { BREAKER_OPTIONS, Breaker, type BreakerOptions, breakerOptions, type Permit } from "./breaker.ts";

const OPTIONS: BreakerOptions = { failureThreshold: 3, recoveryTimeout: 2, halfOpenSuccess: 2 };

interface Bench {
  breaker: Breaker;
  clock: ManualClock;
  changes: string[];
  fail(times: number): void;
}

function bench(options = OPTIONS): Bench {
  const clock = new ManualClock(1_000);
  const changes: string[] = [];
  const breaker = new Breaker(options, clock, (to, from) => changes.push(`${from}>${to}@${clock.now()}`));
  return { breaker, clock, changes, fail: (times) => repeat(times, () => breaker.ask()!.failure()) };
}

const repeat = (times: number, act: () => void): void => Array.from({ length: times }).forEach(act);

describe("breaker", () => {
  it("opens after failures in a row, not after scattered ones", () => {
    const { breaker, changes, fail } = bench();
    for (let i = 0; i < 100; i++) {
      fail(2);
      breaker.ask()!.success();
    }
    expect(changes).toEqual([]);
    fail(3);
    expect(breaker.ask()).toBeUndefined();
    expect(changes).toEqual(["closed>open@1000"]);
  });

  it("lets a bounded number of probes pass after its time, and closes when enough have succeeded", async () => {
    const { breaker, clock, changes, fail } = bench();
    fail(3);
    await clock.advance(1_999);
    expect(breaker.ask()).toBeUndefined();
    await clock.advance(1);
    const [first, second, third] = [breaker.ask(), breaker.ask(), breaker.ask()];
    expect(third).toBeUndefined();
    first!.success();
    expect(breaker.kind).toBe("half-open");
    second!.success();
    expect(breaker.kind).toBe("closed");
    expect(changes).toEqual(["closed>open@1000", "open>half-open@3000", "half-open>closed@3000"]);
  });

  it("opens again at the first probe that fails, for its whole time", async () => {
    const { breaker, clock, fail } = bench();
    fail(3);
    await clock.advance(2_000);
    breaker.ask()!.success();
    breaker.ask()!.failure();
    await clock.advance(1_999);
    expect(breaker.ask()).toBeUndefined();
    await clock.advance(1);
    expect(breaker.ask()).toBeDefined();
  });

  it("gives the place of a probe that came to nothing to another", async () => {
    const { breaker, clock, fail } = bench();
    fail(3);
    await clock.advance(2_000);
    const probes = [breaker.ask()!, breaker.ask()!];
    expect(breaker.ask()).toBeUndefined();
    probes[0]!.withdraw();
    probes[0]!.success();
    expect(breaker.ask()).toBeDefined();
    expect(breaker.kind).toBe("half-open");
  });

  it("does not count what was under way before it opened", async () => {
    const { breaker, clock, fail } = bench();
    const old = [breaker.ask()!, breaker.ask()!];
    fail(3);
    await clock.advance(2_000);
    breaker.ask();
    old[0]!.success();
    old[1]!.failure();
    expect(breaker.kind).toBe("half-open");
  });

  it.each([
    [{ failureThreshold: 0 }, /INVALID_CONFIG: breaker.failureThreshold is 0; it must be an integer from 1 to 1000/],
    [{ failureThreshold: 1_001 }, /breaker.failureThreshold is 1001/],
    [{ halfOpenSuccess: 1.5 }, /breaker.halfOpenSuccess is 1.5; it must be an integer from 1 to 100/],
    [{ recoveryTimeout: 0.999 }, /breaker.recoveryTimeout is 0.999; it must be a number of seconds from 1 to 86400/],
    [{ recoveryTimeout: "30" }, /breaker.recoveryTimeout is "30"/],
    [
      { failureTreshold: 5 },
      /unknown key "failureTreshold".*did you mean.*; known are failureThreshold, recoveryTimeout, halfOpenSuccess/,
    ],
  ])("refuses the options %o", (given, message) => {
    expect(() => breakerOptions(given)).toThrow(message);
  });

  it("takes options at the edges of their ranges, and the rest by default", () => {
    expect(breakerOptions({})).toEqual({ failureThreshold: 5, recoveryTimeout: 30, halfOpenSuccess: 2 });
    for (const [key, { min, max }] of Object.entries(BREAKER_OPTIONS)) {
      for (const value of [min, max]) expect(breakerOptions({ [key]: value })).toMatchObject({ [key]: value });
    }
    expect(breakerOptions({ recoveryTimeout: 1.5 }).recoveryTimeout).toBe(1.5);
  });
});

/** The same, written the other way: it keeps the history of a phase and looks at it as a whole. */
class Model {
  phase: "closed" | "open" | "half-open" = "closed";
  since = 0;
  results: string[] = [];
  underWay = new Set<number>();

  readonly options: BreakerOptions;

  constructor(options: BreakerOptions) {
    this.options = options;
  }

  enter(phase: Model["phase"], nowMs: number): void {
    this.phase = phase;
    this.since = nowMs;
    this.results = [];
    this.underWay = new Set();
  }

  ask(id: number, nowMs: number): boolean {
    if (this.phase === "open" && nowMs - this.since >= this.options.recoveryTimeout * 1000)
      this.enter("half-open", nowMs);
    if (this.phase === "open") return false;
    if (this.phase === "half-open" && this.underWay.size >= this.options.halfOpenSuccess) return false;
    this.underWay.add(id);
    return true;
  }

  tell(id: number, result: keyof Permit, nowMs: number): void {
    if (!this.underWay.delete(id) || result === "withdraw") return;
    this.results.push(result);
    const tail = this.results.slice(-this.options.failureThreshold);
    const failedAll = tail.length === this.options.failureThreshold && tail.every((each) => each === "failure");
    if (this.phase === "closed" && failedAll) this.enter("open", nowMs);
    else if (this.phase === "half-open" && result === "failure") this.enter("open", nowMs);
    else if (this.phase === "half-open" && this.results.length >= this.options.halfOpenSuccess)
      this.enter("closed", nowMs);
  }
}

type Step = { do: "ask" } | { do: "wait"; ms: number } | { do: "tell"; which: number; result: keyof Permit };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ do: "ask" }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 1_500 }).map((ms): Step => ({ do: "wait", ms })) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("tell" as const),
        which: fc.nat(1_000),
        result: fc.constantFrom<keyof Permit>("success", "failure", "failure", "failure", "withdraw"),
      }),
    },
  ),
  { maxLength: 150, size: "max" },
);

const anyOptions = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  recoveryTimeout: fc.integer({ min: 1, max: 3 }),
  halfOpenSuccess: fc.integer({ min: 1, max: 3 }),
});

describe("breaker, by any sequence of calls", () => {
  it("does as the model does, tells each change once, and opens once a second at most", async () => {
    await fc.assert(
      fc.asyncProperty(steps, anyOptions, async (sequence, options) => {
        const { breaker, clock, changes } = bench(options);
        const model = new Model(options);
        const permits = new Map<number, Permit>();
        let kind = "closed";
        let told = 0;
        for (const [id, step] of sequence.entries()) {
          if (step.do === "wait") await clock.advance(step.ms);
          else if (step.do === "ask") {
            const permit = breaker.ask();
            expect(permit !== undefined).toBe(model.ask(id, clock.now()));
            if (permit !== undefined) permits.set(id, permit);
          } else if (permits.size > 0) {
            const key = [...permits.keys()][step.which % permits.size]!;
            permits.get(key)![step.result]();
            model.tell(key, step.result, clock.now());
            permits.delete(key);
          }
          expect(breaker.kind).toBe(model.phase);
          if (model.phase !== kind) told++;
          kind = model.phase;
        }
        expect(changes.length).toBe(told);
        const opened = changes
          .filter((change) => change.includes(">open@"))
          .map((change) => Number(change.split("@")[1]));
        for (let i = 1; i < opened.length; i++) expect(opened[i]! - opened[i - 1]!).toBeGreaterThanOrEqual(1_000);
      }),
      { numRuns: 300 },
    );
  });
});
