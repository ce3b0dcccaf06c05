import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MyriadError } from "../base/error.ts";
import { Answers, dropAnswersBefore } from "./answers.ts";
import { EffectJournal } from "./effect-journal.ts";
import type { TornTail } from "./record-reader.ts";
import { SimDisk } from "./sim-disk.ts";

const FOLDER = "run/journal";
const journal = (disk: SimDisk, part = 0, epoch = 1, checkpoint = 0, incarnation = "a1"): EffectJournal =>
  new EffectJournal({ disk, folder: FOLDER, runId: "r1", part, epoch, checkpoint, incarnation });
const load = (disk: SimDisk, torn: TornTail[] = [], wanted?: (agent: number) => boolean): Promise<Answers> =>
  Answers.load({ disk, folder: FOLDER, runId: "r1", onTorn: (tail) => torn.push(tail), ...(wanted && { wanted }) });
const answer = (agent: number, call: number, value: unknown = `${agent}:${call}`) => ({
  agent,
  call,
  key: `r1/${agent}/${call}`,
  outcome: { ok: true, value },
});
const outcome = (answers: Answers, agent: number, call: number): unknown => answers.get(agent, call)?.outcome();

describe("the journal of effects", () => {
  test("gives back what parts were answered, as often as asked, each time a copy", async () => {
    const disk = new SimDisk(1);
    const [first, second] = [journal(disk, 0), journal(disk, 1)];
    const value = { text: "x".repeat(3_000_000), bytes: new Uint8Array([1, 2]), set: new Set([1]) };
    first.append(answer(5, 0, value));
    second.append({ ...answer(6, 2), outcome: { ok: false, code: "EFFECT_FAILED", message: "no" } });
    await Promise.all([first.sync(), second.sync()]);
    const answers = await load(disk);
    expect(answers.size).toBe(2);
    expect(outcome(answers, 5, 0)).toEqual({ ok: true, value });
    expect(outcome(answers, 5, 0)).not.toBe(outcome(answers, 5, 0));
    expect(outcome(answers, 6, 2)).toEqual({ ok: false, code: "EFFECT_FAILED", message: "no" });
    expect(answers.get(6, 2)!.key).toBe("r1/6/2");
    expect([answers.get(6, 0), answers.get(7, 2)]).toEqual([undefined, undefined]);
    expect((await load(disk, [], (agent) => agent === 6)).size).toBe(1);
  });

  test("without answers there is no file and no fsync; those who wait together share one", async () => {
    const disk = new SimDisk(1);
    const one = journal(disk);
    await one.sync();
    one.rotate(1);
    await one.close();
    expect([await disk.list(FOLDER), disk.syncs]).toEqual([[], 0]);
    const other = journal(disk);
    other.append(answer(1, 0));
    await other.sync();
    disk.syncs = 0;
    const syncs = Array.from({ length: 100 }, (_, i) => {
      other.append(answer(2, i));
      return other.sync();
    });
    await Promise.all(syncs);
    expect(disk.syncs).toBe(2);
    await other.sync();
    expect(disk.syncs).toBe(2);
  });

  test("is dirty from an append until what it appended is on disk, whichever way it gets there", async () => {
    const disk = new SimDisk(1);
    const one = journal(disk);
    expect(one.dirty).toBe(false);
    one.append(answer(1, 0));
    const first = one.sync();
    one.append(answer(1, 1));
    expect(one.dirty).toBe(true);
    await first;
    expect(one.dirty).toBe(true);
    await one.sync();
    expect(one.dirty).toBe(false);
    one.append(answer(1, 2));
    one.rotate(1);
    expect(one.dirty).toBe(true);
    await one.sync();
    expect(one.dirty).toBe(false);
    one.append(answer(1, 3));
    disk.failingSyncs = 1;
    await expect(one.sync()).rejects.toThrow("STORE_FAILED");
    await expect(one.sync()).rejects.toThrow("STORE_FAILED");
    expect(one.dirty).toBe(true);
    const other = journal(disk, 1);
    other.append(answer(2, 0));
    await other.close();
    expect(other.dirty).toBe(false);
    expect(() => other.append(answer(2, 1))).toThrow("closed");
  });

  test("what comes after a checkpoint's cut stands in files that outlast those before it", async () => {
    const disk = new SimDisk(1);
    const one = journal(disk);
    one.append(answer(1, 0));
    one.rotate(3);
    one.append(answer(1, 1));
    one.rotate(3);
    one.append(answer(1, 2));
    await one.sync();
    expect((await disk.list(FOLDER)).map(({ name }) => name)).toEqual(["0-0-1-a1.log", "3-0-1-a1.log"]);
    await dropAnswersBefore(disk, FOLDER, 3);
    const answers = await load(disk);
    expect([0, 1, 2].map((call) => outcome(answers, 1, call))).toEqual([
      undefined,
      { ok: true, value: "1:1" },
      { ok: true, value: "1:2" },
    ]);
    disk.place(`${FOLDER}/2-0-1-a1.log.tmp`, new Uint8Array(5));
    disk.place(`${FOLDER}/notes.txt`, new Uint8Array(5));
    await dropAnswersBefore(disk, FOLDER, 3);
    expect((await disk.list(FOLDER)).map(({ name }) => name)).toEqual(["3-0-1-a1.log", "notes.txt"]);
  });

  test("of two answers to one call that of the later epoch counts, whichever came first; in an epoch the first", async () => {
    const disk = new SimDisk(1);
    const [old, successor] = [journal(disk, 0, 1), journal(disk, 0, 2, 0, "b2")];
    successor.append(answer(1, 0, "used"));
    await successor.sync();
    // The predecessor, declared dead, wakes up.
    old.append(answer(1, 0, "late"));
    old.append(answer(1, 1, "first"));
    old.append(answer(1, 1, "second"));
    await old.sync();
    const answers = await load(disk);
    expect(outcome(answers, 1, 0)).toEqual({ ok: true, value: "used" });
    expect(outcome(answers, 1, 1)).toEqual({ ok: true, value: "first" });
  });

  test("refuses names that could not be read back, other runs, and says what failed", async () => {
    const disk = new SimDisk(1);
    expect(() => journal(disk, 0, 1, 0, "a-b")).toThrow('INVALID_ARGUMENT: a journal "0-0-1-a-b.log"');
    expect(() => journal(disk, -1)).toThrow(/INVALID_ARGUMENT/);
    const one = journal(disk);
    one.append(answer(1, 0));
    disk.readOnly = true;
    await expect(one.sync()).rejects.toThrow(/STORE_FAILED: .*read-only/);
    disk.readOnly = false;
    await expect(one.sync()).rejects.toThrow(/STORE_FAILED/);
    one.rotate(1);
    one.append(answer(1, 1));
    await expect(one.sync()).rejects.toThrow(/STORE_FAILED/);
    expect((await load(disk)).size).toBe(1);
    await expect(Answers.load({ disk, folder: FOLDER, runId: "r2" })).rejects.toThrow(
      /MISMATCH: .*1-0-1-a1.log" is of run r1/,
    );
  });

  test("a damaged file that was closed is found at every byte, and named", async () => {
    const disk = new SimDisk(1);
    const one = journal(disk);
    for (let call = 0; call < 3; call++) {
      one.append(answer(1, call));
      await one.sync();
    }
    await one.close();
    const path = `${FOLDER}/0-0-1-a1.log`;
    const good = disk.contents(path);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x40;
      disk.place(path, bad);
      const torn: TornTail[] = [];
      const found = await load(disk, torn).catch((reason: MyriadError) => reason.message);
      if (torn.length > 0) expect([(found as Answers).size, torn]).toEqual([3, [{ path, offset: good.length - 27 }]]);
      else expect(found).toMatch(/^CORRUPT: "run\/journal\/0-0-1-a1.log": the record at byte \d+ is damaged/);
    }
  });
});

const STEPS = ["append", "append", "append", "sync", "rotate", "close"] as const;

/** Until the crash: answers to calls 0, 1, 2 ... of one agent. Returns how many had been synced, and appended. */
async function workUntilCrash(disk: SimDisk, work: readonly (typeof STEPS)[number][], life: number, from: number) {
  let [appended, synced] = [from, from];
  let one = journal(disk, 0, life, 0, `x${life}`);
  try {
    for (const [i, step] of work.entries()) {
      if (step === "append") one.append(answer(1, appended++, "large enough to be torn ".repeat(3)));
      else if (step === "rotate") one.rotate(i + 1);
      else {
        await (step === "sync" ? one.sync() : one.close());
        synced = appended;
      }
      if (step === "close") one = journal(disk, 0, life, i + 1, `x${life}`);
    }
  } catch (reason) {
    if (!/the process has died/.test((reason as Error).message)) throw reason;
  }
  return { appended, synced };
}

test("a crash anywhere loses no answer that was synced, and makes up none", async () => {
  const work = fc.array(fc.constantFrom(...STEPS), { maxLength: 20 });
  const crashes = fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(work, crashes, fc.nat(), async (steps, at, seed) => {
      const disk = new SimDisk(seed);
      let from = 0;
      for (const [life, crashAt] of at.entries()) {
        disk.crashAt = crashAt;
        const { appended, synced } = await workUntilCrash(disk, steps, life, from);
        disk.crash();
        const answers = await load(disk);
        const calls = Array.from({ length: appended + 10 }, (_, call) => answers.get(1, call) !== undefined);
        for (let call = from; call < synced; call++) expect(calls[call]).toBe(true);
        expect(calls.lastIndexOf(true)).toBeLessThan(appended);
        from = appended;
      }
    }),
    { numRuns: 500 },
  );
});
