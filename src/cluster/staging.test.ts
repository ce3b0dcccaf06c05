import { describe, expect, it } from "vitest";
import { MyriadError } from "../base/error.ts";
import { spillLimits } from "../store/spill.suite.ts";
import { Staging } from "./staging.ts";

const bytes = (n: number): Uint8Array => Uint8Array.of(n);

/** Worker 0 of three, at window 5. */
const staging = (): Staging => new Staging(0, 3, 5, spillLimits());

function put(
  into: Staging,
  sender: number,
  window: number,
  frameSeq: number,
  closing = false,
): Promise<void> | undefined {
  return into.accept({ sender, window, frameSeq, closing, command: 0 }, bytes(frameSeq));
}

describe("staging", () => {
  it("gives an origin's frames only when it has closed the window", async () => {
    const at = staging();
    put(at, 1, 5, 0);
    put(at, 1, 5, 1);
    expect(() => at.take(1)).toThrow(/PROTOCOL: worker 1 has not closed window 5/);
    expect(at.missing).toEqual([1, 2]);
    put(at, 1, 5, 2, true);
    expect(at.take(1)!.map((frame) => frame[0])).toEqual([0, 1, 2]);
    const closed = at.whenClosed();
    expect(closed).not.toBeNull();
    put(at, 2, 5, 0, true);
    await closed;
    expect(at.whenClosed()).toBeNull();
  });

  it("keeps what a faster worker sends for the next window, which may skip some", async () => {
    const at = staging();
    put(at, 1, 5, 0, true);
    put(at, 1, 9, 0);
    put(at, 1, 9, 1, true);
    expect(at.missing).toEqual([2]);
    expect(at.whenClosed()).not.toBeNull();
    put(at, 2, 5, 0, true);
    at.advance(9);
    expect(at.missing).toEqual([2]);
    expect(at.take(1)).toHaveLength(2);
    put(at, 2, 9, 0, true);
    expect(at.whenClosed()).toBeNull();
  });

  it("notices that another worker has gone on to another window", () => {
    const at = staging();
    put(at, 1, 5, 0, true);
    put(at, 1, 8, 0);
    put(at, 2, 5, 0, true);
    expect(() => at.advance(9)).toThrow(/PROTOCOL: worker 1 went on to window 8, this worker to 9/);
  });

  it.each<[string, (at: Staging) => void, RegExp]>([
    ["that comes twice", (at) => put(at, 1, 5, 0), /frame 0 came twice; frame 1 is next/],
    ["after a gap", (at) => put(at, 1, 5, 2), /frame 2 came too early; frame 1 is next/],
    ["of a window to come", (at) => put(at, 1, 6, 0), /window 5 is not closed yet/],
    ["of a window gone by", (at) => put(at, 1, 4, 1), /window 5 is not closed yet/],
    ["from itself", (at) => put(at, 0, 5, 0), /no such peer/],
    ["from a worker that is not there", (at) => put(at, 3, 5, 0), /no such peer/],
  ])("refuses a frame %s", (_what, act, message) => {
    const at = staging();
    put(at, 1, 5, 0);
    expect(() => act(at)).toThrow(message);
  });

  it.each<[string, (at: Staging) => void, RegExp]>([
    ["of the window it closed", (at) => put(at, 1, 5, 1), /it has closed this window/],
    ["of the next window that it closed as well", (at) => put(at, 1, 6, 1), /it has closed this window/],
  ])("refuses a frame %s", (_what, act, message) => {
    const at = staging();
    put(at, 1, 5, 0, true);
    put(at, 1, 6, 0, true);
    expect(() => act(at)).toThrow(message);
  });

  it("refuses a frame past the next window that is not closed yet", () => {
    const at = staging();
    put(at, 1, 5, 0, true);
    put(at, 1, 6, 0);
    expect(() => put(at, 1, 7, 0)).toThrow(/window 6 is not closed yet/);
  });

  it("has no room for a third window until the first is over", async () => {
    const at = staging();
    put(at, 1, 5, 0, true);
    put(at, 1, 6, 0, true);
    const room = put(at, 1, 7, 0);
    expect(room).toBeInstanceOf(Promise);
    expect(put(at, 1, 7, 0)).toBe(room);
    put(at, 2, 5, 0, true);
    at.advance(6);
    await room;
    expect(put(at, 1, 7, 0)).toBeUndefined();
    put(at, 2, 6, 0, true);
    at.advance(7);
    expect(at.missing).toEqual([1, 2]);
    expect(() => put(at, 1, 7, 0)).toThrow(/frame 0 came twice/);
  });

  it("throws away the window that a lost origin has not closed, and keeps those that it has", () => {
    const at = staging();
    put(at, 1, 5, 0);
    put(at, 1, 5, 1);
    at.discard(1);
    put(at, 1, 5, 0, true);
    put(at, 1, 6, 0);
    at.discard(1);
    put(at, 1, 6, 0);
    put(at, 1, 6, 1, true);
    at.discard(1);
    expect(at.take(1)).toHaveLength(1);
    put(at, 2, 5, 0, true);
    at.advance(6);
    expect(at.missing).toEqual([2]);
    expect(at.take(1)).toHaveLength(2);
    expect(at.figures.memoryBytes).toBe(0);
  });

  it("does not take closed windows for the end of a computation", async () => {
    const at = staging();
    let done = false;
    let finish = (): void => {};
    const guarded = at.guard(new Promise((resolve) => (finish = resolve))).then(() => (done = true));
    put(at, 1, 5, 0, true);
    put(at, 2, 5, 0, true);
    await Promise.resolve();
    expect(done).toBe(false);
    finish();
    await guarded;
    expect(done).toBe(true);
  });

  it("fails whoever waits, now or later, with the first reason", async () => {
    const at = staging();
    const waits = expect(at.whenClosed()).rejects.toThrow(/UNAVAILABLE: worker 1/);
    at.fail(new MyriadError("UNAVAILABLE", "worker 1 is gone"));
    at.fail(new MyriadError("UNAVAILABLE", "worker 2 is gone"));
    await waits;
    await expect(at.whenClosed()).rejects.toThrow(/worker 1/);
    await expect(at.guard(new Promise(() => {}))).rejects.toThrow(/worker 1/);
  });
});
