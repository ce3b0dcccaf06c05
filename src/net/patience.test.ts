import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { Patience } from "./patience.ts";

function bench() {
  const clock = new ManualClock();
  let over = 0;
  const patience = new Patience(clock, 1_000, () => over++);
  return { clock, patience, over: () => over };
}

describe("patience", () => {
  it("runs out after its time, once", async () => {
    const { clock, patience, over } = bench();
    patience.start();
    patience.start();
    await clock.advance(999);
    expect([over(), patience.running]).toEqual([0, true]);
    await clock.advance(5_001);
    expect([over(), patience.running, clock.pending]).toEqual([1, false, 0]);
  });

  it("lasts as long as something happens, and stops", async () => {
    const { clock, patience, over } = bench();
    patience.start();
    for (let i = 0; i < 20; i++) {
      await clock.advance(700);
      patience.renew();
    }
    patience.stop();
    await clock.advance(10_000);
    expect([over(), clock.pending]).toEqual([0, 0]);
  });

  it("counts time that this process has slept through as one quarter at most", () => {
    // A clock whose time has gone on by an hour fires each timer once, late; what it sets then waits anew.
    const timers: (() => void)[] = [];
    let over = 0;
    const clock = {
      now: () => 0,
      sleep: async () => {},
      setTimer: (_ms: number, fn: () => void) => {
        timers.push(fn);
        return () => {};
      },
    };
    new Patience(clock, 1_000, () => over++).start();
    for (let fired = 1; fired <= 3; fired++) {
      timers.shift()!();
      expect([over, timers.length]).toEqual([0, 1]);
    }
    timers.shift()!();
    expect(over).toBe(1);
  });
});
