import { describe, expect, test } from "vitest";
import { diskSuite } from "./disk.suite.ts";
import { SimDisk } from "./sim-disk.ts";

const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(7);

describe("the simulated disk", () => {
  diskSuite(async () => ({ disk: new SimDisk(1), folder: "f" }));

  /** What may be left of a file of 64 safe bytes and 64 others, over many seeds. */
  const fates = async (after: (disk: SimDisk) => Promise<void>): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 300; seed++) {
      const disk = new SimDisk(seed);
      const file = await disk.create("f/x");
      await file.write(bytes(64));
      await file.sync();
      await disk.syncFolder("f");
      await file.write(bytes(64));
      await after(disk).catch(() => undefined);
      disk.crash();
      const left = disk.contents("f/x");
      expect(left.subarray(0, 64)).toEqual(bytes(64));
      seen.add(left.length === 64 ? "lost" : left.includes(0) ? "holed" : left.length === 128 ? "kept" : "cut");
    }
    return seen;
  };

  test("loses, cuts, holes or keeps what was not synced, and nothing else", async () => {
    expect(await fates(async () => {})).toEqual(new Set(["lost", "cut", "holed", "kept"]));
  });

  test("a crash may undo names until their folder is synced", async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const disk = new SimDisk(seed);
      await (await disk.create("f/a")).sync();
      await disk.syncFolder("f");
      await disk.rename("f/a", "f/b");
      await (await disk.create("f/c")).sync();
      disk.crash();
      seen.add((await disk.list("f")).map(({ name }) => name).join(""));
    }
    expect(seen).toEqual(new Set(["a", "ac", "b", "bc"]));
  });

  test("is full, read-only and faulty when told, and a failed file stays failed", async () => {
    const disk = new SimDisk(1);
    disk.freeBytes = 10;
    const file = await disk.create("f/x");
    await expect(file.write(bytes(11))).rejects.toThrow('STORE_FAILED: write "f/x": the disk is full (ENOSPC)');
    expect(disk.contents("f/x").length).toBe(10);
    disk.freeBytes = 100;
    await expect(file.sync()).rejects.toThrow(
      'STORE_FAILED: "f/x" was given up after an earlier failure: STORE_FAILED: write',
    );
    disk.failingSyncs = 1;
    const other = await disk.create("f/y");
    await expect(other.sync()).rejects.toThrow('fsync "f/y": the disk reports a fault (EIO)');
    await expect(other.write(bytes(1))).rejects.toThrow("given up");
    disk.readOnly = true;
    await expect(disk.create("f/z")).rejects.toThrow("the disk is read-only (EROFS)");
    expect((await disk.list("f")).length).toBe(2);
  });

  test("dies at the operation it is told, and is one and the same under a seed", async () => {
    const run = async (): Promise<[number, Uint8Array]> => {
      const disk = new SimDisk(9);
      const file = await disk.create("f/x");
      await disk.syncFolder("f");
      disk.crashAt = 6;
      await file.write(bytes(100));
      await file.write(bytes(100));
      await expect(file.write(bytes(100))).rejects.toThrow("the process has died");
      await expect(disk.list("f")).rejects.toThrow("the process has died");
      const { operations } = disk;
      disk.crash();
      await expect(file.write(bytes(1))).rejects.toThrow("the process is gone");
      return [operations, disk.contents("f/x")];
    };
    expect((await run())[0]).toBe(6);
    expect(await run()).toEqual(await run());
  });
});
