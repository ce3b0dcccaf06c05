import { afterEach, describe, expect, it } from "vitest";
import { drainMicrotasks, ManualClock } from "../base/clock.ts";
import type { CommandKind } from "../cluster/commands.ts";
import { DecisionLog } from "../store/decision-log.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import { SimDisk } from "../store/sim-disk.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { CheckpointKeeper, type Committed } from "./checkpoint-keeper.ts";
import { silentLog } from "./log.ts";

const RUN = "0123456789ab";
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A keeper over a simulated disk, for two parts. */
async function keeping() {
  const disk = new SimDisk(1);
  const clock = new ManualClock();
  const store = new FileCheckpoints({ disk, folder: "/run/checkpoints", runId: RUN, writer: "test" });
  const decisions = await DecisionLog.open({ disk, folder: "/run/decisions", runId: RUN });
  closing.push(() => decisions.close());
  const given: [CommandKind, number][] = [];
  const committed: Committed[] = [];
  const dropped: number[] = [];
  const keeper = new CheckpointKeeper({
    store,
    decisions,
    run: { runId: RUN, seed: 7, scenarioHash: "hash" },
    parts: 2,
    epoch: () => 1,
    everyMs: 1_000,
    command: (kind, checkpoint) => given.push([kind, checkpoint]),
    onCommitted: (each) => committed.push(each),
    dropAnswersBefore: async (checkpoint) => void dropped.push(checkpoint),
    now: () => "2026-01-01T00:00:00.000Z",
    clock,
    log: silentLog,
  });
  /** The part saves a section, as its process would, and tells. */
  const save = async (part: number, checkpoint: number, window: number, before = (): void => {}): Promise<void> => {
    const writer = await (await store.begin(checkpoint)).part(part);
    await writer.write(Uint8Array.of(part));
    const info = encodePlain(await writer.close());
    before();
    keeper.saved(part, { checkpoint, window, info, pauseMs: 1, failure: "" });
  };
  return { disk, clock, store, keeper, given, committed, dropped, save };
}

describe("checkpoint keeper", () => {
  it("makes a checkpoint of what all parts have saved, and tells when it is on disk", async () => {
    const { keeper, given, committed, save, store } = await keeping();
    const taken = keeper.take();
    expect(given).toEqual([["checkpoint", 1]]);
    await save(0, 1, 40);
    expect(keeper.latest).toBeUndefined();
    await save(1, 1, 40);
    expect(await taken).toEqual({ checkpoint: 1, window: 40, commands: 1 });
    expect(committed).toEqual([keeper.latest]);
    const manifest = await store.newest(() => {});
    expect(manifest).toMatchObject({ id: 1, window: 40, seed: 7, workers: [0, 1], epoch: 1 });
  });

  it("keeps two, and the answers that these need", async () => {
    const { keeper, save, store, dropped } = await keeping();
    for (const checkpoint of [1, 2, 3]) {
      const taken = keeper.take();
      await Promise.all([save(0, checkpoint, checkpoint), save(1, checkpoint, checkpoint)]);
      await taken;
      while (dropped.length < checkpoint - 1) await drainMicrotasks();
    }
    expect(dropped).toEqual([1, 2]);
    await expect(store.manifest(1)).rejects.toThrow("STORE_FAILED");
    expect((await store.manifest(2)).id).toBe(2);
  });

  it("makes one at a time, now and then, and at once when a part is pressed", async () => {
    const { keeper, given, committed, clock, save } = await keeping();
    keeper.hurry();
    expect(given).toEqual([]);
    keeper.start();
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect(given).toHaveLength(1);
    keeper.hurry();
    await expect(keeper.take()).rejects.toThrow("NOT_ALLOWED: checkpoint 1 is being made");
    await Promise.all([save(0, 1, 3), save(1, 1, 3)]);
    while (committed.length === 0) await drainMicrotasks();
    keeper.hurry();
    expect(given).toHaveLength(2);
    keeper.stop();
    await clock.advance(10_000);
    expect(given).toHaveLength(2);
  });

  it("does without one that a part could not save, or that is given up, and numbers are not used again", async () => {
    const { keeper, given, committed, save } = await keeping();
    const first = keeper.take();
    await save(0, 1, 5);
    const none = new Uint8Array(0);
    keeper.saved(1, { checkpoint: 1, window: 5, info: none, pauseMs: 0, failure: "STORE_FAILED: no space left" });
    await expect(first).rejects.toThrow("checkpoint 1 was given up: STORE_FAILED: no space left");
    const second = keeper.take();
    keeper.abandon("all parts begin anew");
    await expect(second).rejects.toThrow("all parts begin anew");
    await save(0, 2, 6);
    await save(1, 2, 6);
    expect([committed, keeper.latest]).toEqual([[], undefined]);
    const third = keeper.take();
    await Promise.all([save(0, 3, 9), save(1, 3, 9)]);
    expect((await third).checkpoint).toBe(3);
    expect(given.map(([, checkpoint]) => checkpoint)).toEqual([1, 2, 3]);
  });

  it("is not deceived by parts that stood at different barriers", async () => {
    const { keeper, save } = await keeping();
    keeper.take().catch(() => {});
    await save(0, 1, 5);
    await expect(save(1, 1, 6)).rejects.toThrow("PROTOCOL: parts saved checkpoint 1 before windows 5 and 6");
  });

  it("gives one up when the disk fails to commit it, and the one before stays the newest", async () => {
    const { keeper, save, disk } = await keeping();
    const first = keeper.take();
    await Promise.all([save(0, 1, 5), save(1, 1, 5)]);
    await first;
    const second = keeper.take();
    await save(0, 2, 8);
    await save(1, 2, 8, () => {
      disk.failingSyncs = 1;
    });
    await expect(second).rejects.toThrow(/checkpoint 2 was given up: STORE_FAILED/);
    expect(keeper.latest!.checkpoint).toBe(1);
  });
});
