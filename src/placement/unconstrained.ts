import type { Blocks } from "./blocks.ts";
import { Rebalancer } from "./rebalance.ts";

export interface UnconstrainedOptions {
  /** A vertex may move at a loss of up to this share of its tie to its own block, 0 to 1, if others that move make it none. */
  readonly lossShare: number;
  /** Iterations end after so many in a row without a new best. */
  readonly fruitlessMax: number;
}

/** `lossShare` on coarse levels, where much is still to be decided (Jet's filter ratio) ... */
export const LOSS_SHARE = 0.75;
/** ... and on the finest. */
export const LOSS_SHARE_FINEST = 0.25;
/** A new best that is better by less than this share does not earn further iterations. */
const PROGRESS_MIN = 0.001;
/** Progress of a thousandth at a time is never worth more iterations than this. */
const ITERATIONS_MAX = 500;

/**
 * Unconstrained label propagation (Jet: Gilbert, Madduri, Boman, Rajamanickam, "Jet: Multilevel Graph Partitioning on Graphics Processing Units", SIAM J. Sci.
 * Comput. 46, 2024): all vertices that would gain move at once whatever the limits say, then overloaded blocks give back what they lose least by. Gets out of
 * minima that moves inside the limits cannot leave. Keeps the best partition seen that holds the limits; never makes the cut worse. After the first iteration
 * only vertices beside one that has moved are looked at again.
 */
export function unconstrainedSearch(blocks: Blocks, options: UnconstrainedOptions): void {
  if (blocks.overload() > 0) return;
  new UnconstrainedSearch(blocks, options).run();
}

class UnconstrainedSearch {
  readonly #blocks: Blocks;
  readonly #options: UnconstrainedOptions;
  readonly #rebalancer: Rebalancer;
  /** Vertices to look at in this iteration; those for the next are marked in `#isActive` and listed in `#next`. */
  #active: Int32Array;
  #activeCount = 0;
  #next: Int32Array;
  #nextCount = 0;
  readonly #isActive: Uint8Array;
  /** Vertices that want to move, where to, and what they would gain if nobody else moved. */
  readonly #wishes: Int32Array;
  readonly #wishTo: Int32Array;
  readonly #wishGain: Int32Array;
  /** Vertices moved in an iteration stay in the next: 1. */
  readonly #locked: Uint8Array;
  readonly #moved: Int32Array;
  #movedCount = 0;
  readonly #best: Uint16Array;

  constructor(blocks: Blocks, options: UnconstrainedOptions) {
    const n = blocks.graph.vertexCount;
    this.#blocks = blocks;
    this.#options = options;
    this.#rebalancer = new Rebalancer(blocks);
    this.#active = new Int32Array(n);
    this.#next = new Int32Array(n);
    this.#isActive = new Uint8Array(n);
    this.#wishes = new Int32Array(n);
    this.#wishTo = new Int32Array(n).fill(-1);
    this.#wishGain = new Int32Array(n);
    this.#locked = new Uint8Array(n);
    this.#moved = new Int32Array(n);
    this.#best = blocks.parts.slice();
  }

  run(): void {
    const blocks = this.#blocks;
    let bestCut = blocks.cut();
    let cut = bestCut;
    this.#active.set(blocks.boundary.subarray(0, blocks.boundaryCount));
    this.#activeCount = blocks.boundaryCount;
    let fruitless = 0;
    for (let i = 0; i < ITERATIONS_MAX && fruitless < this.#options.fruitlessMax; i++, fruitless++) {
      cut -= this.#iterate();
      if (this.#movedCount === 0 && this.#nextCount === 0) break;
      if (blocks.overload() > 0) cut -= this.#giveBack();
      this.#turn();
      if (cut >= bestCut || blocks.overload() > 0) continue;
      if (cut < bestCut * (1 - PROGRESS_MIN)) fruitless = -1;
      bestCut = cut;
      this.#best.set(blocks.parts);
    }
    const { parts } = blocks;
    for (let v = 0; v < parts.length; v++) if (parts[v] !== this.#best[v]) blocks.move(v, this.#best[v]!);
  }

  /** One round of wishes and moves; returns by how much the cut fell. */
  #iterate(): number {
    const blocks = this.#blocks;
    const { anchors } = blocks.graph;
    const active = this.#active;
    const isActive = this.#isActive;
    const locked = this.#locked;
    const wishes = this.#wishes;
    let count = 0;
    for (let i = 0; i < this.#activeCount; i++) {
      const v = active[i]!;
      isActive[v] = 0;
      if (v < anchors || locked[v] === 1 || !blocks.isBoundary(v)) continue;
      if (this.#wish(v)) wishes[count++] = v;
    }
    // They may move again in the next iteration.
    for (let i = 0; i < this.#movedCount; i++) {
      locked[this.#moved[i]!] = 0;
      this.#activate(this.#moved[i]!);
    }
    let moving = 0;
    for (let i = 0; i < count; i++) {
      const v = wishes[i]!;
      if (this.#gainAmong(v) >= 0) this.#moved[moving++] = v;
    }
    let gained = 0;
    for (let i = 0; i < moving; i++) {
      const v = this.#moved[i]!;
      const to = this.#wishTo[v]!;
      gained += blocks.tie(v, to) - blocks.tie(v, blocks.parts[v]!);
      blocks.move(v, to);
      locked[v] = 1;
      this.#activateAround(v);
    }
    for (let i = 0; i < count; i++) this.#wishTo[wishes[i]!] = -1;
    this.#movedCount = moving;
    return gained;
  }

  #giveBack(): number {
    const gained = this.#rebalancer.run();
    const { moved, movedCount } = this.#rebalancer;
    for (let i = 0; i < movedCount; i++) {
      this.#activate(moved[i]!);
      this.#activateAround(moved[i]!);
    }
    return gained;
  }

  #turn(): void {
    const done = this.#active;
    this.#active = this.#next;
    this.#activeCount = this.#nextCount;
    this.#next = done;
    this.#nextCount = 0;
  }

  #activateAround(v: number): void {
    const { offsets, targets } = this.#blocks.graph;
    const end = offsets[v + 1]!;
    for (let i = offsets[v]!; i < end; i++) this.#activate(targets[i]!);
  }

  #activate(v: number): void {
    if (this.#isActive[v] === 1) return;
    this.#isActive[v] = 1;
    this.#next[this.#nextCount++] = v;
  }

  /** Notes where `v` would go if there were no limits; false when it would lose too much. */
  #wish(v: number): boolean {
    const { slotStart, slotCount, slotBlock, slotTie, parts } = this.#blocks;
    const own = parts[v]!;
    const start = slotStart[v]!;
    const end = start + slotCount[v]!;
    let inside = 0;
    let best = -1;
    let bestTie = -1;
    for (let i = start; i < end; i++) {
      if (slotBlock[i] === own) inside = slotTie[i]!;
      else if (slotTie[i]! > bestTie) {
        best = slotBlock[i]!;
        bestTie = slotTie[i]!;
      }
    }
    const gain = bestTie - inside;
    if (gain < 0 && -gain >= this.#options.lossShare * inside) return false;
    this.#wishTo[v] = best;
    this.#wishGain[v] = gain;
    return true;
  }

  /** What `v` gains if those who wish more move before it. */
  #gainAmong(v: number): number {
    const { graph, parts } = this.#blocks;
    const { offsets, targets, edgeWeights } = graph;
    const wishTo = this.#wishTo;
    const wishGain = this.#wishGain;
    const own = parts[v]!;
    const to = wishTo[v]!;
    const mine = wishGain[v]!;
    const end = offsets[v + 1]!;
    let gain = 0;
    for (let i = offsets[v]!; i < end; i++) {
      const u = targets[i]!;
      const wished = wishTo[u]!;
      const before = wished >= 0 && (wishGain[u]! > mine || (wishGain[u] === mine && u < v));
      const block = before ? wished : parts[u]!;
      if (block === to) gain += edgeWeights[i]!;
      else if (block === own) gain -= edgeWeights[i]!;
    }
    return gain;
  }
}
