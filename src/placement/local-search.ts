import type { Blocks } from "./blocks.ts";
import { Heap } from "./heap.ts";
import { type Chance, shuffle } from "./shuffle.ts";

export interface SearchOptions {
  /** Boundary vertices that start one search together; Infinity: one search over the whole boundary. */
  readonly seeds: number;
  /** A search ends after this many moves without a new best. */
  readonly fruitlessMax: number;
  /** Passes over the boundary. */
  readonly rounds: number;
}

/** Vertices of more edges than this move only where they gain: moving a hub touches everything. */
const HUB_DEGREE = 2000;
/** A further pass is worth it when the last one took at least this share off the cut. */
const ROUND_GAIN_MIN = 0.002;

/**
 * k-way FM (Fiduccia and Mattheyses 1982), localized: a few boundary vertices start a search that moves the best vertex again and again, also at a loss, and goes
 * back to the best point it saw (multi-try FM of Sanders and Schulz 2011; Mt-KaHyPar). Never breaks a limit and never makes the cut worse.
 */
export function localSearch(blocks: Blocks, options: SearchOptions, chance: Chance): void {
  const search = new LocalSearch(blocks, options);
  for (let round = 0; round < options.rounds; round++) {
    const gain = search.pass(chance);
    if (gain === 0 || (round + 1 < options.rounds && gain < ROUND_GAIN_MIN * blocks.cut())) return;
  }
}

class LocalSearch {
  readonly #blocks: Blocks;
  readonly #options: SearchOptions;
  readonly #heap: Heap;
  /** Vertices that a kept move has settled for this pass carry the pass's number; so do those moved in the present search. */
  readonly #settled: Uint8Array;
  readonly #movedVertex: Int32Array;
  readonly #movedFrom: Uint16Array;
  readonly #boundary: Int32Array;

  constructor(blocks: Blocks, options: SearchOptions) {
    const n = blocks.graph.vertexCount;
    this.#blocks = blocks;
    this.#options = options;
    this.#heap = new Heap(n);
    this.#settled = new Uint8Array(n);
    this.#movedVertex = new Int32Array(n);
    this.#movedFrom = new Uint16Array(n);
    this.#boundary = new Int32Array(n);
  }

  /** One pass over the boundary; returns by how much the cut fell. */
  pass(chance: Chance): number {
    const blocks = this.#blocks;
    const boundary = this.#boundary;
    const settled = this.#settled;
    const { anchors } = blocks.graph;
    settled.fill(0);
    settled.fill(1, 0, anchors);
    let length = 0;
    for (let i = 0; i < blocks.boundaryCount; i++) {
      const v = blocks.boundary[i]!;
      if (v >= anchors) boundary[length++] = v;
    }
    shuffle(boundary, length, chance);
    let total = 0;
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + this.#options.seeds);
      for (; at < end; at++) {
        const v = boundary[at]!;
        if (settled[v] === 1 || !blocks.isBoundary(v)) continue;
        const gain = blocks.bestGain(v);
        if (gain > -Infinity) this.#heap.push(v, gain);
      }
      if (this.#heap.size > 0) total += this.#search();
    }
    return total;
  }

  /** Moves from the heap until it is empty or fruitless, then back to the best point; returns the gain kept. */
  #search(): number {
    const blocks = this.#blocks;
    const heap = this.#heap;
    const { offsets } = blocks.graph;
    const fruitlessMax = this.#options.fruitlessMax;
    let moves = 0;
    let gained = 0;
    let best = 0;
    let bestMoves = 0;
    while (heap.size > 0 && moves - bestMoves <= fruitlessMax) {
      const v = heap.pop();
      const gain = blocks.bestGain(v);
      if (gain === -Infinity) continue;
      if (gain < heap.topKey()) {
        heap.push(v, gain);
        continue;
      }
      const isHub = offsets[v + 1]! - offsets[v]! > HUB_DEGREE;
      if (isHub && gain <= 0) continue;
      this.#movedVertex[moves] = v;
      this.#movedFrom[moves++] = blocks.parts[v]!;
      this.#settled[v] = 1;
      blocks.move(v, blocks.target);
      gained += gain;
      if (gained > best) {
        best = gained;
        bestMoves = moves;
      }
      if (!isHub) this.#refresh(v);
    }
    heap.clear();
    while (moves > bestMoves) {
      const v = this.#movedVertex[--moves]!;
      blocks.move(v, this.#movedFrom[moves]!);
      this.#settled[v] = 0;
    }
    return best;
  }

  /** New keys for the neighbours of a vertex that has moved; those that came to the boundary enter the heap. */
  #refresh(v: number): void {
    const blocks = this.#blocks;
    const heap = this.#heap;
    const settled = this.#settled;
    const { offsets, targets } = blocks.graph;
    const end = offsets[v + 1]!;
    for (let i = offsets[v]!; i < end; i++) {
      const u = targets[i]!;
      if (settled[u] === 1) continue;
      if (heap.has(u)) {
        const gain = blocks.bestGain(u);
        if (gain === -Infinity) heap.remove(u);
        else heap.update(u, gain);
      } else if (blocks.isBoundary(u)) {
        const gain = blocks.bestGain(u);
        if (gain > -Infinity) heap.push(u, gain);
      }
    }
  }
}
