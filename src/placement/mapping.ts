import type { Blocks } from "./blocks.ts";
import type { Csr } from "./csr.ts";

const SWEEPS_MAX = 10;

/**
 * Renumbers the blocks of a partition so that blocks with much weight between them get near workers: swaps of two blocks with equal limits while that lowers the
 * cost (Heider 1972; Brandfass, Alrutz, Gerhold 2013). Blocks with pinned agents keep their number.
 */
export function mapBlocks(
  graph: Csr,
  parts: Uint16Array,
  limits: Float64Array,
  costs: Float64Array,
  pinned: Int32Array | undefined,
): Uint16Array {
  const k = limits.length;
  const between = weightsBetween(graph, parts, k);
  const fixed = new Uint8Array(k);
  for (const worker of pinned ?? []) if (worker >= 0) fixed[worker] = 1;
  const workerOf = Int32Array.from({ length: k }, (_, b) => b);
  for (let changed = true; changed; ) {
    changed = false;
    for (let a = 0; a < k; a++) {
      for (let b = a + 1; b < k; b++) {
        if (fixed[a] === 1 || fixed[b] === 1 || limits[workerOf[a]!] !== limits[workerOf[b]!]) continue;
        if (swapGain(between, costs, workerOf, k, a, b) <= 1e-9) continue;
        const worker = workerOf[a]!;
        workerOf[a] = workerOf[b]!;
        workerOf[b] = worker;
        changed = true;
      }
    }
  }
  return parts.map((part) => workerOf[part]!);
}

function weightsBetween(graph: Csr, parts: Uint16Array, k: number): Float64Array {
  const between = new Float64Array(k * k);
  for (let v = 0; v < graph.vertexCount; v++) {
    const row = parts[v]! * k;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++)
      between[row + parts[graph.targets[i]!]!]! += graph.edgeWeights[i]!;
  }
  return between;
}

function swapGain(
  between: Float64Array,
  costs: Float64Array,
  workerOf: Int32Array,
  k: number,
  a: number,
  b: number,
): number {
  let gain = 0;
  for (let c = 0; c < k; c++) {
    if (c === a || c === b) continue;
    const nearer = costs[workerOf[a]! * k + workerOf[c]!]! - costs[workerOf[b]! * k + workerOf[c]!]!;
    gain += nearer * (between[a * k + c]! - between[b * k + c]!);
  }
  return gain;
}

/** Moves single vertices while that lowers the cost-weighted cut, within the limits; changes the blocks in place. */
export function improveMapping(blocks: Blocks, costs: Float64Array, pinned: Int32Array | null): void {
  const n = blocks.graph.vertexCount;
  for (let round = 0; round < SWEEPS_MAX; round++) {
    let moved = 0;
    for (let v = 0; v < n; v++) {
      if (!blocks.isBoundary(v) || (pinned !== null && pinned[v]! >= 0)) continue;
      const to = cheapest(blocks, v, costs);
      if (to === blocks.parts[v]) continue;
      blocks.move(v, to);
      moved++;
    }
    if (moved < n * 0.0005) return;
  }
}

/** The block that `v` touches, has room, and from where its edges cost least; its own when none is cheaper. */
function cheapest(blocks: Blocks, v: number, costs: Float64Array): number {
  const { graph, parts, loads, limits, count, slotStart, slotCount, slotBlock, slotTie } = blocks;
  const start = slotStart[v]!;
  const end = start + slotCount[v]!;
  const own = parts[v]!;
  const load = graph.vertexWeights[v]!;
  const costAt = (block: number): number => {
    let cost = 0;
    for (let i = start; i < end; i++) cost += slotTie[i]! * costs[block * count + slotBlock[i]!]!;
    return cost;
  };
  let best = own;
  let bestCost = costAt(own) * (1 - 1e-12);
  for (let i = start; i < end; i++) {
    const block = slotBlock[i]!;
    if (block === own || loads[block]! + load > limits[block]!) continue;
    const cost = costAt(block);
    if (cost >= bestCost) continue;
    best = block;
    bestCost = cost;
  }
  return best;
}
