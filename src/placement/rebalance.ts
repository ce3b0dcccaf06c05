import type { Blocks } from "./blocks.ts";
import { Heap } from "./heap.ts";

/**
 * Takes vertices out of blocks above their limit until none is: by loss of cut per load, a vertex that gains first (Maas, Gottesbueren, Seemaier 2023).
 * Does nothing where all limits hold; never overloads another block. It may fail when loads are coarse: ask `blocks.overload()`.
 */
export function rebalance(blocks: Blocks): void {
  if (blocks.overload() === 0) return;
  const { graph, parts, loads, limits } = blocks;
  const heap = new Heap(graph.vertexCount);
  for (let v = graph.anchors; v < graph.vertexCount; v++) {
    const block = parts[v]!;
    if (loads[block]! <= limits[block]! || graph.vertexWeights[v] === 0) continue;
    const key = leaveKey(blocks, v);
    if (key > -Infinity) heap.push(v, key);
  }
  let stepsLeft = 8 * graph.vertexCount;
  while (heap.size > 0 && stepsLeft-- > 0) {
    const v = heap.pop();
    const block = parts[v]!;
    if (loads[block]! <= limits[block]!) continue;
    const key = leaveKey(blocks, v);
    if (blocks.target < 0) continue;
    if (key < heap.topKey()) heap.push(v, key);
    else blocks.move(v, blocks.target);
  }
}

/** How good it is that `v` leaves its block; where to is left in `blocks.target`. */
function leaveKey(blocks: Blocks, v: number): number {
  const load = blocks.graph.vertexWeights[v]!;
  let gain = blocks.bestGain(v);
  if (blocks.target < 0) {
    blocks.target = roomiest(blocks, v);
    if (blocks.target < 0) return -Infinity;
    gain = -blocks.tie(v, blocks.parts[v]!);
  }
  return gain > 0 ? gain * load : gain / load;
}

function roomiest(blocks: Blocks, v: number): number {
  const { loads, limits } = blocks;
  const load = blocks.graph.vertexWeights[v]!;
  let best = -1;
  let bestRoom = -1;
  for (let b = 0; b < blocks.count; b++) {
    const room = limits[b]! - loads[b]! - load;
    if (room <= bestRoom || room < 0 || b === blocks.parts[v]) continue;
    best = b;
    bestRoom = room;
  }
  return best;
}
