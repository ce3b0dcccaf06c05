import { describe, expect, it } from "vitest";
import { Activity, type Progress } from "../wire/gen/myriad/v1/beats.ts";
import { LinkHealth } from "./link-health.ts";

const LIMITS = { timeoutMs: 3_000, stallMs: 60_000 };
const at = (window: number, activity: Activity = Activity.ACTIVITY_COMPUTING, events = 0): Progress => ({
  workerId: 0,
  window,
  virtualTime: window,
  events,
  rounds: 0,
  pending: 0,
  suspended: 0,
  effects: 0,
  activity,
  waitingFor: 0,
  waitingForMore: 0,
});

/** Beats each second from `fromMs` to `toMs`. */
function beats(health: LinkHealth, fromMs: number, toMs: number, progress: (ms: number) => Progress): void {
  for (let ms = fromMs; ms <= toMs; ms += 1_000) health.beat(ms, ms, progress(ms));
}

describe("a worker", () => {
  it("is dead once it was not heard of for the time-out, and not a moment earlier", () => {
    const health = new LinkHealth(0);
    health.beat(1_000, 0, at(1));
    expect(health.at(4_000, LIMITS)).toEqual({ kind: "alive" });
    expect(health.at(4_001, LIMITS)).toEqual({ kind: "dead", why: "no beat for 3001 ms" });
  });

  it("has a minute for its first beat", () => {
    const health = new LinkHealth(500);
    expect(health.at(60_500, LIMITS).kind).toBe("alive");
    expect(health.at(60_501, LIMITS).kind).toBe("dead");
  });

  it("straggles while it beats without progress, and is dead at the stall limit", () => {
    const health = new LinkHealth(0);
    beats(health, 1_000, 4_000, () => at(1));
    expect(health.at(4_000, LIMITS)).toEqual({ kind: "alive" });
    beats(health, 5_000, 61_000, () => at(1));
    expect(health.at(61_000, LIMITS)).toEqual({ kind: "straggling", forMs: 60_000 });
    health.beat(62_000, 62_000, at(1));
    expect(health.at(62_000, LIMITS)).toMatchObject({
      kind: "dead",
      why: expect.stringContaining("for 61 s since window 1 "),
    });
  });

  it.each([
    ["windows", (ms: number) => at(ms)],
    ["events in a long window", (ms: number) => at(1, Activity.ACTIVITY_COMPUTING, ms)],
  ])("is alive as long as there are %s", (_what, progress) => {
    const health = new LinkHealth(0);
    beats(health, 1_000, 100_000, progress);
    expect(health.at(100_000, LIMITS)).toEqual({ kind: "alive" });
  });

  it.each([
    Activity.ACTIVITY_WAITING,
    Activity.ACTIVITY_ANSWERS,
    Activity.ACTIVITY_HELD,
    Activity.ACTIVITY_LOADING,
    Activity.ACTIVITY_REPORTING,
  ])("has a reason to stand still in activity %i, and starts anew after it", (activity) => {
    const health = new LinkHealth(0);
    beats(health, 1_000, 100_000, () => at(1, activity));
    expect(health.at(100_000, LIMITS)).toEqual({ kind: "alive" });
    beats(health, 101_000, 103_000, () => at(1));
    expect(health.at(103_000, LIMITS)).toEqual({ kind: "alive" });
  });

  it("is forgiven what the master has not read while it stood still", () => {
    const health = new LinkHealth(0);
    health.beat(1_000, 1_000, at(1));
    health.forgive(5_000);
    expect(health.at(9_000, LIMITS)).toEqual({ kind: "alive" });
    expect(health.at(9_001, LIMITS).kind).toBe("dead");
  });

  it("tells by how much its last beat was slower than the fastest, whatever its clock says", () => {
    const health = new LinkHealth(0);
    const sentAhead = 1e6;
    const delays = [30, 10, 90].map((tookMs, i) => {
      health.beat(i * 1_000 + tookMs, i * 1_000 + sentAhead, at(1));
      return health.delayMs;
    });
    expect(delays).toEqual([0, 0, 80]);
  });
});
