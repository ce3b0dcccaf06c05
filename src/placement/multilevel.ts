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
import { LOSS_SHARE, LOSS_SHARE_FINEST, unconstrainedSearch } from "./unconstrained.ts";

export interface Effort {
  readonly clustering: "propagation" | "first-choice";
  /** Coarsening stops at this many vertices. */
  readonly coarsest: number;
  readonly initial: InitialOptions;
  readonly search: SearchOptions;
  readonly sweepsMax: number;
  /** Unconstrained search on a level ends after so many iterations in a row without a new best: on the input, on levels in between, on small ones. */
  readonly patience: { readonly finest: number; readonly middle: number; readonly small: number };
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
/** Levels below this many vertices cost next to nothing, so more is tried on them. */
const SMALL_LEVEL = 5_000;
/** Partitions of the coarsest graph are combined down to this size. */
const COMBINED_PER_BLOCK = 20;
const COMBINED_MIN = 100;
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
  let refined =
    parts ?? bestOf(coarsest, limits, initialPartition(coarsest, limits, effort.initial, chance), effort, chance);
  refine(coarsest, refined, limits, effort, chance, levels.length === 0);
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    const fine = new Uint16Array(level.graph.vertexCount);
    for (let v = 0; v < fine.length; v++) fine[v] = refined[level.coarseOf[v]!]!;
    refined = fine;
    refine(level.graph, refined, limits, effort, chance, levels.length === 0);
  }
  return refined;
}

/** The best of some partitions of the coarsest graph, after it has been combined with the next best ones. */
function bestOf(graph: Csr, limits: Float64Array, pool: Uint16Array[], effort: Effort, chance: Chance): Uint16Array {
  const k = limits.length;
  const { combinations, patience: small, search } = effort.initial;
  const coarsest = Math.max(COMBINED_PER_BLOCK * k, COMBINED_MIN);
  const combine = { ...effort, coarsest, search, patience: { ...effort.patience, small } };
  let best = pool[0]!;
  let bestScore = scoreOf(graph, best, limits);
  for (const other of pool.slice(1, 1 + combinations)) {
    const child = multilevel(graph, limits, combine, overlay(best, other, k), chance);
    const score = scoreOf(graph, child, limits);
    if (score >= bestScore) continue;
    best = child;
    bestScore = score;
  }
  return best;
}

export function scoreOf(graph: Csr, parts: Uint16Array, limits: Float64Array): number {
  return new Blocks(graph, parts, limits).score();
}

/** Improving `better` while never clustering across a cut edge of either: what both agree on is kept (Sanders and Schulz, "Distributed evolutionary graph partitioning", 2012). */
export function overlay(better: Uint16Array, other: Uint16Array, k: number): Start {
  const groups = new Int32Array(better.length);
  for (let v = 0; v < groups.length; v++) groups[v] = better[v]! * k + other[v]!;
  return { parts: better, groups };
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

/** Improves `parts` in place: limits first, then sweeps, unconstrained moves, local search. */
export function refine(
  graph: Csr,
  parts: Uint16Array,
  limits: Float64Array,
  effort: Pick<Effort, "search" | "sweepsMax" | "patience">,
  chance: Chance,
  isFinest = true,
): void {
  const blocks = new Blocks(graph, parts, limits);
  rebalance(blocks);
  sweep(blocks, effort.sweepsMax, chance);
  const { small, middle, finest } = effort.patience;
  const patience = graph.vertexCount < SMALL_LEVEL ? small : isFinest ? finest : middle;
  unconstrainedSearch(blocks, { lossShare: isFinest ? LOSS_SHARE_FINEST : LOSS_SHARE, fruitlessMax: patience });
  localSearch(blocks, effort.search, chance);
}
