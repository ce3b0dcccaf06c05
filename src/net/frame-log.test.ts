import { describe, expect, it } from "vitest";
import { drainMicrotasks } from "../base/clock.ts";
import { spillBudget } from "../store/spill.suite.ts";
import { encodeFrames, type FramePosition, positionOf } from "../wire/frame.ts";
import { FrameLog } from "./frame-log.ts";
import { allOf } from "./series.ts";

const frame = (window: number, frameSeq: number): Uint8Array =>
  encodeFrames({ run: 1, epoch: 1, window, sender: 0, frameSeq }, null, [], new Uint8Array(0))[0]!;
const at = (window: number, frameSeq: number): FramePosition => ({ window, frameSeq });
const SIZE = frame(0, 0).length;

function filled(windows: number, frames: number): { log: FrameLog; all: Uint8Array[] } {
  const log = new FrameLog({ peer: 3, budget: spillBudget() });
  const all: Uint8Array[] = [];
  for (let window = 0; window < windows; window++) {
    for (let seq = 0; seq < frames; seq++) all.push(frame(window, seq));
  }
  for (const each of all) log.push(each);
  return { log, all };
}

const takeAll = (log: FrameLog): Uint8Array[] => {
  const taken: Uint8Array[] = [];
  for (let next = log.take(); next; next = log.take()) taken.push(next);
  return taken;
};

describe("frame log", () => {
  it("gives frames in their order, keeps them until they are acknowledged, and counts their bytes", () => {
    const { log, all } = filled(2, 3);
    expect([log.memoryBytes, log.underWay]).toEqual([6 * SIZE, 0]);
    expect(takeAll(log)).toEqual(all);
    expect(log.underWay).toBe(6);
    log.acknowledge(at(0, 1));
    expect([log.memoryBytes, log.underWay, log.empty]).toEqual([4 * SIZE, 4, false]);
    log.acknowledge(at(1, 2));
    expect([log.memoryBytes, log.underWay, log.empty]).toEqual([0, 0, true]);
    log.acknowledge(at(0, 0));
    expect(log.memoryBytes).toBe(0);
  });

  it("goes back to behind what the peer has", () => {
    const { log, all } = filled(2, 3);
    takeAll(log);
    log.acknowledge(at(0, 0));
    expect(log.rewind(at(0, 2))).toBe(3);
    expect(takeAll(log)).toEqual(all.slice(3));
    expect(log.rewind(at(0, 2))).toBe(3);
    expect(log.take()).toBe(all[3]);
    expect(log.rewind(at(0, 2))).toBe(1);
  });

  it("refuses an acknowledgement of what was not sent, and a peer that has less than it had", () => {
    const { log } = filled(2, 3);
    log.take();
    log.take();
    expect(() => log.acknowledge(at(0, 2))).toThrow(/PROTOCOL: frame 2 of window 0 was acknowledged, but not sent/);
    log.take();
    log.acknowledge(at(0, 2));
    expect(() => log.rewind(at(0, 1))).toThrow(/PROTOCOL.*it has 1 of window 0, and had acknowledged 2 of window 0/);
  });

  it("ends when more waits than the disk may take, naming the peer", async () => {
    const log = new FrameLog({ peer: 3, budget: spillBudget({ memoryBytes: 8 * SIZE, diskBytes: 20 * SIZE }) });
    const fill = async (): Promise<void> => {
      for (let seq = 0; seq < 100; seq++) {
        log.push(frame(0, seq));
        await log.room();
      }
    };
    await expect(fill()).rejects.toThrow(/LIMIT: \d+ bytes wait for worker 3: over \d+ bytes .* as logMax allows/);
  });

  it("forgets what was acknowledged in long runs", () => {
    const log = new FrameLog({ peer: 3, budget: spillBudget() });
    for (let window = 0; window < 10_000; window++) {
      const each = frame(window, 0);
      log.push(each);
      expect(log.take()).toBe(each);
      if (window % 7 === 0) log.acknowledge(at(window, 0));
    }
    expect(log.underWay).toBe(9_999 % 7);
    expect(log.rewind(at(9_996, 0))).toBe(3);
    expect(log.take()).toEqual(frame(9_997, 0));
  });
});

/** Windows that leave gaps; the last frame of each closes it. */
const WINDOWS = [-1, 0, 2, 3, 7, 8];
const FRAMES = 4;

function retained(memoryBytes = 2 ** 30): { log: FrameLog; all: Uint8Array[] } {
  const log = new FrameLog({ peer: 3, budget: spillBudget({ memoryBytes }), retain: true });
  return { log, all: WINDOWS.flatMap((window) => Array.from({ length: FRAMES }, (_, seq) => frame(window, seq))) };
}

async function send(log: FrameLog): Promise<Uint8Array[]> {
  const sent: Uint8Array[] = [];
  for (;;) {
    const next = log.take();
    if (next !== undefined) sent.push(next);
    else if (log.mustLoad) await log.load();
    else return sent;
  }
}

describe("a frame log that retains", () => {
  it.each([2 ** 30, 6 * SIZE])("goes back to any window not released, %i bytes of memory", async (memoryBytes) => {
    const { log, all } = retained(memoryBytes);
    for (const each of all) {
      log.push(each);
      await log.room();
      if (positionOf(each).frameSeq === 2) await send(log);
    }
    await send(log);
    log.acknowledge(at(8, 3));
    expect([log.empty, log.memoryBytes + log.diskBytes]).toEqual([true, all.length * SIZE]);
    for (const [i, window] of WINDOWS.entries()) {
      expect(log.rewind(allOf(window), true)).toBe(all.length - (i + 1) * FRAMES);
      expect(await send(log)).toEqual(all.slice((i + 1) * FRAMES));
      log.acknowledge(at(8, 3));
    }
    // Between two windows, and before the first.
    expect(log.rewind(allOf(5), true)).toBe(2 * FRAMES);
    expect(await send(log)).toEqual(all.slice(-2 * FRAMES));
    expect(log.rewind(allOf(-2), true)).toBe(all.length);
    expect(await send(log)).toEqual(all);
    log.acknowledge(at(8, 3));
    log.release(3);
    expect(() => log.rewind(allOf(0), true)).toThrow(
      /PROTOCOL.*it has all of window 0, and had acknowledged 3 of window 2/,
    );
    expect(log.rewind(allOf(2), true)).toBe(3 * FRAMES);
    expect(await send(log)).toEqual(all.slice(-3 * FRAMES));
    log.acknowledge(at(8, 3));
    log.release(9);
    while (log.memoryBytes > 0) await drainMicrotasks();
    expect(log.diskBytes).toBe(0);
  });

  it("does not let the same process have less than it has acknowledged", async () => {
    const { log, all } = retained();
    for (const each of all) log.push(each);
    await send(log);
    log.acknowledge(at(2, 1));
    expect(() => log.rewind(at(2, 0))).toThrow(/PROTOCOL: a worker has fewer frames than before/);
    expect(() => log.rewind(allOf(0))).toThrow(/PROTOCOL: a worker has fewer frames than before/);
    expect(log.rewind(at(2, 1))).toBe(14);
  });

  it("keeps what was released until it is acknowledged", async () => {
    const { log, all } = retained();
    for (const each of all) log.push(each);
    log.release(3);
    expect(await send(log)).toEqual(all);
    log.acknowledge(at(2, 3));
    expect(log.memoryBytes).toBe(3 * FRAMES * SIZE);
  });

  it("of a restarted worker sends nothing of the windows that its peer has from the one before, and keeps it", async () => {
    const { log, all } = retained();
    // The peer has windows that are computed here once more, into other frames perhaps.
    expect(log.rewind(allOf(5))).toBe(0);
    for (const each of all) log.push(each);
    expect(await send(log)).toEqual(all.slice(-2 * FRAMES));
    expect(log.memoryBytes).toBe(all.length * SIZE);
    log.acknowledge(at(7, 2));
    expect(log.rewind(at(7, 2))).toBe(5);
    // Another peer process was restarted from a checkpoint before.
    expect(log.rewind(allOf(0), true)).toBe(11);
    expect(await send(log)).toEqual(all.slice(2 * FRAMES));
  });

  it("may be told again of windows that are yet to come", async () => {
    const { log, all } = retained();
    log.rewind(allOf(2));
    for (const each of all.slice(0, 2 * FRAMES)) log.push(each);
    expect(log.rewind(allOf(2))).toBe(0);
    expect(log.empty).toBe(true);
    for (const each of all.slice(2 * FRAMES)) log.push(each);
    expect(await send(log)).toEqual(all.slice(3 * FRAMES));
    expect(() => log.acknowledge(allOf(9))).toThrow(/PROTOCOL: frame all of window 9 was acknowledged, but not sent/);
  });
});
