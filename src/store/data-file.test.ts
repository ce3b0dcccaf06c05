import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataFiles, readPieces } from "./data-file.ts";

let folder = "";
/** Longer than a piece, and not the same everywhere. */
const large = Buffer.from(Uint8Array.from({ length: 700_000 }, (_, i) => (i * i) >> 7));
const contents: Record<string, Buffer> = { empty: Buffer.alloc(0), large, "large.gz": large };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "myriad-data-"));
  await writeFile(join(folder, "plain"), "1 2\n");
  await writeFile(join(folder, "packed"), gzipSync("1 2\n"));
  await writeFile(join(folder, "empty"), "");
  await writeFile(join(folder, "large"), large);
  await writeFile(join(folder, "large.gz"), gzipSync(large));
  await writeFile(join(folder, "damaged.gz"), gzipSync("1 2\n".repeat(100)).subarray(0, 25));
});
afterAll(() => rm(folder, { recursive: true }));

async function inPieces(path: string, shown = path): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(path, shown)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each([
  ["dataFiles.read", dataFiles.read],
  ["readPieces", inPieces],
])("%s", (_name, read) => {
  test.each(["plain", "packed"])("reads %s, gzip known by its contents", async (name) => {
    expect(new TextDecoder().decode(await read(join(folder, name), name))).toBe("1 2\n");
  });

  test.each([
    ["missing", /INVALID_DATA: data\/x: there is no such file/],
    [".", /INVALID_DATA: data\/x: it is a folder/],
    ["damaged.gz", /INVALID_DATA: data\/x: it is a damaged gzip file/],
  ])("refuses %s", async (name, message) => {
    await expect(read(join(folder, name), "data/x")).rejects.toThrow(message);
  });

  test.each(["empty", "large", "large.gz"])("gives all of %s", async (name) => {
    expect(Buffer.compare(await read(join(folder, name), name), contents[name]!)).toBe(0);
  });
});

test("a reader of pieces may leave before the end", async () => {
  for (const name of ["large", "large.gz"]) {
    for await (const piece of readPieces(join(folder, name), name)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  }
});
