import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { MemoryGuard, type MemoryVerdict } from "./memory-guard.ts";

const MIB = 2 ** 20;
const LIMIT = 100 * MIB;

/** What the guard says when so much is in use. */
function verdict(usedBytes: number, limitBytes = LIMIT): MemoryVerdict {
  return new MemoryGuard({ limitBytes, rss: () => usedBytes, clock: new ManualClock() }).look();
}

describe("a worker's memory", () => {
  it("slows it from 85% of the limit on, more and more, and ends the run past it", () => {
    expect(verdict(85 * MIB)).toEqual({ kind: "fine" });
    const pauses = [86, 90, 95, 100].map((mib) => verdict(mib * MIB));
    expect(pauses.map(({ kind }) => kind)).toEqual(["near", "near", "near", "near"]);
    const ms = pauses.map((pause) => (pause.kind === "near" ? pause.pauseMs : 0));
    expect(ms).toEqual([...ms].sort((a, b) => a - b));
    expect(ms[0]).toBeGreaterThan(0);
    expect(ms[3]).toBeCloseTo(1_000);
    expect(verdict(LIMIT + 1)).toEqual({ kind: "over", usedBytes: LIMIT + 1 });
  });

  it("has no limit unless one is given", () => {
    expect(verdict(1e15, Number.POSITIVE_INFINITY)).toEqual({ kind: "fine" });
  });

  it("is asked for now and then only", async () => {
    const clock = new ManualClock();
    let asked = 0;
    const guard = new MemoryGuard({ limitBytes: LIMIT, rss: () => ++asked, clock });
    for (let i = 0; i < 100; i++) {
      guard.look();
      await clock.advance(1);
    }
    expect(asked).toBe(2);
  });

  it("is named with its figures", () => {
    const guard = new MemoryGuard({ limitBytes: LIMIT, rss: () => 0, clock: new ManualClock() });
    expect(guard.failure(101.2 * MIB, { agents: 5, pending: 6, effects: 7 }).message).toBe(
      "LIMIT: this worker takes 102 MiB; its memoryMax is 100 MiB (it holds 5 agents, 6 events that wait, 7 effects under way)",
    );
  });
});
