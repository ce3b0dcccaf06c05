import { Blocks } from "./blocks.ts";
import type { Csr } from "./csr.ts";
import type { SearchOptions } from "./local-search.ts";
import { type Effort, multilevel, type Start } from "./multilevel.ts";
import { Chance } from "./shuffle.ts";

/** How much work a partition may cost: about 4, 8 and 10 times the processor time of METIS on large graphs. */
export type Preset = "fast" | "eco" | "best";

/** Whether there is time for one more improvement; asked only between two of them. */
export type MayGoOn = () => boolean;

interface Plan {
  /** How first partitions are made, in turn, and how many of them. */
  readonly start: readonly Effort[];
  readonly starts: number;
  /** How two are combined. */
  readonly combine: Effort;
  /** How the best is improved at the end. */
  readonly later: Effort;
  /** V-cycles on the best at the end. */
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
  for (let i = 0; i < plan.starts && (i === 0 || mayGoOn()); i++) {
    const parts = multilevel(graph, limits, plan.start[i % plan.start.length]!, null, chance.fork());
    pool.push(parts);
    consider(parts);
  }
  for (const other of pool) {
    if (other === best || !mayGoOn()) continue;
    consider(multilevel(graph, limits, plan.combine, overlay(best!, other, limits.length), chance.fork()));
  }
  for (let cycle = 0; cycle < plan.cycles && mayGoOn(); cycle++) {
    consider(multilevel(graph, limits, plan.later, overlay(best!, best!, limits.length), chance.fork()));
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

/** Graphs with no hubs (grids, meshes, rings) need the finer levels of first-choice clustering. */
function isRegular(graph: Csr): boolean {
  const { vertexCount: n, offsets } = graph;
  let most = 0;
  for (let v = 0; v < n; v++) most = Math.max(most, offsets[v + 1]! - offsets[v]!);
  return most < (3 * offsets[n]!) / n;
}

/** From here on processor time counts against METIS's; smaller graphs are given what still feels instant. */
const LARGE_VERTICES = 50_000;
/** Below this even the best preset must end within half a second. */
const SMALL_VERTICES = 20_000;
/** With this many blocks METIS takes longer, and a V-cycle more is within bounds. */
const MANY_BLOCKS = 32;
const GLOBAL: SearchOptions = { seeds: Infinity, fruitlessMax: 500, rounds: 3 };
const LOCAL: SearchOptions = { seeds: 25, fruitlessMax: 12, rounds: 2 };

function planFor(graph: Csr, k: number, preset: Preset): Plan {
  const isLarge = graph.vertexCount >= LARGE_VERTICES;
  const clustering = isRegular(graph) ? "first-choice" : "propagation";
  const repeats = isLarge
    ? Math.max(3, Math.min(preset === "best" ? 8 : 16, Math.round(40 / k)))
    : Math.max(2, Math.min(8, Math.round(24 / k)));
  const screen = { seeds: Infinity, fruitlessMax: 40, rounds: 2 };
  const initial = { repeats, edgesMax: isLarge ? Infinity : 2e5, tries: 8, screen };
  const few: Effort = { clustering, coarsest: Math.max(30 * k, 1000), initial, search: GLOBAL, sweepsMax: 5 };
  const many: Effort = { ...few, coarsest: Math.max(120 * k, 2000) };
  const later: Effort = { ...few, search: preset === "fast" ? GLOBAL : LOCAL };
  const middle: Effort = { ...few, coarsest: Math.max(60 * k, 1000) };
  const work = (graph.vertexCount + graph.targets.length) * (1 + k / 40);
  const isSmall = graph.vertexCount < SMALL_VERTICES;
  const isCheap = clustering === "first-choice" || work < 6e4;
  const isTight = isLarge || (isSmall && work > 2e5);
  const runs = (affordable: number, most: number): number => Math.max(1, Math.min(most, Math.round(affordable / work)));
  let starts = preset === "best" ? 3 : 2;
  if (isLarge) starts--;
  else if (isSmall) starts = preset === "best" ? runs(5e5, isCheap ? 8 : 3) : runs(3e5, isCheap ? 4 : 2);
  const start = starts > 1 ? [few, many] : [k >= MANY_BLOCKS ? middle : few];
  const combine = isLarge ? { ...few, search: { ...GLOBAL, rounds: 1 } } : isTight ? few : later;
  if (preset === "fast") return { start, starts, combine, later, cycles: isLarge && k < MANY_BLOCKS ? 0 : 1 };
  return { start, starts, combine, later, cycles: preset === "eco" || (isTight && !isLarge) ? 1 : 2 };
}
