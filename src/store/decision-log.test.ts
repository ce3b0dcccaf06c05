import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MyriadError } from "../base/error.ts";
import { DecisionLog } from "./decision-log.ts";
import type { TornTail } from "./record-reader.ts";
import { SimDisk } from "./sim-disk.ts";

const FOLDER = "run/decisions";
const open = (disk: SimDisk, torn: TornTail[] = []): Promise<DecisionLog> =>
  DecisionLog.open({ disk, folder: FOLDER, runId: "r1", onTorn: (tail) => torn.push(tail) });
const values = (log: DecisionLog): unknown[] => log.decisions.map(({ value }) => value);
const only = async (disk: SimDisk): Promise<string> => {
  const [file, ...more] = await disk.list(FOLDER);
  expect(more).toEqual([]);
  return `${FOLDER}/${file!.name}`;
};

describe("the decision log", () => {
  test("gives back what was appended, numbered on from the last time", async () => {
    const disk = new SimDisk(1);
    const first = await open(disk);
    expect([first.snapshot, first.decisions]).toEqual([null, []]);
    expect(await Promise.all([first.append("a"), first.append({ b: [1] })])).toEqual([1, 2]);
    await first.close();
    const second = await open(disk);
    expect(second.decisions).toEqual([
      { number: 1, value: "a" },
      { number: 2, value: { b: [1] } },
    ]);
    await second.compact({ sum: 2 });
    expect(await second.append("c")).toBe(3);
    await second.close();
    const third = await open(disk);
    expect([third.snapshot, third.decisions]).toEqual([{ sum: 2 }, [{ number: 3, value: "c" }]]);
    expect(await third.append("d")).toBe(4);
  });

  test("appends that come together share an fsync, and come in their order", async () => {
    const disk = new SimDisk(1);
    const log = await open(disk);
    disk.syncs = 0;
    const numbers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => log.append(i)));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(disk.syncs).toBe(2);
    await log.close();
    expect(values(await open(disk))).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  test("one process at a time has it", async () => {
    const disk = new SimDisk(1);
    const log = await open(disk);
    await expect(open(disk)).rejects.toThrow(/STORE_FAILED: lock "run\/decisions\/lock"/);
    await log.close();
    await (await open(disk)).close();
  });

  test("one of another run or format is refused, and can be opened by who knows better", async () => {
    const disk = new SimDisk(1);
    await (await open(disk)).close();
    const other = DecisionLog.open({ disk, folder: FOLDER, runId: "r2" });
    await expect(other).rejects.toThrow('MISMATCH: "run/decisions/1.log" is of run r1, not of r2');
    await (await open(disk)).close();
  });

  test("a failed fsync fails all that follows, until the whole is written anew", async () => {
    const disk = new SimDisk(1);
    const log = await open(disk);
    await log.append("a");
    disk.failingSyncs = 1;
    await expect(log.append("b")).rejects.toThrow(
      /STORE_FAILED: fsync "run\/decisions\/1.log.*": the disk reports a fault \(EIO\)/,
    );
    await expect(log.append("c")).rejects.toThrow(/STORE_FAILED/);
    await log.compact({ all: ["a", "d"] });
    expect(await log.append("e")).toBe(4);
    disk.crash();
    const again = await open(disk);
    expect([again.snapshot, values(again)]).toEqual([{ all: ["a", "d"] }, ["e"]]);
  });

  test("a full disk fails an append; with room again, compacting goes on", async () => {
    const disk = new SimDisk(1);
    const log = await open(disk);
    await log.append("a");
    disk.freeBytes = 10;
    await expect(log.append("b")).rejects.toThrow(/STORE_FAILED: write .*: the disk is full \(ENOSPC\)/);
    await expect(log.compact("none")).rejects.toThrow(/ENOSPC/);
    disk.freeBytes = 10_000;
    await log.compact(["a"]);
    await log.append("c");
    disk.crash();
    const again = await open(disk);
    expect([again.snapshot, values(again)]).toEqual([["a"], ["c"]]);
  });

  test("what a killed process had not made durable is, once it has been read", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new SimDisk(seed);
      const log = await open(disk);
      await log.append("a");
      disk.failingSyncs = 1;
      await expect(log.append("b")).rejects.toThrow();
      disk.kill();
      const read = values(await open(disk));
      disk.crash();
      expect(values(await open(disk))).toEqual(read);
    }
  });
});

describe("damage to the decision log", () => {
  const written = async (close: boolean): Promise<SimDisk> => {
    const disk = new SimDisk(3);
    const log = await open(disk);
    for (const value of ["one", "two", "three"]) await log.append(value);
    if (close) await log.close();
    disk.crash();
    return disk;
  };

  test("is found at every byte of one that was closed, with file and offset", async () => {
    const disk = await written(true);
    const path = await only(disk);
    const good = disk.contents(path);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 1 << (at % 8);
      disk.place(path, bad);
      const torn: TornTail[] = [];
      const outcome = await open(disk, torn).then(values, (reason: MyriadError) => reason.message);
      // The seal is the last record: without it the log is one that was not closed.
      if (torn.length > 0) expect([outcome, good.length - torn[0]!.offset]).toEqual([["one", "two", "three"], 27]);
      else expect(outcome).toMatch(/^CORRUPT: "run\/decisions\/1.log": the record at byte \d+ is damaged/);
      disk.crash();
      disk.place(path, good);
      for (const { name } of await disk.list(FOLDER)) if (!path.endsWith(name)) await disk.remove(`${FOLDER}/${name}`);
      await disk.syncFolder(FOLDER);
    }
  });

  test("where it was cut off, all before the cut is there, and the note says where", async () => {
    const disk = await written(false);
    const path = await only(disk);
    const good = disk.contents(path);
    for (let length = 0; length < good.length; length++) {
      const cut = new SimDisk(length);
      cut.place(path, good.slice(0, length));
      const torn: TornTail[] = [];
      const outcome = await open(cut, torn).then(values, (reason: MyriadError) => reason.message);
      if (typeof outcome === "string") expect(outcome).toMatch(/CORRUPT: .*1.log": the record at byte \d+ is damaged/);
      else expect(["one", "two", "three"].slice(0, outcome.length)).toEqual(outcome);
      for (const { offset } of torn) expect(offset).toBeLessThanOrEqual(length);
    }
  });
});

const STEPS = ["append", "burst", "compact", "reopen"] as const;

/** Random work on a log that is cut short by a crash: returns what is certain and what may be. */
async function workUntilCrash(disk: SimDisk, work: readonly (typeof STEPS)[number][], model: Model): Promise<void> {
  let log = await open(disk);
  model.opened(log);
  for (const step of work) {
    if (step === "append") {
      const value = model.begin();
      await log.append(value);
      model.acknowledged = value;
    } else if (step === "burst") {
      const all = Array.from({ length: 4 }, () => model.begin());
      for (const number of await Promise.all(all.map((value) => log.append(value)))) model.acknowledged = number;
    } else if (step === "compact") await log.compact(model.begun);
    else {
      await log.close();
      log = await open(disk);
      model.opened(log);
    }
  }
}

/** Appends the integers from 1 on, and compacts to the last one. */
class Model {
  acknowledged = 0;
  begun = 0;

  begin(): number {
    return ++this.begun;
  }

  /** A log must hold an unbroken row of them, up to one between the last acknowledged and the last begun. */
  opened(log: DecisionLog): void {
    const from = (log.snapshot as number | null) ?? 0;
    const row = log.decisions.map(({ value }) => value as number);
    expect(row).toEqual(row.map((_, i) => from + 1 + i));
    const last = row.at(-1) ?? from;
    expect(last).toBeGreaterThanOrEqual(this.acknowledged);
    expect(last).toBeLessThanOrEqual(this.begun);
    expect(log.decisions.map(({ number }) => number)).toEqual(row);
    this.begun = last;
    this.acknowledged = last;
  }
}

async function survives(
  work: readonly (typeof STEPS)[number][],
  crashes: readonly number[],
  seed: number,
): Promise<boolean> {
  const disk = new SimDisk(seed);
  const model = new Model();
  let all = false;
  for (const crashAt of crashes) {
    disk.crashAt = crashAt;
    all = await workUntilCrash(disk, work, model).then(
      () => true,
      (reason: Error) => {
        if (!/the process has died/.test(reason.message)) throw reason;
        return false;
      },
    );
    disk.crash();
  }
  model.opened(await open(disk));
  return all;
}

describe("a crash", () => {
  test("at every operation of a small log loses nothing that was acknowledged", async () => {
    const work = ["append", "burst", "compact", "append", "reopen", "burst"] as const;
    for (let crashAt = 0, all = false; !all; crashAt++) {
      for (let seed = 0; seed < 12; seed++) all = await survives(work, [crashAt], seed * 1_000 + crashAt);
    }
  });

  test("and another, anywhere in a larger one, loses nothing that was acknowledged", async () => {
    const steps = fc.array(fc.constantFrom(...STEPS, "append" as const, "burst" as const), { maxLength: 25 });
    const crashes = fc.array(fc.nat({ max: 150 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(steps, crashes, fc.nat(), async (work, at, seed) => void (await survives(work, at, seed))),
      { numRuns: 400 },
    );
  });
});
