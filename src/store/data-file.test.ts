import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataFiles } from "./data-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "myriad-data-"));
  await writeFile(join(folder, "plain"), "1 2\n");
  await writeFile(join(folder, "packed"), gzipSync("1 2\n"));
  await writeFile(join(folder, "damaged.gz"), gzipSync("1 2\n".repeat(100)).subarray(0, 25));
});
afterAll(() => rm(folder, { recursive: true }));

describe("dataFiles", () => {
  test.each(["plain", "packed"])("reads %s, gzip known by its contents", async (name) => {
    expect(new TextDecoder().decode(await dataFiles.read(join(folder, name), name))).toBe("1 2\n");
  });

  test.each([
    ["missing", /INVALID_DATA: data\/x: there is no such file/],
    [".", /INVALID_DATA: data\/x: it is a folder/],
    ["damaged.gz", /INVALID_DATA: data\/x: it is a damaged gzip file/],
  ])("refuses %s", async (name, message) => {
    await expect(dataFiles.read(join(folder, name), "data/x")).rejects.toThrow(message);
  });
});
