import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import type { RunResult } from "./run.ts";
import { checkRunDir, RunDir, type RunPlan } from "./run-dir.ts";

const NOBODY_UID = 65_534;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-out-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const plan: RunPlan = {
  scenario: "/x/scenario.ts",
  hash: { code: "c0de", data: "da7a", combined: "b07h" },
  seed: 7,
  params: { beta: 0.5 },
  workers: 2,
  commandLine: ["node", "myriad", "run"],
  started: "2000-01-01T00:00:00.000Z",
};
const observe = {
  sick: { kind: "count" },
  ages: { kind: "histogram", edges: [0, 10, 20] },
  wealth: { kind: "quantile", ranks: [0.5, 0.9], single: false },
  mid: { kind: "quantile", ranks: [0.5], single: true },
  other: { kind: "reduce" },
};
const scenario = { observe } as unknown as Scenario;
const result = {
  runId: "ab",
  scenario: "epidemic",
  params: { beta: 0.5 },
  events: 3,
  ended: "time",
  observations: { m: Number.NaN },
};

const open = (): RunDir => new RunDir(join(folder, "run"), plan, scenario, () => "2000-01-01T00:00:09.000Z");
const read = (name: string): string => readFileSync(join(folder, "run", name), "utf8");
const manifest = (): Record<string, unknown> => JSON.parse(read("manifest.json")) as Record<string, unknown>;

describe("checkRunDir", () => {
  test("makes the folder, with those above it", () => {
    checkRunDir(join(folder, "a", "b"));
    expect(readdirSync(join(folder, "a", "b"))).toEqual([]);
    checkRunDir(join(folder, "a", "b"));
  });

  test("refuses one that is not empty, naming it", () => {
    writeFileSync(join(folder, "x"), "");
    expect(() => checkRunDir(folder)).toThrow(`INVALID_OUTPUT: the output folder "${folder}" is not empty`);
  });

  test("refuses a file, and a folder below a file", () => {
    writeFileSync(join(folder, "x"), "");
    expect(() => checkRunDir(join(folder, "x"))).toThrow("is a file");
    expect(() => checkRunDir(join(folder, "x", "y"))).toThrow("cannot be written (ENOTDIR)");
  });

  test("refuses what cannot be written", () => {
    chmodSync(folder, 0o500);
    // Root may write anywhere: for it, as nobody.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid!(NOBODY_UID);
    try {
      expect(() => checkRunDir(join(folder, "x"))).toThrow("cannot be written (EACCES)");
    } finally {
      if (root) process.seteuid!(0);
    }
  });

  test("refuses a name that the system does not take", () => {
    expect(() => checkRunDir(join(folder, "x".repeat(300)))).toThrow("cannot be written (ENAMETOOLONG)");
  });

  test("refuses a place where the system lets nobody write", () => {
    expect(() => checkRunDir("/proc/myriad")).toThrow(
      /INVALID_OUTPUT: the output folder "\/proc\/myriad" cannot be written/,
    );
  });
});

describe("RunDir", () => {
  beforeEach(() => mkdirSync(join(folder, "run")));

  test("the manifest is there from the start and complete at the end", () => {
    const run = open();
    expect(manifest()).toMatchObject({
      runId: null,
      ended: null,
      result: null,
      seed: 7,
      workers: 2,
      codeHash: "c0de",
      dataHash: "da7a",
    });
    run.finish(result as unknown as RunResult);
    expect(manifest()).toMatchObject({
      runId: "ab",
      scenario: "epidemic",
      module: "/x/scenario.ts",
      params: { beta: 0.5 },
      commandLine: ["node", "myriad", "run"],
      started: plan.started,
      ended: "2000-01-01T00:00:09.000Z",
      versions: { myriad: expect.stringMatching(/^\d/), node: process.versions.node, arch: process.arch },
      result: { events: 3, observations: { m: "NaN" } },
    });
    expect(readdirSync(join(folder, "run")).sort()).toEqual([
      "manifest.json",
      "observations.csv",
      "records.csv",
      "states.jsonl",
    ]);
  });

  test("observations: one column each, several for histograms and ranks, whatever order the values come in", () => {
    const run = open();
    run.samples([{ time: 0.5, values: { other: { a: [1, 2] }, ages: [1, 2, 3, 4], wealth: [5, 6], sick: 7, mid: 8 } }]);
    run.samples([{ time: 1, values: { sick: Number.NaN, ages: [0, 0, 0, 0], wealth: [1, 2], mid: 3, other: "x\ny" } }]);
    run.finish(result as unknown as RunResult);
    expect(read("observations.csv")).toBe(
      'time,sick,ages[..0),ages[0..10),ages[10..20),ages[20..],wealth.q0.5,wealth.q0.9,mid,other\n0.5,7,1,2,3,4,5,6,8,"{""a"":[1,2]}"\n1,NaN,0,0,0,0,1,2,3,"x\ny"\n',
    );
  });

  test("what came before a checkpoint is in the folder then, and is put in order at the end", () => {
    const out = open();
    out.samples([{ time: 1, values: { sick: 1 } }]);
    out.records([{ time: 2, agent: 1, number: 1, series: "n", value: { a: 1, b: 2 } }]);
    out.checkpoint();
    expect(read("observations.csv").split("\n")).toHaveLength(3);
    expect(read("records.part.csv")).toBe("time,agent,series,value\n2,1,n.a,1\n2,1,n.b,2\n");
    out.records([{ time: 1, agent: 0, number: 1, series: "n", value: 3 }]);
    out.checkpoint();
    out.checkpoint();
    expect(read("records.part.csv").split("\n").slice(3)).toEqual(["1,0,n,3", ""]);
    out.fail("broke off");
    expect(read("records.csv")).toBe("time,agent,series,value\n1,0,n,3\n2,1,n.a,1\n2,1,n.b,2\n");
    expect(readdirSync(join(folder, "run"))).not.toContain("records.part.csv");
  });

  test("records stand in the order of time, agent and number, however they came", () => {
    const run = open();
    run.records([
      { time: 2, agent: 1, number: 1, series: "b", value: "second" },
      { time: 2, agent: 1, number: 0, series: "z", value: "first" },
      { time: 1, agent: 9, number: 4, series: "a", value: true },
    ]);
    run.records([{ time: 2, agent: 0, number: 7, series: "pair", value: { x: 1, y: 'say "hi", ok' } }]);
    run.finish(result as unknown as RunResult);
    expect(read("records.csv").split("\n")).toEqual([
      "time,agent,series,value",
      "1,9,a,true",
      "2,0,pair.x,1",
      '2,0,pair.y,"say ""hi"", ok"',
      "2,1,z,first",
      "2,1,b,second",
      "",
    ]);
  });

  test("states stand in the order of indices; what JSON lacks is written in a readable way", () => {
    const run = open();
    run.states([
      { index: 2, name: "b", type: "t", state: { m: new Map([["k", 1]]), s: new Set([1]), a: Uint8Array.of(1, 2) } },
    ]);
    run.states([
      { index: 0, name: "a", type: "t", state: { n: Number.NaN, i: Number.NEGATIVE_INFINITY } },
      { index: 1, name: "c", type: "t", flag: "retired", state: null },
    ]);
    run.finish(result as unknown as RunResult);
    expect(read("states.jsonl").trim().split("\n")).toEqual([
      '{"index":0,"name":"a","type":"t","state":{"n":"NaN","i":"-Infinity"}}',
      '{"index":1,"name":"c","type":"t","flag":"retired","state":null}',
      '{"index":2,"name":"b","type":"t","state":{"m":{"$map":[["k",1]]},"s":{"$set":[1]},"a":[1,2]}}',
    ]);
  });

  test("a failed run keeps what came and says why; one that never started leaves nothing", () => {
    const failed = open();
    failed.samples([{ time: 0, values: { sick: 1 } }]);
    failed.fail("error: HANDLER_FAILED: x");
    expect(manifest()).toMatchObject({ result: null, error: "error: HANDLER_FAILED: x" });
    expect(read("observations.csv").split("\n")[1]).toBe("0,1,,,,,,,,");
    rmSync(join(folder, "run"), { recursive: true });
    mkdirSync(join(folder, "run"));
    open().discard();
    expect(readdirSync(join(folder, "run"))).toEqual([]);
  });

  test("many lines go through the buffer whole", () => {
    const run = open();
    for (let i = 0; i < 20_000; i++) run.samples([{ time: i, values: { sick: i } }]);
    run.finish(result as unknown as RunResult);
    const lines = read("observations.csv").trimEnd().split("\n");
    expect(lines).toHaveLength(20_001);
    expect(lines.slice(1).every((line, i) => line.startsWith(`${i},${i},`))).toBe(true);
  });
});
