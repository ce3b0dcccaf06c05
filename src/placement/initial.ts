import { bisect } from "./bisect.ts";
import { Blocks } from "./blocks.ts";
import { type Csr, inducedGraph } from "./csr.ts";
import type { SearchOptions } from "./local-search.ts";
import { rebalance } from "./rebalance.ts";
import type { Chance } from "./shuffle.ts";
import { LOSS_SHARE, unconstrainedSearch } from "./unconstrained.ts";

export interface InitialOptions {
  /** How often the whole thing is done at most; the best is kept. */
  readonly repeats: number;
  /** Fewer repeats, but two, on graphs where the sum of edges over all of them would be above this: chance decides less there, and each takes longer. */
  readonly edgesMax: number;
  /** Greedy growings per bisection. */
  readonly tries: number;
  /** Iterations without a new best in the unconstrained search that a repeat is judged after. */
  readonly patience: number;
  /** With how many of the others the best is combined. */
  readonly combinations: number;
  /** Local search in combining. */
  readonly search: SearchOptions;
}

/** First partitions of a small graph, best first: recursive bisection, repeated, each screened by a short k-way search. */
export function initialPartition(
  graph: Csr,
  limits: Float64Array,
  options: InitialOptions,
  chance: Chance,
): Uint16Array[] {
  const pool: { parts: Uint16Array; score: number }[] = [];
  const affordable = Math.round((2 * options.edgesMax) / Math.max(1, graph.targets.length));
  const repeats = Math.min(options.repeats, Math.max(2, affordable));
  for (let repeat = 0; repeat < repeats; repeat++) {
    const parts = new Uint16Array(graph.vertexCount);
    bisectRecursively(graph, limits, 0, limits.length, null, options.tries, parts, chance);
    const blocks = new Blocks(graph, parts, limits);
    rebalance(blocks);
    unconstrainedSearch(blocks, { lossShare: LOSS_SHARE, fruitlessMax: options.patience });
    rebalance(blocks);
    const score = blocks.score();
    pool.push({ parts, score });
  }
  return pool.sort((a, b) => a.score - b.score).map(({ parts }) => parts);
}

/** Gives `graph`, whose vertices are `members` of the whole one, the blocks from `low` to `high` - 1. */
function bisectRecursively(
  graph: Csr,
  limits: Float64Array,
  low: number,
  high: number,
  members: Int32Array | null,
  tries: number,
  parts: Uint16Array,
  chance: Chance,
): void {
  if (high - low === 1) {
    for (let v = 0; v < graph.vertexCount; v++) parts[members === null ? v : members[v]!] = low;
    return;
  }
  const middle = (low + high) >> 1;
  const sides = bisect(graph, bisectionOf(graph, limits, low, middle, high, tries), chance);
  for (let side = 0; side < 2; side++) {
    const inner = inducedGraph(graph, sides, side);
    if (members !== null) for (let i = 0; i < inner.members.length; i++) inner.members[i] = members[inner.members[i]!]!;
    const [from, to] = side === 0 ? [low, middle] : [middle, high];
    bisectRecursively(inner.graph, limits, from, to, inner.members, tries, parts, chance);
  }
}

/** The slack that the limits leave is used up evenly over the levels of bisections still to come (Karypis and Kumar; KaHyPar). */
function bisectionOf(graph: Csr, limits: Float64Array, low: number, middle: number, high: number, tries: number) {
  let first = 0;
  let second = 0;
  for (let b = low; b < middle; b++) first += limits[b]!;
  for (let b = middle; b < high; b++) second += limits[b]!;
  let heaviest = 0;
  for (let v = 0; v < graph.vertexCount; v++) heaviest = Math.max(heaviest, graph.vertexWeights[v]!);
  const total = graph.totalLoad;
  const slack = total === 0 ? 1 : Math.max(1, (first + second) / total) ** (1 / Math.ceil(Math.log2(high - low)));
  const target = (total * first) / (first + second);
  const sideLimit = (share: number, capacity: number) =>
    Math.max(share * slack, Math.min(capacity, share + heaviest / 2));
  const sideLimits = Float64Array.of(sideLimit(target, first), sideLimit(total - target, second));
  return { target, limits: sideLimits, anchorsFirst: graph.anchors === 0 ? 0 : middle - low, tries };
}
