/**
 * The partitioner beside METIS (where `gpmetis` is installed, Debian package metis), hash, and the connected-components greedy of the system that Myriad follows.
 *
 *   npm run bench:placement -- ... or
 *   npx tsx bench/placement.ts [--graphs DIR] [--k 2,4,8,16,64] [--presets fast,best] [--seeds 1] [--greedy] [--no-metis] [NAME...]
 *
 * DIR holds `graph.mjs` (load(name)) and `open/manifest.json`; NAMEs default to its graphs below 200,000 vertices, R-MAT left out of the means. Without DIR it
 * takes the graphs of the examples, and makes some.
 * `/METIS` is our cut over METIS's; times are processor seconds of partitioning alone, `x` over METIS's.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Csr } from "../src/placement/csr.ts";
import { partition } from "../src/placement/partition.ts";
import type { Preset } from "../src/placement/presets.ts";
import { edgeCut, imbalanceOf, partLoads, totalEdgeWeight } from "../src/placement/quality.ts";
import { componentsGreedy } from "./components-greedy.ts";
import { type BenchGraph, graphSource } from "./graphs.ts";
import { hasMetis, type Measured, median, runMetis, writeMetis } from "./metis.ts";

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
const source = await graphSource(flags.graphs);
/** What METIS came to elsewhere, for where it is not installed. */
const goals =
  source.folder === undefined ? new Map<string, Measured>() : loadGoals(join(source.folder, "open/goals.json"));
const withMetis = !flags["no-metis"] && hasMetis();
const names = positionals.length > 0 ? positionals : source.names;
const presets = flags.presets.split(",") as Preset[];
const seeds = flags.seeds.split(",").map(Number);
const summary = new Map<Preset, { ratios: number[]; times: number[]; worst: [number, string][] }>();
for (const preset of presets) summary.set(preset, { ratios: [], times: [], worst: [] });

for (const name of names) await benchGraph(name);
for (const [preset, { ratios, times, worst }] of summary) {
  if (ratios.length === 0) continue;
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

async function benchGraph(name: string): Promise<void> {
  const loaded = await source.load(name);
  const scratch = mkdtempSync(join(tmpdir(), "bench-placement-"));
  const metisFile = join(scratch, "graph.metis");
  try {
    if (withMetis) writeMetis(loaded.graph, metisFile);
    for (const k of flags.k.split(",").map(Number)) {
      const metis = withMetis ? runMetis(metisFile, loaded.graph, k) : goals.get(`${name} ${k}`);
      benchRow(name, loaded, k, metis);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function benchRow(name: string, { graph, typeOf }: BenchGraph, k: number, metis: Measured | undefined): void {
  const cells = [`${name} k=${k}`.padEnd(20), metis === undefined ? "METIS -" : `METIS ${metis.cut} ${metis.seconds}s`];
  for (const preset of presets) {
    const { cut, seconds, worst } = ours(graph, k, preset);
    const load = worst > IMBALANCE + 1e-9 ? ` LOAD ${worst.toFixed(4)}` : "";
    const ratio = metis === undefined ? Number.NaN : cut / metis.cut;
    const slower = metis === undefined ? Number.NaN : seconds / Math.max(0.005, metis.seconds);
    const beside = metis === undefined ? ["", ""] : [` ${ratio.toFixed(3)}`, ` x${slower.toFixed(1)}`];
    cells.push(`${preset} ${Math.round(cut)}${beside[0]} ${seconds.toFixed(2)}s${beside[1]}${load}`);
    if (metis === undefined || name.startsWith("rmat")) continue;
    const total = summary.get(preset)!;
    total.ratios.push(ratio);
    total.times.push(slower);
    total.worst.push([ratio, `${name}/${k}`]);
  }
  cells.push(`hash ${((100 * (k - 1)) / k).toFixed(1)}%`);
  if (flags.greedy) {
    const parts = componentsGreedy(graph, typeOf ?? new Uint8Array(graph.vertexCount), k);
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

function mean(values: number[]): number {
  return Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
}
