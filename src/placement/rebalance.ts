import type { Blocks } from "./blocks.ts";
import { Heap } from "./heap.ts";

/** Takes vertices out of blocks above their limit; see `Rebalancer`. Returns the change of the cut (positive is better). */
export const rebalance = (blocks: Blocks): number => (blocks.overload() === 0 ? 0 : new Rebalancer(blocks).run());

/**
 * Takes vertices out of blocks above their limit until none is: by loss of cut per load, a vertex that gains first (Maas, Gottesbueren, Seemaier 2023).
 * Does nothing where all limits hold; never overloads another block. It may fail when loads are coarse: ask `blocks.overload()`.
 */
export class Rebalancer {
  /** The vertices that the last run moved: the first `movedCount` entries. */
  moved = new Int32Array(64);
  movedCount = 0;
  readonly #blocks: Blocks;
  readonly #heap: Heap;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
    this.#heap = new Heap(blocks.graph.vertexCount);
  }

  /** Returns the change of the cut: positive is better. */
  run(): number {
    const blocks = this.#blocks;
    this.movedCount = 0;
    if (blocks.overload() === 0) return 0;
    // What lies inside a block loses most by leaving: the boundary comes first, the rest only where that was not enough.
    for (let i = 0; i < blocks.boundaryCount; i++) this.#offer(blocks.boundary[i]!);
    const gained = this.#drain();
    if (blocks.overload() === 0) return gained;
    for (let v = 0; v < blocks.graph.vertexCount; v++) this.#offer(v);
    return gained + this.#drain();
  }

  #offer(v: number): void {
    const { graph, parts, loads, limits } = this.#blocks;
    const block = parts[v]!;
    if (v < graph.anchors || loads[block]! <= limits[block]! || graph.vertexWeights[v] === 0) return;
    const key = leaveKey(this.#blocks, v);
    if (key > -Infinity) this.#heap.push(v, key);
  }

  /** Moves from the heap until no block is overloaded or it is empty. */
  #drain(): number {
    const blocks = this.#blocks;
    const heap = this.#heap;
    const { graph, parts, loads, limits } = blocks;
    const { offsets, targets } = graph;
    let stepsLeft = 8 * graph.vertexCount;
    let gained = 0;
    let over = true;
    while (over && heap.size > 0 && stepsLeft-- > 0) {
      const v = heap.pop();
      const block = parts[v]!;
      if (loads[block]! <= limits[block]!) continue;
      const key = leaveKey(blocks, v);
      const to = blocks.target;
      if (to < 0) continue;
      if (key < heap.topKey()) {
        heap.push(v, key);
        continue;
      }
      gained += blocks.tie(v, to) - blocks.tie(v, block);
      blocks.move(v, to);
      this.#note(v);
      if (loads[block]! <= limits[block]!) over = blocks.overload() > 0;
      const end = offsets[v + 1]!;
      for (let i = offsets[v]!; i < end; i++) {
        const u = targets[i]!;
        if (parts[u] === block && !heap.has(u)) this.#offer(u);
      }
    }
    heap.clear();
    return gained;
  }

  #note(v: number): void {
    if (this.movedCount === this.moved.length) {
      const longer = new Int32Array(2 * this.movedCount);
      longer.set(this.moved);
      this.moved = longer;
    }
    this.moved[this.movedCount++] = v;
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
