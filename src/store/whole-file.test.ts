import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WholeFile } from "./whole-file.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-whole-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("WholeFile", () => {
  test("is there when it is whole, and alone", () => {
    const path = join(folder, "parts");
    const file = new WholeFile(path);
    expect(readdirSync(folder)).not.toContain("parts");
    file.commit(bytes("0\n1\n"));
    file.discard();
    expect(readFileSync(path, "utf8")).toBe("0\n1\n");
    expect(readdirSync(folder)).toEqual(["parts"]);
  });

  test("leaves what was there until then, and for good when discarded", () => {
    const path = join(folder, "parts");
    writeFileSync(path, "old");
    const discarded = new WholeFile(path);
    discarded.discard();
    discarded.discard();
    expect(readFileSync(path, "utf8")).toBe("old");
    const file = new WholeFile(path);
    expect(readFileSync(path, "utf8")).toBe("old");
    file.commit(bytes("new"));
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["parts"]);
  });

  test("a link stays a link, a device a device", () => {
    writeFileSync(join(folder, "real"), "old");
    symlinkSync("real", join(folder, "link"));
    new WholeFile(join(folder, "link")).commit(bytes("new"));
    expect(readFileSync(join(folder, "real"), "utf8")).toBe("new");
    const device = new WholeFile("/dev/null");
    device.commit(bytes("x"));
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    new WholeFile("/dev/null").discard();
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("refuses a folder, and where nobody can write, before anything is done", () => {
    mkdirSync(join(folder, "sub"));
    expect(() => new WholeFile(join(folder, "sub"))).toThrow(/^INVALID_OUTPUT: ".*sub" is a folder, not a file$/);
    expect(() => new WholeFile(join(folder, "no/parts"))).toThrow(/"[^"]*no\/parts" cannot be written \(ENOENT\)/);
    expect(() => new WholeFile("/proc/parts")).toThrow(/INVALID_OUTPUT: "\/proc\/parts" cannot be written/);
  });
});
