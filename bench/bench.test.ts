import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { chooseCases } from "./cases.ts";
import type { Report } from "./report.ts";

const MAIN = fileURLToPath(new URL("./bench.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "myriad-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ["--import", "tsx", MAIN, ...args], { encoding: "utf8" });

test("a tiny run of each kind of case writes valid JSON and prints a table", () => {
  const names = [
    "phold 10k remote 0.25 grain 0 workers 0",
    "phold 10k remote 0.25 grain 0 workers 2",
    "memory of an agent workers 0",
    "frame decode json",
  ];
  const out = join(folder, "figures.json");
  const { status, stdout, stderr } = bench("--only", names.join(","), "--runs", "1", "--scale", "0.001", "--out", out);
  expect(stderr).toContain("run 1 of 1, 4 of 4: frame decode json");
  expect(status).toBe(0);
  const report = JSON.parse(readFileSync(out, "utf8")) as Report;
  expect(report).toMatchObject({ format: 1, full: false, runs: 1, scale: 0.001 });
  expect(report.machine).toMatchObject({ node: process.version, loadAverage: expect.any(Number) });
  expect(report.figures.map(({ name }) => name)).toEqual(names);
  for (const { name, unit, median, min, max, values } of report.figures) {
    expect(stdout).toContain(`| ${name} `);
    expect(values).toHaveLength(1);
    expect([min, median, max].every(Number.isFinite)).toBe(true);
    expect(min <= median && median <= max).toBe(true);
    if (unit !== "bytes") expect(min).toBeGreaterThan(0);
  }
  const [alone, onTwo] = report.figures;
  expect(alone!.cpuSeconds).toBeGreaterThan(0);
  expect(onTwo!.cpuSeconds).toBeGreaterThan(alone!.cpuSeconds!);
  expect(alone!.stateHash).toMatch(/^[0-9a-f]{32}$/);
  expect(onTwo!.stateHash).toBe(alone!.stateHash);
});

test.each([
  [["--only", "nothing"], /^error: INVALID_ARGUMENT: --only "nothing": no case is named so/],
  [["--runs", "0"], /^error: INVALID_ARGUMENT: --runs 0 is not an integer of 1 to 100/],
  [["--scale", "11"], /^error: INVALID_ARGUMENT: --scale 11 is not a number above 0, at most 10/],
  [["--fast"], /^error: Unknown option '--fast'/],
])("%j is refused before anything is measured", (args, message) => {
  const { status, stdout, stderr } = bench(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

describe("the cases", () => {
  const names = (full: boolean, only?: string): string[] => chooseCases(full, only).map(({ name }) => name);

  test("have names of their own, and the short run is a part of the whole", () => {
    const all = names(true);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((name) => /^phold \d+[kM] remote [\d.]+ grain \d+ workers \d$/.test(name))).toHaveLength(81);
    expect(all).toEqual(expect.arrayContaining(names(false)));
    expect(names(false).length).toBeLessThan(all.length / 3);
  });

  test("are chosen by any of several texts", () => {
    expect(names(false, "frame encode,window workers 0")).toEqual([
      "empty window workers 0",
      "frame encode f64",
      "frame encode json",
    ]);
  });
});
