import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { type CpuProfile, hottest } from "./hottest.ts";

const root = mkdtempSync(join(tmpdir(), "myriad-profile-"));
afterAll(() => rmSync(root, { recursive: true }));
writeFileSync(join(root, "plain.js"), "a\nb\nc\nd\n");
writeFileSync(join(root, "built.js"), "let x;\nx = 1;\n");
// Line 1 came from line 5 of source.ts, line 2 from line 9.
const map = { version: 3, sources: ["source.ts"], names: [], mappings: "AAIA;AAIA" };
writeFileSync(join(root, "built.js.map"), JSON.stringify(map));

const frame = (functionName: string, file: string, lineNumber: number): CpuProfile["nodes"][number]["callFrame"] => ({
  functionName,
  url: file === "" ? "" : pathToFileURL(join(root, file)).href,
  lineNumber,
});

test("time goes to functions and lines by samples, idle time aside, built files by their source maps", () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)", "", -1) },
      { id: 2, callFrame: frame("(garbage collector)", "", -1) },
      {
        id: 3,
        callFrame: frame("f", "plain.js", 1),
        positionTicks: [
          { line: 3, ticks: 3 },
          { line: 1, ticks: 1 },
        ],
      },
      { id: 4, callFrame: frame("", "built.js", 0), positionTicks: [{ line: 2, ticks: 2 }] },
      { id: 5, callFrame: frame("f", "plain.js", 1), positionTicks: [{ line: 99, ticks: 1 }] },
    ],
    samples: [3, 3, 3, 3, 4, 4, 5, 2, 1, 1],
    timeDeltas: [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 5000, 3000],
  };
  expect(hottest(profile, root)).toEqual({
    functions: [
      { name: "f plain.js:2", share: 5 / 8 },
      { name: "(anonymous) source.ts:5", share: 2 / 8 },
      { name: "(garbage collector)", share: 1 / 8 },
    ],
    lines: [
      { name: "plain.js:3", share: 3 / 8 },
      // The ticks of a line before the function, and of one after the file's end.
      { name: "plain.js:2", share: 2 / 8 },
      { name: "source.ts:9", share: 2 / 8 },
      { name: "(garbage collector)", share: 1 / 8 },
    ],
    busyMs: 8,
    idleShare: 0.5,
  });
});
