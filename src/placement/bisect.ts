import { Blocks } from "./blocks.ts";
import { chooseFirst } from "./cluster-first-choice.ts";
import { contract } from "./contract.ts";
import type { Csr } from "./csr.ts";
import { Heap } from "./heap.ts";
import { localSearch } from "./local-search.ts";
import { rebalance } from "./rebalance.ts";
import { type Chance, permutation } from "./shuffle.ts";

export interface Bisection {
  /** The share that the first side should carry. */
  readonly target: number;
  readonly limits: Float64Array;
  /** The first so many anchors belong to the first side, the others to the second. */
  readonly anchorsFirst: number;
  /** Greedy growings on the coarsest graph. */
  readonly tries: number;
}

/** Bisections start on graphs of this many vertices. */
const COARSEST = 80;
const SEARCH = { seeds: Infinity, fruitlessMax: 60, rounds: 4 } as const;

/** Two sides of a small graph, itself multilevel: first-choice clustering, greedy growing several times, FM on the way up. */
export function bisect(graph: Csr, how: Bisection, chance: Chance): Uint16Array {
  if (graph.vertexCount - graph.anchors > COARSEST) {
    const labels = chooseFirst(graph, (3 * graph.totalLoad) / COARSEST, 2.2, null, chance);
    const { graph: coarse, coarseOf } = contract(graph, labels);
    if (coarse.vertexCount < 0.9 * graph.vertexCount) {
      const coarseSides = bisect(coarse, how, chance);
      const sides = new Uint16Array(graph.vertexCount);
      for (let v = 0; v < sides.length; v++) sides[v] = coarseSides[coarseOf[v]!]!;
      return improve(graph, sides, how, chance).parts;
    }
  }
  let best: Blocks | null = null;
  let bestScore = Infinity;
  for (let attempt = 0; attempt < how.tries; attempt++) {
    const blocks = improve(graph, grow(graph, how, attempt % 2 === 1, chance), how, chance);
    const score = blocks.score();
    if (score >= bestScore) continue;
    best = blocks;
    bestScore = score;
  }
  return best!.parts;
}

function improve(graph: Csr, sides: Uint16Array, how: Bisection, chance: Chance): Blocks {
  const blocks = new Blocks(graph, sides, how.limits);
  rebalance(blocks);
  localSearch(blocks, SEARCH, chance);
  return blocks;
}

/** Greedy graph growing (Karypis and Kumar 1998): the first side takes the vertex that adds least to the cut until it carries its share. */
function grow(graph: Csr, how: Bisection, vary: boolean, chance: Chance): Uint16Array {
  const { vertexCount: n, offsets, targets, edgeWeights, vertexWeights, anchors } = graph;
  const sides = new Uint16Array(n).fill(1);
  const heap = new Heap(n);
  const left = new Uint8Array(n).fill(1);
  const order = permutation(n, chance);
  const least = Math.max(0, graph.totalLoad - how.limits[1]!);
  const most = how.limits[0]!;
  const target = vary && most > least ? least + chance.unit() * (most - least) : how.target;
  let load = 0;
  let at = 0;
  const take = (v: number): void => {
    left[v] = 0;
    sides[v] = 0;
    load += vertexWeights[v]!;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = targets[i]!;
      if (left[u] === 0) continue;
      if (heap.has(u)) heap.update(u, heap.keys[u]! + 2 * edgeWeights[i]!);
      else heap.push(u, tieToFirst(graph, sides, u));
    }
  };
  left.fill(0, 0, anchors);
  for (let v = 0; v < how.anchorsFirst; v++) take(v);
  while (load < target) {
    if (heap.size === 0) {
      while (at < n && left[order[at]!] === 0) at++;
      if (at === n) break;
      heap.push(order[at]!, 0);
    }
    const v = heap.pop();
    if (load + vertexWeights[v]! > most) left[v] = 0;
    else take(v);
  }
  return sides;
}

/** What `u` has in the first side minus what it has in the second. */
function tieToFirst(graph: Csr, sides: Uint16Array, u: number): number {
  let tie = 0;
  for (let i = graph.offsets[u]!; i < graph.offsets[u + 1]!; i++) {
    tie += sides[graph.targets[i]!] === 0 ? graph.edgeWeights[i]! : -graph.edgeWeights[i]!;
  }
  return tie;
}
