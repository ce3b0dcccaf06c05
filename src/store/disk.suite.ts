import { expect, test } from "vitest";
import type { Disk } from "./disk.ts";
import { PieceReader } from "./piece-reader.ts";

const all = (disk: Disk, path: string): Promise<Uint8Array> => new PieceReader(disk.read(path)).rest();
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

async function write(disk: Disk, path: string, contents: Uint8Array): Promise<void> {
  const file = await disk.create(path);
  await file.write(contents);
  await file.sync();
  await file.close();
}

/** What every disk does. `begin` gives one, and a folder on it that does not exist. */
export function diskSuite(begin: () => Promise<{ disk: Disk; folder: string }>): void {
  test("files are written front to back, and read back", async () => {
    const { disk, folder } = await begin();
    await disk.makeFolder(`${folder}/a/b`);
    await disk.makeFolder(`${folder}/a/b`);
    const file = await disk.create(`${folder}/a/b/x`);
    const large = Uint8Array.from({ length: 600_000 }, (_, i) => (i * i) >> 5);
    await file.write(large);
    await file.write(bytes());
    await file.write(bytes(1, 2));
    expect(file.bytes).toBe(600_002);
    await file.sync();
    await file.close();
    await file.close();
    await disk.syncFolder(`${folder}/a/b`);
    const read = await all(disk, `${folder}/a/b/x`);
    expect(Buffer.compare(read, Buffer.concat([large, bytes(1, 2)]))).toBe(0);
    for await (const piece of disk.read(`${folder}/a/b/x`)) {
      expect(piece.length).toBeLessThan(600_002);
      break;
    }
  });

  test("names: listed in order, never made twice, replaced by a rename, removed if there", async () => {
    const { disk, folder } = await begin();
    expect(await disk.list(folder)).toEqual([]);
    await disk.makeFolder(folder);
    await disk.makeFolder(`${folder}/inner`);
    for (const name of ["b", "a", "c"]) await write(disk, `${folder}/${name}`, bytes(name.charCodeAt(0)));
    await expect(disk.create(`${folder}/a`)).rejects.toThrow(
      /^STORE_FAILED: create ".*\/a": it exists already \(EEXIST\)$/,
    );
    await disk.rename(`${folder}/c`, `${folder}/a`);
    await disk.remove(`${folder}/nothing`);
    expect(await disk.list(folder)).toEqual([
      { name: "a", bytes: 1 },
      { name: "b", bytes: 1 },
    ]);
    expect(await all(disk, `${folder}/a`)).toEqual(bytes(99));
    await disk.remove(`${folder}/a`);
    await expect(all(disk, `${folder}/a`)).rejects.toThrow(
      /^STORE_FAILED: open ".*\/a": there is no such file or folder \(ENOENT\)$/,
    );
    await expect(disk.rename(`${folder}/a`, `${folder}/d`)).rejects.toThrow(/^STORE_FAILED: rename ".*\/a"/);
  });

  test("a lock is one's own until it is released", async () => {
    const { disk, folder } = await begin();
    await disk.makeFolder(folder);
    const lock = await disk.lock(`${folder}/lock`);
    await expect(disk.lock(`${folder}/lock`)).rejects.toThrow(/^STORE_FAILED: .*lock/);
    await (await disk.lock(`${folder}/other`)).release();
    await lock.release();
    await (await disk.lock(`${folder}/lock`)).release();
  });
}
