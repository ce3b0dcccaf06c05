import { MyriadError } from "../base/error.ts";
import { Blocks } from "./blocks.ts";
import type { Csr } from "./csr.ts";
import { limitsFor, pinnedLoads, placeLargestFirst, ROUNDING, type Workers } from "./limits.ts";
import { localSearch } from "./local-search.ts";
import { type Preset, solve } from "./presets.ts";
import { edgeCut, imbalanceOf, partLoads, totalEdgeWeight } from "./quality.ts";
import { rebalance } from "./rebalance.ts";
import { expandParts, reduceGraph } from "./reduce.ts";
import { Chance } from "./shuffle.ts";
import { minimiseVolume } from "./volume.ts";

export interface PartitionOptions {
  /** How far a load may be above its fair share: 0.03 by default. Raised where single agents are too heavy for it. */
  readonly imbalance?: number | undefined;
  /** `fast` by default. */
  readonly preset?: Preset | undefined;
  /** Any integer; the same seed gives the same parts. 1 by default. */
  readonly seed?: number | undefined;
  /** The worker that each agent must be on; -1 where it is free. */
  readonly pinned?: Int32Array | undefined;
  /** `cut`: weight of edges between workers (default). `volume`: number of (agent, foreign worker among its neighbours). */
  readonly objective?: "cut" | "volume" | undefined;
  /**
   * No further improvement starts after this many milliseconds of `now`; the first partition is always finished. Leaves the result dependent on the machine's
   * speed, so it is off by default. Needs `now`.
   */
  readonly timeBudgetMs?: number | undefined;
  /** A monotonic clock in milliseconds, for `seconds` and `timeBudgetMs`: this folder has none of its own. */
  readonly now?: (() => number) | undefined;
}

export interface Partition {
  /** The worker of each agent. */
  readonly parts: Uint16Array;
  /** Weight of the edges between workers. */
  readonly cut: number;
  /** `cut` over the weight of all edges; 0 without edges. */
  readonly cutFraction: number;
  /** The largest load over its fair share, minus 1. */
  readonly imbalance: number;
  readonly loads: Float64Array;
  /** What no load is above. */
  readonly limits: Float64Array;
  /** Present when `now` was given. */
  readonly seconds?: number;
}

/**
 * Places the vertices of a graph on workers so that little edge weight runs between workers and no load limit is broken. Deterministic for a seed.
 * `workers`: how many (loads at most (1 + imbalance) of the mean), or the capacity of each (hard; the load is shared out in their proportion).
 * Takes seconds on large graphs: call it in a worker thread. Throws INVALID_PLACEMENT for demands that cannot be met.
 */
export function partition(graph: Csr, workers: Workers, options: PartitionOptions = {}): Partition {
  const { preset = "fast", seed = 1, objective = "cut", now } = options;
  const startedMs = now?.() ?? 0;
  if (!["fast", "eco", "best"].includes(preset)) {
    throw new MyriadError("INVALID_PLACEMENT", `the preset must be fast, eco or best, not ${preset}`);
  }
  if (!Number.isSafeInteger(seed))
    throw new MyriadError("INVALID_PLACEMENT", `the seed must be an integer, not ${seed}`);
  const pinned = options.pinned ?? null;
  const limits = limitsFor(graph, workers, options.imbalance ?? 0.03, pinned);
  const mayGoOn = (): boolean =>
    options.timeBudgetMs === undefined || now === undefined || now() - startedMs < options.timeBudgetMs;
  const reduced = reduceGraph(graph, limits, pinned);
  const tooFew = reduced.graph.vertexCount === reduced.graph.anchors || limits.length === 1;
  const inner = tooFew ? identity(reduced.graph) : solve(reduced.graph, reduced.limits, preset, seed, mayGoOn);
  const parts = ensureLimits(graph, limits, pinned, expandParts(graph, limits, reduced, inner), seed);
  if (objective === "volume") minimiseVolume(graph, parts, limits, pinned, seed);
  const result = describePartition(graph, parts, limits, typeof workers === "number" ? undefined : workers);
  return now === undefined ? result : { ...result, seconds: (now() - startedMs) / 1000 };
}

/** Anchors on their workers; what is left (with one worker) on the first. */
function identity(graph: Csr): Uint16Array {
  const parts = new Uint16Array(graph.vertexCount);
  for (let v = 0; v < graph.anchors; v++) parts[v] = v;
  return parts;
}

/** The figures of a placement. `shares`: what loads are compared with, equal by default. */
export function describePartition(
  graph: Csr,
  parts: Uint16Array,
  limits: Float64Array,
  shares?: ArrayLike<number>,
): Partition {
  const loads = partLoads(graph, parts, limits.length);
  const cut = edgeCut(graph, parts);
  const total = totalEdgeWeight(graph);
  return {
    parts,
    cut,
    cutFraction: total === 0 ? 0 : cut / total,
    imbalance: imbalanceOf(loads, shares),
    loads,
    limits,
  };
}

/** The parts as they are when they keep the limits; else repaired, at worst from a packing that heeds no edges. */
function ensureLimits(
  graph: Csr,
  limits: Float64Array,
  pinned: Int32Array | null,
  parts: Uint16Array,
  seed: number,
): Uint16Array {
  if (withinLimits(partLoads(graph, parts, limits.length), limits)) return parts;
  const chance = new Chance(seed);
  const hasPins = pinned?.some((worker) => worker >= 0) ?? false;
  if (!hasPins) {
    const blocks = new Blocks(graph, parts, limits);
    rebalance(blocks);
    if (withinLimits(blocks.loads, limits)) return parts;
  }
  const packed = placeLargestFirst(graph, limits, pinned, -1, pinnedLoads(graph, pinned, limits.length));
  if (!hasPins) localSearch(new Blocks(graph, packed, limits), { seeds: 25, fruitlessMax: 25, rounds: 3 }, chance);
  return packed;
}

function withinLimits(loads: Float64Array, limits: Float64Array): boolean {
  return loads.every((load, b) => load <= limits[b]! * (1 + ROUNDING));
}
