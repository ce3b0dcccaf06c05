import { describe, expect, it } from "vitest";
import { spillBudget } from "../store/spill.suite.ts";
import { encodeFrames, type FramePosition } from "../wire/frame.ts";
import { FrameLog } from "./frame-log.ts";

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

  it("holds as many bytes as it may, and not one more", () => {
    const log = new FrameLog(2 * SIZE);
    log.push(frame(0, 0));
    log.push(frame(0, 1));
    expect(() => log.push(frame(0, 2))).toThrow(`LIMIT: over ${2 * SIZE} bytes of frames wait for one worker`);
    takeAll(log);
    log.acknowledge(at(0, 0));
    log.push(frame(0, 2));
    expect(log.take()).toEqual(frame(0, 2));
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
