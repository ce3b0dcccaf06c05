import type { Csr } from "./csr.ts";
import type { SearchOptions } from "./local-search.ts";
import { type Effort, multilevel, overlay, scoreOf } from "./multilevel.ts";
import { Chance } from "./shuffle.ts";

/** How much work a partition may cost: at most about 4, 7 and 10 times the processor time of METIS on large graphs. */
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
/** With this many blocks every iteration takes long, and later ones bring less. */
const MANY_BLOCKS = 32;
const GLOBAL: SearchOptions = { seeds: Infinity, fruitlessMax: 500, rounds: 3 };
const LOCAL: SearchOptions = { seeds: 25, fruitlessMax: 12, rounds: 2 };
/** Iterations of unconstrained search without a new best: on the input, on levels in between, on small ones. */
const HASTY = { finest: 4, middle: 4, small: 8 };
const MIDDLING = { finest: 6, middle: 6, small: 8 };
const PATIENT = { finest: 8, middle: 8, small: 12 };
const COMBINING: SearchOptions = { seeds: Infinity, fruitlessMax: 40, rounds: 2 };

function effortFor(graph: Csr, k: number, preset: Preset): Effort {
  const isBest = preset === "best";
  const clustering = isRegular(graph) ? "first-choice" : "propagation";
  const common = { clustering, coarsest: Math.max(30 * k, 1000), sweepsMax: 5, search: GLOBAL } as const;
  const initial = { tries: 4, patience: 4, search: COMBINING };
  if (graph.vertexCount < LARGE_VERTICES) {
    const repeats = Math.max(2, Math.min(12, Math.round(40 / k)));
    return {
      ...common,
      initial: { ...initial, tries: 8, repeats, edgesMax: 4e5, combinations: 3 },
      patience: k >= MANY_BLOCKS ? HASTY : MIDDLING,
    };
  }
  // Chance decides most where blocks are few, and repeats cost least there.
  const repeats = isBest ? Math.min(12, Math.round(48 / k)) : Math.min(6, Math.round(16 / k));
  const edgesMax = isBest ? 1e6 : 5e5;
  const combinations = isBest ? 4 : 2;
  return {
    ...common,
    initial: { ...initial, repeats: Math.max(3, repeats), edgesMax, combinations },
    patience: isBest ? PATIENT : HASTY,
  };
}

function planFor(graph: Csr, k: number, preset: Preset): Plan {
  const few = effortFor(graph, k, preset);
  const many: Effort = { ...few, coarsest: Math.max(120 * k, 2000) };
  const later: Effort = preset === "fast" ? few : { ...few, search: LOCAL };
  if (graph.vertexCount >= LARGE_VERTICES) {
    return { start: [few], starts: 1, combine: few, later, cycles: preset === "fast" ? 0 : 1 };
  }
  const work = (graph.vertexCount + graph.targets.length) * (1 + k / 40);
  const isSmall = graph.vertexCount < SMALL_VERTICES;
  const isCheap = few.clustering === "first-choice" || work < 6e4;
  const isTight = isSmall && work > 2e5;
  const runs = (affordable: number, most: number): number => Math.max(1, Math.min(most, Math.round(affordable / work)));
  let starts = preset === "best" ? 3 : 2;
  if (isSmall) starts = preset === "best" ? runs(4e5, isCheap ? 8 : 3) : runs(3e5, isCheap ? 4 : 2);
  const cycles = preset === "best" && !isTight ? 2 : 1;
  return { start: starts > 1 ? [few, many] : [few], starts, combine: isTight ? few : later, later, cycles };
}
