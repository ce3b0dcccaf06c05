import type { Csr } from "./csr.ts";

/**
 * A k-way partition under refinement: block and load of everything, and per vertex a table of how strongly it is tied to each block it touches. The table has
 * min(degree, k) slots a vertex, so it never outgrows the graph (gain tables of Mt-KaHyPar, Gottesbueren et al. 2021, made sparse).
 */
export class Blocks {
  readonly graph: Csr;
  readonly parts: Uint16Array;
  readonly count: number;
  /** Hard limit on the load of each block. */
  readonly limits: Float64Array;
  readonly loads: Float64Array;
  readonly slotStart: Int32Array;
  readonly slotCount: Uint16Array;
  readonly slotBlock: Uint16Array;
  readonly slotTie: Int32Array;
  /** The vertices with a neighbour in another block: the first `boundaryCount` entries, in no particular order. */
  readonly boundary: Int32Array;
  boundaryCount = 0;
  /** Where a vertex stands in `boundary`; -1 when it does not. */
  readonly #boundaryAt: Int32Array;
  /** The block that the last `bestGain` found; -1 for none. */
  target = -1;

  /** `parts` is changed in place by `move`. */
  constructor(graph: Csr, parts: Uint16Array, limits: Float64Array) {
    const n = graph.vertexCount;
    const k = limits.length;
    this.graph = graph;
    this.parts = parts;
    this.count = k;
    this.limits = limits;
    this.loads = new Float64Array(k);
    this.slotStart = new Int32Array(n + 1);
    for (let v = 0; v < n; v++) {
      const degree = graph.offsets[v + 1]! - graph.offsets[v]!;
      this.slotStart[v + 1] = this.slotStart[v]! + Math.min(degree, k);
    }
    this.slotCount = new Uint16Array(n);
    this.slotBlock = new Uint16Array(this.slotStart[n]!);
    this.slotTie = new Int32Array(this.slotStart[n]!);
    this.boundary = new Int32Array(n);
    this.#boundaryAt = new Int32Array(n).fill(-1);
    this.#fill();
  }

  #fill(): void {
    const { graph, parts, loads, slotStart, slotCount, slotBlock, slotTie } = this;
    const { vertexCount, offsets, targets, edgeWeights, vertexWeights } = graph;
    const slotOf = new Int32Array(this.count).fill(-1);
    for (let v = 0; v < vertexCount; v++) {
      loads[parts[v]!]! += vertexWeights[v]!;
      const first = slotStart[v]!;
      let end = first;
      const rowEnd = offsets[v + 1]!;
      for (let i = offsets[v]!; i < rowEnd; i++) {
        const block = parts[targets[i]!]!;
        const slot = slotOf[block]!;
        if (slot >= first) slotTie[slot]! += edgeWeights[i]!;
        else {
          slotOf[block] = end;
          slotBlock[end] = block;
          slotTie[end++] = edgeWeights[i]!;
        }
      }
      slotCount[v] = end - first;
      this.#ownFirst(v);
      if (this.#touchesOthers(v)) this.#enterBoundary(v);
    }
  }

  /** Whether `v` has a neighbour in another block. */
  isBoundary(v: number): boolean {
    return this.#boundaryAt[v]! >= 0;
  }

  #touchesOthers(v: number): boolean {
    const count = this.slotCount[v]!;
    return count > 1 || (count === 1 && this.slotBlock[this.slotStart[v]!] !== this.parts[v]);
  }

  /** Puts the slot of the own block, if there is one, in front: it is looked for most. */
  #ownFirst(v: number): void {
    const { slotStart, slotCount, slotBlock, slotTie } = this;
    const own = this.parts[v]!;
    const first = slotStart[v]!;
    const past = first + slotCount[v]!;
    let slot = first;
    while (slot < past && slotBlock[slot] !== own) slot++;
    if (slot === first || slot === past) return;
    const tie = slotTie[slot]!;
    slotBlock[slot] = slotBlock[first]!;
    slotTie[slot] = slotTie[first]!;
    slotBlock[first] = own;
    slotTie[first] = tie;
  }

  #enterBoundary(v: number): void {
    this.#boundaryAt[v] = this.boundaryCount;
    this.boundary[this.boundaryCount++] = v;
  }

  #leaveBoundary(v: number): void {
    const at = this.#boundaryAt[v]!;
    const last = this.boundary[--this.boundaryCount]!;
    this.boundary[at] = last;
    this.#boundaryAt[last] = at;
    this.#boundaryAt[v] = -1;
  }

  /** After a change of the block or the ties of `v`. */
  #noteBoundary(v: number): void {
    const is = this.#touchesOthers(v);
    if (is === this.#boundaryAt[v]! >= 0) return;
    if (is) this.#enterBoundary(v);
    else this.#leaveBoundary(v);
  }

  /** Weight of the edges from `v` into `block`. */
  tie(v: number, block: number): number {
    const start = this.slotStart[v]!;
    const end = start + this.slotCount[v]!;
    for (let i = start; i < end; i++) if (this.slotBlock[i] === block) return this.slotTie[i]!;
    return 0;
  }

  /**
   * The change of the cut (positive is better) if `v` moved to the best other block that it touches and that has room; that block is left in `target`.
   * Between equals the emptier one wins. -Infinity when there is none.
   */
  bestGain(v: number): number {
    const { slotBlock, slotTie, loads, limits } = this;
    const load = this.graph.vertexWeights[v]!;
    const own = this.parts[v]!;
    const start = this.slotStart[v]!;
    const end = start + this.slotCount[v]!;
    let inside = 0;
    let best = -1;
    let bestTie = -1;
    let bestRoom = 0;
    for (let i = start; i < end; i++) {
      const block = slotBlock[i]!;
      const tie = slotTie[i]!;
      if (block === own) {
        inside = tie;
        continue;
      }
      if (tie < bestTie) continue;
      const room = limits[block]! - loads[block]! - load;
      if (room < 0 || (tie === bestTie && room <= bestRoom)) continue;
      best = block;
      bestTie = tie;
      bestRoom = room;
    }
    this.target = best;
    return best < 0 ? -Infinity : bestTie - inside;
  }

  /** Moves `v` to another block and brings loads and its neighbours' tables up to date. */
  move(v: number, to: number): void {
    const { offsets, targets, edgeWeights, vertexWeights } = this.graph;
    const { slotBlock, slotTie, slotStart, slotCount, loads, parts } = this;
    const from = parts[v]!;
    loads[from]! -= vertexWeights[v]!;
    loads[to]! += vertexWeights[v]!;
    parts[v] = to;
    const rowEnd = offsets[v + 1]!;
    for (let i = offsets[v]!; i < rowEnd; i++) {
      const u = targets[i]!;
      const weight = edgeWeights[i]!;
      const start = slotStart[u]!;
      const count = slotCount[u]!;
      let end = start + count;
      let slot = start;
      while (slotBlock[slot] !== from) slot++;
      if ((slotTie[slot]! -= weight) === 0) {
        end--;
        slotBlock[slot] = slotBlock[end]!;
        slotTie[slot] = slotTie[end]!;
      }
      slot = start;
      while (slot < end && slotBlock[slot] !== to) slot++;
      if (slot < end) {
        slotTie[slot]! += weight;
        if (end === start + count) continue;
      } else {
        slotBlock[slot] = to;
        slotTie[slot] = weight;
        end++;
      }
      slotCount[u] = end - start;
      if (slot === end - 1 && parts[u] === to) this.#ownFirst(u);
      this.#noteBoundary(u);
    }
    this.#ownFirst(v);
    this.#noteBoundary(v);
  }

  /** Weight of the edges between blocks, in units, from the tables. */
  cut(): number {
    const { parts, slotStart, slotCount, slotBlock, slotTie } = this;
    let cut = 0;
    for (let v = 0; v < parts.length; v++) {
      const end = slotStart[v]! + slotCount[v]!;
      for (let i = slotStart[v]!; i < end; i++) if (slotBlock[i] !== parts[v]) cut += slotTie[i]!;
    }
    return cut / 2;
  }

  /** Sum of what blocks carry above their limits. */
  overload(): number {
    let over = 0;
    for (let b = 0; b < this.count; b++) over += Math.max(0, this.loads[b]! - this.limits[b]!);
    return over;
  }

  /** What a partition is judged by, lower is better: the cut, and above all what it carries beyond limits. */
  score(): number {
    return this.cut() + 1e9 * this.overload();
  }
}
