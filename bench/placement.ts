/**
 * The partitioner beside METIS (where `gpmetis` is installed, Debian package metis), hash, and the connected-components greedy of the system that Myriad follows.
 *
 *   npx tsx bench/placement.ts [--graphs DIR] [--k 2,4,8,16,64] [--presets fast,best] [--seeds 1] [--greedy] [--no-metis] [NAME...]
 *
 * DIR holds `graph.mjs` (load(name), toCSR) and `open/manifest.json`; NAMEs default to its graphs below 200,000 vertices, R-MAT left out of the means.
 * `/METIS` is our cut over METIS's; times are processor seconds of partitioning alone, `x` over METIS's.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildCsr, type Csr } from "../src/placement/csr.ts";
import { partition } from "../src/placement/partition.ts";
import type { Preset } from "../src/placement/presets.ts";
import { edgeCut, imbalanceOf, partLoads, totalEdgeWeight } from "../src/placement/quality.ts";
import { componentsGreedy } from "./components-greedy.ts";

interface Edges {
  n: number;
  m: number;
  u: Uint32Array;
  v: Uint32Array;
  w?: Uint32Array;
  cost?: Uint32Array;
  type?: Uint8Array;
}
interface Library {
  load(name: string): Edges;
  toCSR(edges: Edges): unknown;
  writeMetis(csr: unknown, file: string): void;
}
interface Measured {
  cut: number;
  seconds: number;
}

const IMBALANCE = 0.03;
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    graphs: { type: "string", default: "../shared/graphs" },
    k: { type: "string", default: "2,4,8,16,64" },
    presets: { type: "string", default: "fast,best" },
    seeds: { type: "string", default: "1" },
    greedy: { type: "boolean", default: false },
    "no-metis": { type: "boolean", default: false },
  },
});
const folder = resolve(flags.graphs);
const library = (await import(pathToFileURL(join(folder, "graph.mjs")).href)) as Library;
const manifest = JSON.parse(readFileSync(join(folder, "open/manifest.json"), "utf8")) as {
  graphs: { name: string; n: number }[];
};
const goals = loadGoals(join(folder, "open/goals.json"));
const hasMetis = !flags["no-metis"] && spawnSync("gpmetis", ["-help"]).error === undefined;
const names = positionals.length > 0 ? positionals : manifest.graphs.filter((g) => g.n < 200_000).map((g) => g.name);
const presets = flags.presets.split(",") as Preset[];
const seeds = flags.seeds.split(",").map(Number);
const summary = new Map<Preset, { ratios: number[]; times: number[]; worst: [number, string][] }>();
for (const preset of presets) summary.set(preset, { ratios: [], times: [], worst: [] });

for (const name of names) benchGraph(name);
for (const [preset, { ratios, times, worst }] of summary) {
  worst.sort((a, b) => b[0] - a[0]);
  const rows = worst.slice(0, 6).map(([ratio, row]) => `${row} ${ratio.toFixed(3)}`);
  console.log(
    `${preset}: ${ratios.length} rows, geometric mean cut ${mean(ratios).toFixed(4)}, time x${mean(times).toFixed(2)}; worst: ${rows.join(", ")}`,
  );
}

function loadGoals(file: string): Map<string, Measured> {
  const byRow = new Map<string, Measured>();
  if (!existsSync(file)) return byRow;
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as {
    rows: { graph: string; k: number; metis: { cut: number; cpu: number } }[];
  };
  for (const row of rows) byRow.set(`${row.graph} ${row.k}`, { cut: row.metis.cut, seconds: row.metis.cpu });
  return byRow;
}

function benchGraph(name: string): void {
  const edges = library.load(name);
  const graph = buildCsr(edges.n, edges.u, edges.v, { edges: edges.w, vertices: edges.cost });
  const scratch = mkdtempSync(join(tmpdir(), "bench-placement-"));
  const metisFile = join(scratch, "graph.metis");
  try {
    if (hasMetis) library.writeMetis(library.toCSR(edges), metisFile);
    for (const k of flags.k.split(",").map(Number)) {
      const metis = hasMetis ? runMetis(metisFile, graph, k) : goals.get(`${name} ${k}`);
      benchRow(name, edges, graph, k, metis);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function benchRow(name: string, edges: Edges, graph: Csr, k: number, metis: Measured | undefined): void {
  const cells = [`${name} k=${k}`.padEnd(20), metis === undefined ? "METIS -" : `METIS ${metis.cut} ${metis.seconds}s`];
  for (const preset of presets) {
    const { cut, seconds, worst } = ours(graph, k, preset);
    const ratio = metis === undefined ? Number.NaN : cut / metis.cut;
    const slower = metis === undefined ? Number.NaN : seconds / Math.max(0.005, metis.seconds);
    const load = worst > IMBALANCE + 1e-9 ? ` LOAD ${worst.toFixed(4)}` : "";
    cells.push(`${preset} ${Math.round(cut)} ${ratio.toFixed(3)} ${seconds.toFixed(2)}s x${slower.toFixed(1)}${load}`);
    if (metis === undefined || name.startsWith("rmat")) continue;
    const total = summary.get(preset)!;
    total.ratios.push(ratio);
    total.times.push(slower);
    total.worst.push([ratio, `${name}/${k}`]);
  }
  cells.push(`hash ${((100 * (k - 1)) / k).toFixed(1)}%`);
  if (flags.greedy) {
    const parts = componentsGreedy(graph, edges.type ?? new Uint8Array(edges.n), k);
    const over = imbalanceOf(partLoads(graph, parts, k));
    cells.push(
      `components ${((100 * edgeCut(graph, parts)) / totalEdgeWeight(graph)).toFixed(1)}% load +${over.toFixed(2)}`,
    );
  }
  console.log(cells.join(" | "));
}

function ours(graph: Csr, k: number, preset: Preset): Measured & { worst: number } {
  const cuts: number[] = [];
  const times: number[] = [];
  let worst = 0;
  for (const seed of seeds) {
    const before = process.cpuUsage();
    const result = partition(graph, k, { preset, seed, imbalance: IMBALANCE });
    const used = process.cpuUsage(before);
    cuts.push(result.cut);
    times.push((used.user + used.system) / 1e6);
    worst = Math.max(worst, result.imbalance);
  }
  return { cut: median(cuts), seconds: median(times), worst };
}

function runMetis(file: string, graph: Csr, k: number): Measured {
  const cuts: number[] = [];
  const times: number[] = [];
  for (const seed of [1, 2, 3]) {
    const args = ["-ptype=kway", "-ufactor=30", `-seed=${seed}`, file, String(k)];
    const out = execFileSync("gpmetis", args, { encoding: "utf8" });
    times.push(Number(/Partitioning:\s+([\d.]+)/.exec(out)![1]));
    const parts = Uint16Array.from(readFileSync(`${file}.part.${k}`, "utf8").split("\n").filter(Boolean), Number);
    cuts.push(edgeCut(graph, parts));
  }
  return { cut: median(cuts), seconds: median(times) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function mean(values: number[]): number {
  return Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
}
