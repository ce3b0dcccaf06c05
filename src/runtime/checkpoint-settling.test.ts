import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { DecisionLog } from "../store/decision-log.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import { SimDisk } from "../store/sim-disk.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { silentLog } from "./log.ts";

const FOLDER = "run/checkpoints";

async function begin() {
  const disk = new SimDisk(1);
  const committed: number[] = [];
  let commands = 0;
  const keeper = new CheckpointKeeper({
    store: new FileCheckpoints({ disk, folder: FOLDER, runId: "r1", writer: "master" }),
    decisions: await DecisionLog.open({ disk, folder: "run/decisions", runId: "r1" }),
    run: { runId: "r1", seed: 7, scenarioHash: "5eed" },
    parts: 2,
    epoch: () => 1,
    everyMs: Number.POSITIVE_INFINITY,
    command: () => ++commands,
    dropAnswersBefore: async () => {},
    onCommitted: ({ window }) => committed.push(window),
    now: () => "2026-01-01T00:00:00.000Z",
    clock: new ManualClock(),
    log: silentLog,
  });
  /** A part writes its state before `window`, and says so. */
  const save = async (part: number, checkpoint: number, window: number, life = 1): Promise<void> => {
    const store = new FileCheckpoints({ disk, folder: FOLDER, runId: "r1", writer: `w${life}` });
    const writer = await (await store.begin(checkpoint)).part(part);
    await writer.write(new Uint8Array([part]));
    const info = encodePlain(await writer.close());
    keeper.saved(part, { checkpoint, window, info, pauseMs: 0, failure: "" });
  };
  return { keeper, committed, save };
}

describe("a checkpoint that is made while parts are lost", () => {
  it("is committed before it is settled what they begin from, when all have saved it", async () => {
    const { keeper, committed, save } = await begin();
    void keeper.take();
    await save(0, 1, 10);
    await save(1, 1, 10);
    expect(keeper.latest).toBeUndefined();
    await keeper.lose([1]);
    expect([keeper.latest?.window, committed]).toEqual([10, [10]]);
  });

  it("waits for those that come in their place, which save it once more", async () => {
    const { keeper, committed, save } = await begin();
    const done = keeper.take();
    await save(1, 1, 10);
    await keeper.lose([1]);
    await save(0, 1, 10);
    expect(keeper.latest).toBeUndefined();
    await save(1, 1, 10, 2);
    expect((await done).window).toBe(10);
    expect(committed).toEqual([10]);
  });

  it("may be made at another barrier when nobody is left who was at the first", async () => {
    const { keeper, save } = await begin();
    const done = keeper.take();
    await save(1, 1, 10);
    await keeper.lose([0, 1]);
    await save(0, 1, 3, 2);
    await save(1, 1, 3, 2);
    expect((await done).window).toBe(3);
  });

  it("is committed once, though a part saves it again meanwhile", async () => {
    const { keeper, committed, save } = await begin();
    const done = keeper.take();
    await save(0, 1, 10);
    await save(1, 1, 10);
    const again = save(1, 1, 10, 2);
    await Promise.all([done, again]);
    expect(committed).toEqual([10]);
  });
});
