import { Blocks } from "./blocks.ts";
import type { Csr } from "./csr.ts";
import { Chance, shuffle } from "./shuffle.ts";

const SWEEPS_MAX = 8;

/**
 * Lowers the communication volume (over all vertices, the number of foreign blocks among the neighbours) by moves of single vertices that gain by it,
 * within the limits (METIS -objtype=vol does the same at its finest level). Changes `parts` in place.
 */
export function minimiseVolume(
  graph: Csr,
  parts: Uint16Array,
  limits: Float64Array,
  pinned: Int32Array | null,
  seed: number,
): void {
  const counting = { ...graph, edgeWeights: new Int32Array(graph.targets.length).fill(1) };
  const blocks = new Blocks(counting, parts, limits);
  const chance = new Chance(seed);
  const order = new Int32Array(graph.vertexCount);
  const gains = new Int32Array(limits.length);
  for (let round = 0; round < SWEEPS_MAX; round++) {
    let length = 0;
    for (let v = 0; v < order.length; v++) {
      if (blocks.isBoundary(v) && !(pinned !== null && pinned[v]! >= 0)) order[length++] = v;
    }
    shuffle(order, length, chance);
    let moved = 0;
    for (let i = 0; i < length; i++) {
      const to = bestTarget(blocks, order[i]!, gains);
      if (to < 0) continue;
      blocks.move(order[i]!, to);
      moved++;
    }
    if (moved < graph.vertexCount * 0.001) return;
  }
}

/** The block with room to which a move of `v` lowers the volume most; -1 when none lowers it. */
function bestTarget(blocks: Blocks, v: number, gains: Int32Array): number {
  const { graph, parts, loads, limits, slotStart, slotCount, slotBlock } = blocks;
  const own = parts[v]!;
  const start = slotStart[v]!;
  const end = start + slotCount[v]!;
  const load = graph.vertexWeights[v]!;
  // Leaving makes `own` foreign to v if a neighbour stays there, and frees neighbours elsewhere to whom v is the last one in `own`.
  let leaving = blocks.tie(v, own) > 0 ? -1 : 0;
  for (let i = start; i < end; i++) gains[slotBlock[i]!] = slotBlock[i] === own ? 0 : 1;
  for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
    const u = graph.targets[i]!;
    const home = parts[u]!;
    if (home !== own && blocks.tie(u, own) === 1) leaving++;
    const from = slotStart[u]!;
    const to = from + slotCount[u]!;
    // Every candidate block that u does not touch yet would become foreign to it, unless u lives there.
    for (let c = start; c < end; c++) {
      const block = slotBlock[c]!;
      if (block === own || block === home) continue;
      let touches = false;
      for (let i = from; i < to && !touches; i++) touches = blocks.slotBlock[i] === block;
      if (!touches) gains[block]!--;
    }
  }
  let best = -1;
  let bestGain = 0;
  for (let c = start; c < end; c++) {
    const block = slotBlock[c]!;
    if (block === own || loads[block]! + load > limits[block]!) continue;
    const gain = gains[block]! + leaving;
    if (gain <= bestGain) continue;
    best = block;
    bestGain = gain;
  }
  return best;
}
