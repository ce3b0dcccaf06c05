import { describe, expect, it } from "vitest";
import { type Clock, ManualClock } from "../base/clock.ts";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import { watchHealth } from "./health-watch.ts";
import { LinkHealth } from "./link-health.ts";
import { type Log, silentLog } from "./log.ts";
import type { WorkerLink } from "./worker-link.ts";

/** As much of a link as is looked at. */
class Link {
  readonly name = "w";
  gone = false;
  straggling = false;
  progress = { window: 4 };
  readonly health: LinkHealth;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.health = new LinkHealth(clock.now());
  }

  beat(window: number): void {
    const none = { virtualTime: 0, events: 0, rounds: 0, pending: 0, suspended: 0, effects: 0 };
    const rest = { waitingFor: 0, waitingForMore: 0, activity: Activity.ACTIVITY_COMPUTING };
    this.health.beat(this.#clock.now(), this.#clock.now(), { workerId: 0, window, ...none, ...rest });
  }
}

function watched() {
  const clock = new ManualClock(1_000);
  const link = new Link(clock);
  const dead: string[] = [];
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const log: Log = { ...silentLog, warn: say, info: say };
  const links = (): WorkerLink[] => [link as unknown as WorkerLink];
  const stop = watchHealth({ links, clock, log, onDead: (_link, why) => dead.push(why), stallLimitMs: 20_000 });
  return { clock, link, dead, said, stop };
}

describe("the watch", () => {
  it("tells of a dead worker after three missed beats, at the next look, and of one that is gone never", async () => {
    const { clock, link, dead, stop } = watched();
    link.beat(1);
    await clock.advance(3_500);
    expect(dead).toEqual([]);
    await clock.advance(1_000);
    expect(dead).toEqual(["no beat for 4000 ms"]);
    link.gone = true;
    await clock.advance(10_000);
    expect(dead).toHaveLength(1);
    stop();
    expect(clock.pending).toBe(0);
  });

  it("says once that a worker straggles, and once that it goes on", async () => {
    const { clock, link, dead, said, stop } = watched();
    for (let second = 0; second < 10; second++) {
      link.beat(1);
      await clock.advance(1_000);
    }
    expect(said).toEqual(["worker makes no progress"]);
    for (let second = 0; second < 5; second++) {
      link.beat(second);
      await clock.advance(1_000);
    }
    expect(said).toEqual(["worker makes no progress", "worker makes progress again"]);
    expect(dead).toEqual([]);
    stop();
  });

  it("does not blame workers for the time in which it did not run itself", async () => {
    const clock = new ManualClock();
    const link = new Link(clock);
    link.beat(1);
    const dead: string[] = [];
    const timers: (() => void)[] = [];
    let nowMs = 0;
    const setTimer = (_ms: number, fn: () => void): (() => void) => {
      timers.push(fn);
      return () => {};
    };
    const late: Clock = { now: () => nowMs, setTimer, sleep: () => Promise.reject(new Error("nobody sleeps here")) };
    const links = (): WorkerLink[] => [link as unknown as WorkerLink];
    const stop = watchHealth({
      links,
      clock: late,
      log: silentLog,
      onDead: (_l, why) => dead.push(why),
    });
    nowMs = 60_000;
    timers.shift()!();
    expect(dead).toEqual([]);
    for (nowMs = 61_000; nowMs <= 63_000; nowMs += 1_000) timers.shift()!();
    expect(dead).toEqual(["no beat for 4000 ms"]);
    stop();
  });
});
