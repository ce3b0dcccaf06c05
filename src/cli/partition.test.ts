import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "./io.ts";
import { execute } from "./main.ts";
import type { PartitionReport } from "./partition-report.ts";

/** Two triangles joined by one edge, and an agent of its own. */
const TRIANGLES = "# triangles n=7 m=7\n0 1\n1 2\n2 0\n3 4\n4 5\n5 3\n2 3\n";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-partition-"));
  file("triangles.el", TRIANGLES);
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);
const file = (name: string, content: string | Uint8Array): void => writeFileSync(path(name), content);
const parts = (name: string): number[] => readFileSync(path(name), "utf8").trim().split("\n").map(Number);

/** What the command reads of a process, with ears for signals. */
function standIn() {
  const out: string[] = [];
  const err: string[] = [];
  const listeners = new Map<string, () => void>();
  const io: Io = {
    print: (line) => void out.push(line),
    terminal: { write: (text) => err.push(text) },
    signals: {
      on: (name, listener) => listeners.set(name, listener),
      off: (name) => listeners.delete(name),
      exit: (code) => expect.unreachable(`exit ${code}`),
    },
    environment: {},
    commandLine: [],
    now: () => 0,
    date: () => "",
    peakRssBytes: () => 3 * 2 ** 20 - 1,
  };
  return { io, out, err, listeners };
}

/** Runs `myriad partition` in the folder: words that name one of its files, or end in a dot, are paths there. */
async function partition(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err, listeners } = standIn();
  const known = readdirSync(folder);
  const words = args.map((word) => (known.includes(word) || word.endsWith(".") ? path(word) : word));
  const code = await execute(["partition", ...words], io);
  expect(listeners.size).toBe(0);
  return { code, out: out.join("\n"), err: err.join("") };
}

async function report(...args: string[]): Promise<PartitionReport> {
  const { out, err } = await partition(...args, "--json");
  expect(err).toBe("");
  return JSON.parse(out) as PartitionReport;
}

describe("myriad partition", () => {
  test("places, writes one part a line, and tells people how good it is", async () => {
    const { code, out } = await partition("triangles.el", "-k", "2", "--imbalance", "0.2", "--out", "parts.");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^nodes {8}7\nedges {8}7\nworkers {6}2\ncut {10}14\.29% of the edge weight: 1 of 7\nimbalance {4}14\.29% above the fair share\nseconds {6}\d+\.\d\d, processor \d+\.\d\d\npeak memory {2}3 MiB$/,
    );
    const [a, , , b] = parts("parts.");
    expect(parts("parts.").slice(0, 6)).toEqual([a, a, a, b, b, b]);
    expect(readdirSync(folder).sort()).toEqual(["parts.", "triangles.el"]);
  });

  test("--json has the figures", async () => {
    const found = await report("triangles.el", "-k", "2", "--imbalance", "0.2", "--preset", "best", "--seed", "9");
    const { seconds, cpuSeconds, ...rest } = found;
    expect(rest).toEqual({
      ...{ nodes: 7, edges: 7, k: 2, cut: 1 / 7, cutWeight: 1, edgeWeight: 7, imbalance: expect.closeTo(1 / 7) },
      ...{ peakRssBytes: 3 * 2 ** 20 - 1, preset: "best", seed: 9, objective: "cut" },
    });
    expect([seconds > 0, cpuSeconds >= 0]).toEqual([true, true]);
  });

  test("reads csv, weights, names, loops and parallel edges, packed or not", async () => {
    file("ties.csv.gz", gzipSync("from,to,weight\nann,bob,2\nbob,ann,3\ncy,cy,9\ncy,dan,4\nann,cy,0.5\n"));
    const found = await report("ties.csv.gz", "-k", "2");
    expect(found).toMatchObject({ nodes: 4, edges: 3, cutWeight: 0.5, edgeWeight: 9.5 });
  });

  test("types, loads, capacities and pins are heeded", async () => {
    file("types", "b\nb\nb\n# the rest\nw\nw\nw\nw\n");
    file("loads", "1\n1\n1\n1\n1\n1\n4.5\n");
    file("capacity", "4\n7.5\n");
    file("pins", "1\n-1\n-1\n-1\n-1\n-1\n-1\n");
    const loaded = ["--loads", "loads", "--capacity", "capacity", "--out", "parts."];
    const { typeCut, k, imbalance } = await report("triangles.el", ...loaded, "--types", "types");
    expect([k, parts("parts.")[6], imbalance]).toEqual([2, 1, expect.closeTo(11.5 / 10.5 - 1)]);
    expect(typeCut?.map(({ types, weight }) => [types, weight])).toEqual([
      [["b", "b"], 3],
      [["w", "w"], 3],
      [["b", "w"], 1],
    ]);
    expect(typeCut?.every(({ cut, cutWeight, weight }) => cut === cutWeight / weight)).toBe(true);
    const { out } = await partition("triangles.el", ...loaded, "--types", "types");
    expect(out).toMatch(/\n\ntypes +edge weight +cut +share\nb - b +3 +\d +\d+\.\d\d%\nw - w/);
    await partition("triangles.el", ...loaded, "--pins", "pins");
    expect(parts("parts.")[0]).toBe(1);
  });

  test("types are named as in the file, integers in their order", async () => {
    file("types", "10\n10\n10\n9\n9\n9\n9\n");
    const { typeCut } = await report("triangles.el", "-k", "1", "--types", "types", "--type-factor", "1");
    expect(typeCut?.map(({ types }) => types)).toEqual([
      ["9", "9"],
      ["10", "10"],
      ["9", "10"],
    ]);
  });

  test("a topology says how many workers, in yaml or json, and gives a link cost", async () => {
    file("tree.yaml", "cost: 10\nchildren:\n  - cost: 1\n    children: [2, 1]\n  - 0\n");
    file("tree.json", '{ "cost": 10, "children": [{ "cost": 1, "children": [2, 1] }, 0] }');
    const [yaml, json] = [
      await report("triangles.el", "--topology", "tree.yaml"),
      await report("triangles.el", "--topology", "tree.json"),
    ];
    expect(yaml).toMatchObject({ k: 3, linkCost: json.linkCost });
    expect(yaml.linkCost).toBeGreaterThan(0);
    expect((await partition("triangles.el", "--topology", "tree.json")).out).toContain("\nlink cost    ");
  });

  test("volume", async () => {
    const found = await report("triangles.el", "-k", "2", "--objective", "volume", "--imbalance", "0.2");
    expect(found).toMatchObject({ volume: 2, objective: "volume" });
  });

  test("--present moves little, and says what", async () => {
    file("now", "0\n0\n0\n1\n1\n0\n1\n");
    const args = ["triangles.el", "-k", "2", "--present", "now", "--imbalance", "0.2"];
    const found = await report(...args, "--out", "parts.");
    expect(found).toMatchObject({ cutWeight: 1, moved: 1, movedLoad: 1, movedFraction: 1 / 7 });
    expect(found).not.toHaveProperty("preset");
    expect(parts("parts.")).toEqual([0, 0, 0, 1, 1, 1, 1]);
    expect(await report(...args, "--move-cost", "10")).toMatchObject({ cutWeight: 3, moved: 0 });
    expect((await partition(...args)).out).toContain("\nmoved        1 nodes, 14.29% of the load: 1\n");
  });

  test("Ctrl-C while the partitioner works ends it with 130 and leaves no file", async () => {
    const { io, out, err, listeners } = standIn();
    const worker = new Promise<Worker>((resolve) => process.once("worker", resolve));
    void worker.then((thread) => thread.once("online", () => listeners.get("SIGINT")?.()));
    const code = await execute(["partition", path("triangles.el"), "-k", "2", "--out", path("parts")], io);
    expect([code, out, err, listeners.size]).toEqual([130, [], [], 0]);
    expect(readdirSync(folder)).toEqual(["triangles.el"]);
    expect((await worker).threadId).toBe(-1);
  });
});

describe("bad input is one line and exit code 2, and writes nothing", () => {
  beforeEach(() => {
    file("words.el", "0 1\n1 2\n\n# note\n3\n");
    file("negative.el", "0 1 2\n1 2 -1\n");
    file("infinite.el", "0 1 2\n1 2 1e999\n");
    file("beyond.el", "# n=2\n0 1\n1 2\n");
    file("empty.el", "");
    file("two", "0\n1\n");
    file("minus", "1\n1\n1\n-1\n1\n1\n1\n");
    file("pair", "1\n1 2\n");
    file("small", "3\n3.5\n");
    file("tree.yaml", "{ cost: 1, children: [0, 2] }");
    file("cost.yaml", "{ cost: 1, children: [0, { cost: -1, children: [1, 2] }] }");
    file("leaf.yaml", "{ cost: 1, children: [0, { kost: 2, children: [] }] }");
    file("syntax.yaml", "{ cost: 1, children: [0");
  });

  test.each<[string[], RegExp]>([
    [["nowhere.el", "-k", "2"], /INVALID_DATA: nowhere\.el: there is no such file/],
    [["."], /INVALID_ARGUMENT: -k is needed/],
    [[".", "-k", "2"], /INVALID_DATA: .*: it is a folder/],
    [["words.el", "-k", "2"], /INVALID_DATA: .*words\.el line 5: 1 column; 2 are needed, or 3 with a weight/],
    [["negative.el", "-k", "2"], /negative\.el line 2: the weight "-1" is below 0/],
    [["infinite.el", "-k", "2"], /infinite\.el line 2: the weight "1e999" is not a finite number/],
    [["beyond.el", "-k", "2"], /beyond\.el line 3: there is no node 2; n=2 above says 0 to 1/],
    [["empty.el", "-k", "2"], /empty\.el: there are no edges in it/],
    [["triangles.el", "-k", "0"], /INVALID_ARGUMENT: -k is "0"; it must be an integer from 1 to 1024/],
    [["triangles.el", "-k", "1025"], /INVALID_ARGUMENT: -k is "1025"/],
    [["triangles.el", "-k", "8"], /INVALID_PLACEMENT: 8 workers for 7 agents/],
    [["triangles.el", "-k", "2", "--imbalance", "-1"], /--imbalance is "-1"; it must be a finite number of 0 or more/],
    [["triangles.el", "-k", "2", "--preset", "slow"], /--preset is "slow"; it must be fast, eco or best/],
    [["triangles.el", "-k", "2", "--objective", "x"], /--objective is "x"; it must be cut or volume/],
    [["triangles.el", "-k", "2", "--seed", "x"], /--seed is "x"/],
    [["triangles.el", "-k", "2", "--time-budget", "0"], /--time-budget is "0"; .* above 0/],
    [["triangles.el", "-k", "2", "--types", "two"], /two has 2 values, but .*triangles\.el has 7 nodes/],
    [["triangles.el", "-k", "2", "--types", "pair"], /pair line 2: 2 columns; one value a line is needed/],
    [["triangles.el", "-k", "2", "--types", "empty.el"], /empty\.el has 0 values/],
    [["triangles.el", "-k", "2", "--loads", "two"], /two has 2 values, but/],
    [
      ["triangles.el", "-k", "2", "--loads", "minus"],
      /minus line 4: the load "-1" is not a finite number of 0 or more/,
    ],
    [["triangles.el", "-k", "3", "--capacity", "two"], /-k says 3 workers, but the file of --capacity .*two says 2/],
    [["triangles.el", "--capacity", "small"], /INVALID_PLACEMENT: the capacities sum to 6\.5, less than the load of 7/],
    [["triangles.el", "--capacity", "empty.el"], /empty\.el: there is nothing in it/],
    [["triangles.el", "-k", "2", "--pins", "two"], /two has 2 values/],
    [["triangles.el", "-k", "1", "--present", "two"], /two line 2: the worker "1" is not an integer of 0 to 0/],
    [["triangles.el", "--topology", "tree.yaml"], /INVALID_PLACEMENT: the topology has 2 workers but no worker 1/],
    [
      ["triangles.el", "--topology", "cost.yaml"],
      /cost\.yaml: children\[1\] has the cost -1; it must be a finite number/,
    ],
    [
      ["triangles.el", "--topology", "leaf.yaml"],
      /leaf\.yaml: children\[1\] has "kost"; a group has cost and children/,
    ],
    [["triangles.el", "--topology", "syntax.yaml"], /INVALID_DATA: .*syntax\.yaml: .*line 1/],
    [["triangles.el", "--topology", "nowhere.yaml"], /nowhere\.yaml: there is no such file/],
    [["triangles.el", "-k", "2", "--type-factor", "2"], /--type-factor says nothing without --types/],
    [["triangles.el", "-k", "2", "--move-cost", "2"], /--move-cost says nothing without --present/],
    [["triangles.el", "-k", "2", "--present", "two", "--preset", "best"], /--preset does not go with --present/],
    [["triangles.el", "-k", "2", "--present", "two", "--pins", "two"], /--pins does not go with --present/],
    [["triangles.el", "--topology", "tree.yaml", "--objective", "volume"], /volume does not go with --topology/],
    [["triangles.el", "-k", "2", "--out", "nowhere/parts"], /INVALID_OUTPUT: "nowhere\/parts" cannot be written/],
    [["triangles.el", "-k", "2", "--out", "."], /INVALID_OUTPUT: ".*" is a folder/],
    [["triangles.el", "two", "-k", "2"], /INVALID_ARGUMENT: too many arguments/],
    [["-k", "2"], /INVALID_ARGUMENT: missing required argument/],
  ])("%j", async (args, message) => {
    const before = readdirSync(folder);
    const withOut = args.includes("--out") ? args : [...args, "--out", "parts."];
    const { code, out, err } = await partition(...withOut);
    expect(err).toMatch(/^error: [^\n]*\n$/);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, ""]);
    expect(readdirSync(folder)).toEqual(before);
  });
});
