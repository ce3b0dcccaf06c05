import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { drainMicrotasks } from "../base/clock.ts";
import { encodeFrames } from "../wire/frame.ts";
import { spillBudget } from "./spill.suite.ts";
import type { SpillBudget } from "./spill-budget.ts";
import { SpillQueue } from "./spill-queue.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-spill-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(readdirSync(folder)).toEqual([]));

/** Files that this process holds open although they have no name any more. */
const spillFiles = (): number =>
  readdirSync("/proc/self/fd").filter((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`).includes(".spill");
    } catch {
      return false; // The one with which the folder was read.
    }
  }).length;

let made = 0;
const frameOf = (bytes: number): Uint8Array => {
  const closing = new Uint8Array(bytes).fill(++made & 0xff);
  return encodeFrames({ run: 1, epoch: 1, window: made, sender: 0, frameSeq: 0 }, null, [], closing)[0]!;
};

const budgetOf = (memoryBytes: number, changes = {}): SpillBudget => spillBudget({ memoryBytes, folder, ...changes });

async function settled(budget: SpillBudget): Promise<void> {
  for (let room = budget.room(); room !== undefined; room = budget.room()) await room;
}

/** The frame of a number, from memory or disk. */
async function get(queue: SpillQueue, number: number): Promise<Uint8Array> {
  while (queue.at(number) === undefined) await queue.load(number);
  return queue.at(number)!;
}

type Step = { readonly kind: "push" | "read" | "drop" | "turn"; readonly queue: number; readonly size: number };
const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("push", "push", "push", "read", "drop", "turn"),
  queue: fc.integer({ min: 0, max: 1 }),
  size: fc.integer({ min: 0, max: 3_000 }),
});

describe("queues that share a budget", () => {
  it("give back byte for byte what they were given, wherever it was, and stay within the memory", async () => {
    let read = 0;
    let fromDisk = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 80, size: "max" }),
        fc.integer({ min: 1_000, max: 20_000 }),
        async (steps, memoryBytes) => {
          const budget = budgetOf(memoryBytes);
          const queues = [new SpillQueue(budget, "a"), new SpillQueue(budget, "b")];
          const models = queues.map(() => ({ first: 0, frames: [] as Uint8Array[] }));
          for (const { kind, queue: q, size } of steps) {
            const queue = queues[q]!;
            const model = models[q]!;
            const kept = model.frames.length - model.first;
            const number = model.first + (kept === 0 ? 0 : size % kept);
            if (kind === "push") {
              const frame = frameOf(size);
              queue.push(frame);
              model.frames.push(frame.slice());
              await settled(budget);
              expect(budget.memoryBytes).toBeLessThanOrEqual(memoryBytes);
            } else if (kind === "read" && kept > 0) {
              read++;
              if (queue.at(number) === undefined) fromDisk++;
              expect(Buffer.compare(await get(queue, number), model.frames[number]!)).toBe(0);
            } else if (kind === "drop" && kept > 0) {
              queue.dropTo(number);
              model.first = number;
            } else await drainMicrotasks();
          }
          for (const [q, { first, frames }] of models.entries()) {
            expect(queues[q]!.end).toBe(frames.length);
            for (let number = first; number < frames.length; number++) {
              expect(Buffer.compare(await get(queues[q]!, number), frames[number]!)).toBe(0);
            }
            queues[q]!.close();
          }
          while (budget.memoryBytes > 0) await drainMicrotasks();
          expect(budget.diskBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
    expect([read > 300, fromDisk > 50]).toEqual([true, true]);
    if (process.platform === "linux") await until(() => spillFiles() === 0);
  });

  it("give all away at once as long as nothing is on disk", async () => {
    const budget = budgetOf(10_000);
    const queue = new SpillQueue(budget, "a");
    const frames = [frameOf(100), frameOf(200)];
    for (const frame of frames) queue.push(frame);
    expect(queue.takeAll()).toEqual(frames);
    expect([queue.takeAll(), budget.memoryBytes, queue.end]).toEqual([[], 0, 2]);
    for (let i = 0; i < 10; i++) queue.push(frameOf(1_000));
    await settled(budget);
    expect(queue.takeAll()).toBeUndefined();
    queue.close();
  });

  it("take from the one that has most, so that a small one stays in memory", async () => {
    const budget = budgetOf(10_000);
    const [large, small] = [new SpillQueue(budget, "a"), new SpillQueue(budget, "b")];
    small.push(frameOf(500));
    for (let i = 0; i < 50; i++) {
      large.push(frameOf(1_000));
      await settled(budget);
    }
    expect(small.at(0)).toBeDefined();
    expect([small.diskBytes, large.diskBytes > 30_000]).toEqual([0, true]);
    large.close();
    small.close();
  });

  it("end past the disk's bytes, naming whose frames they are, how many bytes, and the option", async () => {
    const budget = budgetOf(4_000, { diskBytes: 20_000 });
    const queue = new SpillQueue(budget, "wait for worker 3");
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        queue.push(frameOf(1_000));
        await settled(budget);
      }
    };
    const limit = /^LIMIT: 2\d{4} bytes wait for worker 3: over 20000 bytes would be on disk, as logMax allows$/;
    await expect(fill()).rejects.toThrow(limit);
    expect(() => queue.push(frameOf(1))).toThrow(limit);
    await expect(budget.room()).rejects.toThrow(limit);
    queue.close();
  });

  it("end when there is no such folder, naming it", async () => {
    const budget = budgetOf(4_000, { folder: join(folder, "none") });
    const queue = new SpillQueue(budget, "a");
    for (let i = 0; i < 4; i++) queue.push(frameOf(1_000));
    await expect(budget.room()).rejects.toThrow(/^SPILL_FAILED: .*none\/myriad-\d+-\d+-0\.spill: .*: ENOENT$/);
    expect(() => queue.push(frameOf(1))).toThrow(/SPILL_FAILED/);
    expect(queue.at(0)).toBeDefined();
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await drainMicrotasks();
}

const MIB = 1024 * 1024;
/** A file system of one MiB, where this process may mount one. */
function smallDisk(): string | undefined {
  const path = join(tmpdir(), `myriad-small-${process.pid}`);
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], { stdio: "ignore" });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
}

const small = smallDisk();
afterAll(() => {
  if (small === undefined) return;
  execFileSync("umount", ["-l", small]);
  rmSync(small, { recursive: true });
});

test("a full disk is named, with the bytes that it had no space for, and what waits is still there", async (context) => {
  if (small === undefined) context.skip("this process may not mount a small file system");
  const budget = spillBudget({ memoryBytes: 512 * 1024, folder: small! });
  const queue = new SpillQueue(budget, "a");
  const frames: Uint8Array[] = [];
  const fill = async (): Promise<void> => {
    while (frames.length < 100) {
      const frame = frameOf(100_000);
      frames.push(frame);
      queue.push(frame);
      await settled(budget);
    }
  };
  await expect(fill()).rejects.toThrow(
    new RegExp(`^SPILL_FAILED: ${small}/myriad-.*\\.spill: \\d{6} bytes more cannot be written: the disk is full$`),
  );
  expect(budget.diskBytes).toBeLessThanOrEqual(MIB);
  for (const [number, frame] of frames.entries()) {
    expect(Buffer.compare(await get(queue, number), frame)).toBe(0);
  }
  queue.close();
});
