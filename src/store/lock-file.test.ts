import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DiskLock } from "./disk.ts";
import { takeLock } from "./lock-file.ts";
import { isGone, type LockOwner, parseOwner, thisOwner } from "./lock-owner.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (): string => join(folder, "lock");
/** A lock that somebody else has. */
const held = (number: number, owner: LockOwner | string): void =>
  writeFileSync(`${path()}.${number}`, typeof owner === "string" ? owner : JSON.stringify(owner));
/** This process id, but of a process that started at another time. */
const gone = async (): Promise<LockOwner> => ({ ...(await thisOwner()), start: "1" });

test("names who has it, and leaves nothing behind", async () => {
  const lock = await takeLock(path());
  await expect(takeLock(path())).rejects.toThrow(
    new RegExp(
      `^STORE_FAILED: ".*lock.1" is held by process ${process.pid} of .*; if that is certainly gone, remove the file$`,
    ),
  );
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("one of a process that has gone is taken over, also when it was itself taken over", async () => {
  held(3, await gone());
  held(4, await gone());
  const lock = await takeLock(path());
  expect(readdirSync(folder)).toEqual(["lock.5"]);
  await lock.release();
});

test("one of an owner that cannot be judged is refused", async () => {
  const here = await thisOwner();
  for (const owner of [{ ...here, host: "elsewhere" }, { ...here, pidSpace: "pid:[1]", start: "1" }, "", "{}"]) {
    held(1, owner);
    await expect(takeLock(path())).rejects.toThrow(/STORE_FAILED: ".*lock.1" is held by (process|an unknown process)/);
  }
});

test("who is gone: another start of the machine or of the process id, and none at all", async () => {
  const here = await thisOwner();
  expect(here.start).toMatch(process.platform === "linux" ? /^\d+$/ : /^$/);
  expect(await isGone(here, here)).toBe(false);
  expect(await isGone({ ...here, boot: "before" }, here)).toBe(true);
  expect(await isGone({ ...here, start: "1" }, here)).toBe(process.platform === "linux");
  expect(await isGone({ ...here, pid: 2 ** 22 + 1 }, here)).toBe(true);
  // Without /proc only the process id tells.
  const blind = { ...here, start: "" };
  expect(await isGone(blind, blind)).toBe(false);
  expect(await isGone({ ...blind, pid: 2 ** 22 + 1 }, blind)).toBe(true);
  expect(parseOwner(JSON.stringify(here))).toEqual(here);
  for (const text of ["", "null", '{"pid":1}', JSON.stringify({ ...here, pid: -1 })])
    expect(parseOwner(text)).toBeUndefined();
});

test("of many who want one that is stale, never two have it", async () => {
  for (let round = 0; round < 20; round++) {
    held(round + 1, await gone());
    let holders = 0;
    let taken = 0;
    const want = async (): Promise<void> => {
      for (let attempt = 0; attempt < 5; attempt++) {
        const lock: DiskLock | undefined = await takeLock(path()).catch(() => undefined);
        if (lock === undefined) continue;
        expect(++holders).toBe(1);
        taken++;
        await new Promise(setImmediate);
        holders--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 8 }, want));
    if (taken === 0) await (await takeLock(path())).release();
    expect(readdirSync(folder)).toEqual([]);
  }
});
