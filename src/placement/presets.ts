import { Blocks } from "./blocks.ts";
import type { Csr } from "./csr.ts";
import { type Effort, multilevel, type Start } from "./multilevel.ts";
import { Chance } from "./shuffle.ts";

/** How much work a partition may cost: about 4, 8 and 10 times the processor time of METIS on large graphs. */
export type Preset = "fast" | "eco" | "best";

/** Whether there is time for one more improvement; asked only between two of them. */
export type MayGoOn = () => boolean;

interface Plan {
  readonly efforts: readonly Effort[];
  /** V-cycles on the best. */
  readonly cycles: number;
}

/** Partitions a graph without isolated vertices within the limits, as well as the preset has time for. */
export function solve(graph: Csr, limits: Float64Array, preset: Preset, seed: number, mayGoOn: MayGoOn): Uint16Array {
  const plan = planFor(graph, limits.length, preset);
  let best: Uint16Array | null = null;
  let bestScore = Infinity;
  const chance = new Chance(seed);
  const consider = (parts: Uint16Array): void => {
    const score = scoreOf(graph, parts, limits);
    if (score >= bestScore) return;
    best = parts;
    bestScore = score;
  };
  const pool: Uint16Array[] = [];
  for (const effort of plan.efforts) {
    if (best !== null && !mayGoOn()) break;
    const parts = multilevel(graph, limits, effort, null, chance.fork());
    pool.push(parts);
    consider(parts);
  }
  const combining = pool.length > 1;
  for (let i = 0; i < pool.length && combining && mayGoOn(); i++) {
    if (pool[i] === best) continue;
    consider(multilevel(graph, limits, plan.efforts[i]!, overlay(best!, pool[i]!, limits.length), chance.fork()));
  }
  for (let cycle = 0; cycle < plan.cycles && mayGoOn(); cycle++) {
    const effort = plan.efforts[cycle % plan.efforts.length]!;
    consider(multilevel(graph, limits, effort, overlay(best!, best!, limits.length), chance.fork()));
  }
  return best!;
}

function scoreOf(graph: Csr, parts: Uint16Array, limits: Float64Array): number {
  const blocks = new Blocks(graph, parts, limits);
  return blocks.cut() + 1e9 * blocks.overload();
}

/** Improving `better` while never clustering across a cut edge of either: what both agree on is kept (Sanders and Schulz, "Distributed evolutionary graph partitioning", 2012). */
function overlay(better: Uint16Array, other: Uint16Array, k: number): Start {
  const groups = new Int32Array(better.length);
  for (let v = 0; v < groups.length; v++) groups[v] = better[v]! * k + other[v]!;
  return { parts: better, groups };
}

function isRegular(graph: Csr): boolean {
  const { vertexCount: n, offsets } = graph;
  let most = 0;
  for (let v = 0; v < n; v++) most = Math.max(most, offsets[v + 1]! - offsets[v]!);
  return most < (3 * offsets[n]!) / n;
}

function planFor(graph: Csr, k: number, preset: Preset): Plan {
  const size = graph.vertexCount + graph.targets.length;
  const clustering = isRegular(graph) ? "first-choice" : "propagation";
  const repeats = Math.max(3, Math.min(16, Math.round(40 / k)));
  const screen = { seeds: Infinity, fruitlessMax: 40, rounds: 2 };
  const search = preset === "fast" ? { seeds: Infinity, fruitlessMax: 500, rounds: 3 } : { seeds: 25, fruitlessMax: 25, rounds: 3 };
  const effort: Effort = { clustering, initial: { repeats, tries: 8, screen }, search, sweepsMax: 5 };
  if (preset === "fast") return { efforts: [effort], cycles: size < 0 ? 1 : 0 };
  if (preset === "eco") return { efforts: [effort], cycles: 1 };
  return { efforts: [effort, effort], cycles: 2 };
}
