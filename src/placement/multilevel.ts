import { Blocks } from "./blocks.ts";
import { chooseFirst } from "./cluster-first-choice.ts";
import { propagateLabels } from "./cluster-propagation.ts";
import { contract } from "./contract.ts";
import type { Csr } from "./csr.ts";
import { type InitialOptions, initialPartition } from "./initial.ts";
import { localSearch, type SearchOptions } from "./local-search.ts";
import { rebalance } from "./rebalance.ts";
import type { Chance } from "./shuffle.ts";
import { sweep } from "./sweep.ts";

export interface Effort {
  readonly clustering: "propagation" | "first-choice";
  /** Coarsening stops at this many vertices. */
  readonly coarsest: number;
  readonly initial: InitialOptions;
  readonly search: SearchOptions;
  readonly sweepsMax: number;
}

export interface Start {
  /** The partition to improve. */
  readonly parts: Uint16Array;
  /** Clusters never cross these: the blocks themselves, or the overlay of two partitions. */
  readonly groups: Int32Array;
}

interface Level {
  readonly graph: Csr;
  readonly coarseOf: Int32Array;
}

const PROPAGATION_ROUNDS = 3;
const FIRST_CHOICE_SHRINK = 2.5;

/**
 * One multilevel cycle: cluster and contract until the graph is small, partition that (or carry `start` down: a V-cycle, Walshaw 2004), then undo the contractions
 * one by one, refining on every level. Limits hold in the result unless loads are too coarse for them.
 */
export function multilevel(
  graph: Csr,
  limits: Float64Array,
  effort: Effort,
  start: Start | null,
  chance: Chance,
): Uint16Array {
  const levels: Level[] = [];
  let coarsest = graph;
  let parts: Uint16Array | null = start === null ? null : start.parts.slice();
  let groups: Int32Array | null = start === null ? null : start.groups;
  const enough = effort.coarsest;
  const loadMax = clusterLoadMax(graph, limits, enough);
  while (coarsest.vertexCount > enough) {
    const labels =
      effort.clustering === "propagation"
        ? propagateLabels(coarsest, loadMax, PROPAGATION_ROUNDS, groups, chance)
        : chooseFirst(coarsest, loadMax, FIRST_CHOICE_SHRINK, groups, chance);
    const step = contract(coarsest, labels);
    if (step.graph.vertexCount > 0.95 * coarsest.vertexCount) break;
    if (parts !== null) parts = carryDown(parts, step.coarseOf, new Uint16Array(step.graph.vertexCount));
    if (groups !== null) groups = carryDown(groups, step.coarseOf, new Int32Array(step.graph.vertexCount));
    levels.push({ graph: coarsest, coarseOf: step.coarseOf });
    coarsest = step.graph;
  }
  let refined = parts ?? initialPartition(coarsest, limits, effort.initial, chance);
  refine(coarsest, refined, limits, effort, chance);
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    const fine = new Uint16Array(level.graph.vertexCount);
    for (let v = 0; v < fine.length; v++) fine[v] = refined[level.coarseOf[v]!]!;
    refined = fine;
    refine(level.graph, refined, limits, effort, chance);
  }
  return refined;
}

/** Clusters must stay small enough to be packed into blocks, and large enough to come down to the coarsest size. */
function clusterLoadMax(graph: Csr, limits: Float64Array, enough: number): number {
  let heaviest = 0;
  for (let v = 0; v < graph.vertexCount; v++) heaviest = Math.max(heaviest, graph.vertexWeights[v]!);
  const even = (1.5 * graph.totalLoad) / enough;
  const share = graph.totalLoad / limits.length;
  return Math.max(heaviest, Math.min(0.09 * share, even), even / 4, Math.min(2, share));
}

function carryDown<A extends Uint16Array | Int32Array>(fine: A, coarseOf: Int32Array, coarse: A): A {
  for (let v = 0; v < coarseOf.length; v++) coarse[coarseOf[v]!] = fine[v]!;
  return coarse;
}

/** Improves `parts` in place: limits first, then sweeps, then local search. */
export function refine(
  graph: Csr,
  parts: Uint16Array,
  limits: Float64Array,
  effort: Pick<Effort, "search" | "sweepsMax">,
  chance: Chance,
): void {
  const blocks = new Blocks(graph, parts, limits);
  rebalance(blocks);
  sweep(blocks, effort.sweepsMax, chance);
  localSearch(blocks, effort.search, chance);
}
