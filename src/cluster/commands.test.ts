import { describe, expect, it } from "vitest";
import { type Command, type CommandKind, CommandQueue, mergeAccounts } from "./commands.ts";

const command = (number: number, kind: CommandKind = "checkpoint"): Command => ({ number, kind, checkpoint: number });

describe("command queue", () => {
  it("gives each command once, in order, as far as all have it", () => {
    const queue = new CommandQueue();
    for (const number of [1, 2, 2, 1, 3]) queue.accept(command(number, number === 3 ? "stop" : "checkpoint"));
    expect(queue.numberFor(5)).toBe(3);
    expect(queue.take(0)).toEqual([]);
    expect(queue.take(2).map(({ number }) => number)).toEqual([1, 2]);
    expect(queue.take(2)).toEqual([]);
    expect(queue.applied).toBe(2);
    expect(queue.stop).toBe(3);
    expect(() => queue.accept(command(5))).toThrow("PROTOCOL: command 5 came after command 3");
  });

  it("says while it catches up what its predecessor said, and does at the same barriers what the others did", () => {
    const four = { command: command(4), window: 10 };
    const five = { command: command(5, "pause"), window: 17 };
    const before = mergeAccounts([
      { applied: [four], closed: [{ window: 17, command: 5 }], through: 17 },
      { applied: [four, five], closed: [{ window: 20, command: 6 }], through: 20 },
      { applied: [four], closed: [], through: 16 },
    ]);
    expect(before).toEqual({
      applied: [four, five],
      closed: [
        { window: 17, command: 5 },
        { window: 20, command: 6 },
      ],
      through: 20,
    });
    const queue = new CommandQueue(3);
    queue.inherit(before);
    expect(queue.through).toBe(20);
    queue.accept(command(6, "stop"));
    expect([8, 9].map((window) => queue.numberFor(window))).toEqual([3, 3]);
    expect([10, 16, 17, 19, 20].map((window) => queue.numberFor(window))).toEqual([4, 4, 5, 5, 6]);
    queue.accept(command(7));
    expect(queue.numberFor(21)).toBe(7);
    expect(queue.take(4)).toEqual([four.command]);
  });

  it("knows which pauses are over, before they begin as well", () => {
    const queue = new CommandQueue();
    queue.lift(2);
    expect([1, 2, 3].map((number) => queue.isLifted(command(number, "pause")))).toEqual([true, true, false]);
    queue.lift(1);
    expect(queue.isLifted(command(2, "pause"))).toBe(true);
  });
});
