import type { Blocks } from "./blocks.ts";
import { type Chance, shuffle } from "./shuffle.ts";

/** Sweeps end early when fewer than this share of the vertices moved in one. */
const MOVED_SHARE_MIN = 0.001;

/**
 * Label propagation as refinement: visits the boundary in random order and moves every vertex that gains by it, or gains nothing but goes to a lighter block.
 * Later sweeps visit only vertices beside one that moved. Never breaks a limit.
 */
export function sweep(blocks: Blocks, sweepsMax: number, chance: Chance): void {
  const { graph, loads, parts } = blocks;
  const { vertexCount: n, offsets, targets, vertexWeights, anchors } = graph;
  let queue = new Int32Array(n);
  let next = new Int32Array(n);
  const queued = new Uint8Array(n);
  let length = 0;
  for (let i = 0; i < blocks.boundaryCount; i++) {
    const v = blocks.boundary[i]!;
    if (v >= anchors) queue[length++] = v;
  }
  for (let round = 0; round < sweepsMax && length > 0; round++) {
    shuffle(queue, length, chance);
    let waiting = 0;
    let moved = 0;
    for (let at = 0; at < length; at++) {
      const v = queue[at]!;
      queued[v] = 0;
      const gain = blocks.bestGain(v);
      const to = blocks.target;
      if (to < 0 || gain < 0) continue;
      if (gain === 0 && loads[to]! + vertexWeights[v]! >= loads[parts[v]!]!) continue;
      blocks.move(v, to);
      moved++;
      for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
        const u = targets[i]!;
        if (queued[u] === 1 || u < anchors) continue;
        queued[u] = 1;
        next[waiting++] = u;
      }
    }
    if (moved < n * MOVED_SHARE_MIN) return;
    const done = queue;
    queue = next;
    next = done;
    length = waiting;
  }
}
