import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { drainMicrotasks, ManualClock, systemClock } from "./clock.ts";
import { TIMER_MS_MAX } from "./limits.ts";

describe("ManualClock", () => {
  test("fires what is due, in order of time and then of setting, also what a timer sets", async () => {
    const clock = new ManualClock(100);
    const fired: string[] = [];
    const note = (what: string) => () => void fired.push(`${what}@${clock.now()}`);
    clock.setTimer(20, note("b"));
    clock.setTimer(10, () => {
      note("a")();
      clock.setTimer(10, note("d"));
      clock.setTimer(-5, note("at once"));
    });
    clock.setTimer(20, note("c"));
    clock.setTimer(31, note("later"));
    const cancel = clock.setTimer(15, note("cancelled"));
    cancel();
    await clock.advance(30);
    expect(fired).toEqual(["a@110", "at once@110", "b@120", "c@120", "d@120"]);
    expect(clock.now()).toBe(130);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(fired.at(-1)).toBe("later@131");
    expect(clock.pending).toBe(0);
  });

  test("lets promises run between timers", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        times.push(clock.now());
      }
    };
    const done = loop();
    await clock.advance(30);
    await done;
    expect(times).toEqual([10, 20, 30]);
  });

  test("a sleep that ends leaves nothing with its signal", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const sleeping = clock.sleep(10, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await clock.advance(10);
    await sleeping;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("sleep rejects when aborted, before or during, and leaves no timer", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const sleeping = clock.sleep(10, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });
});

describe("systemClock", () => {
  afterEach(() => vi.useRealTimers());

  test("never goes back, and a slept time has passed", async () => {
    const before = systemClock.now();
    await systemClock.sleep(5);
    // Node's timers count whole milliseconds, so one may fire a fraction early.
    expect(systemClock.now()).toBeGreaterThanOrEqual(before + 4);
  });

  test("sleep is cut short by its signal", async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(TIMER_MS_MAX, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
  });

  test.each([TIMER_MS_MAX - 1, TIMER_MS_MAX, TIMER_MS_MAX + 1, TIMER_MS_MAX * 3 + 7])("waits for %d ms", (ms) => {
    vi.useFakeTimers();
    const fn = vi.fn();
    systemClock.setTimer(ms, fn);
    vi.advanceTimersByTime(ms - 1);
    expect(fn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fn).toHaveBeenCalledTimes(1);
  });

  test("cancels a long wait in any of its pieces", () => {
    vi.useFakeTimers();
    const fn = vi.fn();
    const cancel = systemClock.setTimer(TIMER_MS_MAX * 2, fn);
    vi.advanceTimersByTime(TIMER_MS_MAX + 1);
    cancel();
    vi.advanceTimersByTime(TIMER_MS_MAX * 2);
    expect(fn).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("drainMicrotasks waits for reactions that queue reactions", async () => {
  let steps = 0;
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      await null;
      steps++;
    }
  };
  void chain();
  await drainMicrotasks();
  expect(steps).toBe(50);
});
