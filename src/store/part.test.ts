import { expect, test } from "vitest";
import { Deferred } from "../base/deferred.ts";
import type { Disk } from "./disk.ts";
import type { PartHeader } from "./part-format.ts";
import { readSections } from "./part-reader.ts";
import { PartWriter } from "./part-writer.ts";
import { SimDisk } from "./sim-disk.ts";

const PATH = "c/1-0-w-0.part";
const header: PartHeader = { format: 1, runId: "r1", checkpoint: 1, kind: "full", worker: 0 };

test("who writes waits for the disk, and one section and a buffer are all that waits", async () => {
  const disk = new SimDisk(1);
  let open = new Deferred();
  let [given, most] = [0, 0];
  const slow: Disk = Object.assign(Object.create(disk) as Disk, {
    create: async (path: string) => {
      const file = await disk.create(path);
      const write = async (bytes: Uint8Array): Promise<void> => {
        given += bytes.length;
        most = Math.max(most, bytes.length);
        await open.promise;
        await file.write(bytes);
      };
      return {
        write,
        sync: () => file.sync(),
        close: () => file.close(),
        get bytes() {
          return file.bytes;
        },
      };
    },
    syncFolder: (path: string) => disk.syncFolder(path),
  });
  const part = await PartWriter.create(slow, PATH, header);
  let done = 0;
  const writing = (async () => {
    for (; done < 40; done++) await part.write(new Uint8Array(100_000));
  })();
  for (let step = 0; step < 5; step++) {
    await new Promise(setImmediate);
    // Nothing is asked of the disk while it is busy with the one before.
    expect(done * 100_000 - given).toBeLessThanOrEqual(256 * 1024);
    expect(given - done * 100_000).toBeLessThanOrEqual(256 * 1024);
    const before = open;
    open = new Deferred();
    before.resolve();
  }
  expect(done).toBeLessThan(40);
  open.resolve();
  await writing;
  await part.close();
  expect(most).toBeLessThanOrEqual(256 * 1024);
});

test("who reads is given a section at a time, and no more is read than it needs", async () => {
  const disk = new SimDisk(1);
  const part = await PartWriter.create(disk, PATH, header);
  for (let i = 0; i < 50; i++) await part.write(new Uint8Array(1_000).fill(i));
  const info = await part.close();
  let read = 0;
  let closed = false;
  const counted: Disk = Object.assign(Object.create(disk) as Disk, {
    async *read(path: string) {
      try {
        for await (const piece of disk.read(path)) {
          read += piece.length;
          yield piece;
        }
      } finally {
        closed = true;
      }
    },
  });
  let sections = 0;
  for await (const section of readSections(counted, PATH, header, info)) {
    expect(section).toEqual(new Uint8Array(1_000).fill(sections));
    sections++;
    expect(read).toBeLessThan(sections * 1_008 + 500);
    if (sections === 40) break;
  }
  expect([sections, closed]).toEqual([40, true]);
});

test("sections of any size up to the limit come back as they were", async () => {
  const disk = new SimDisk(1);
  const part = await PartWriter.create(disk, PATH, header);
  const buffer = 256 * 1024;
  const lengths = [0, 1, buffer - 60, buffer - 9, buffer - 8, buffer - 7, buffer, buffer + 1, 3, 2 * buffer, 0];
  // The caller's memory may be used again once a section is taken.
  const memory = new Uint8Array(2 * buffer);
  for (const [i, length] of lengths.entries()) {
    memory.fill(i + 1);
    await part.write(memory.subarray(0, length));
  }
  const info = await part.close();
  expect(info).toMatchObject({ worker: 0, file: "1-0-w-0.part", sections: lengths.length });
  expect(info.bytes).toBe(disk.contents(PATH).length);
  const found: number[] = [];
  for await (const section of readSections(disk, PATH, header, info)) {
    found.push(section.length);
    expect(section.every((byte) => byte === found.length)).toBe(true);
  }
  expect(found).toEqual(lengths);
});
