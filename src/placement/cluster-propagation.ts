import { degreeOrder, joinLeftovers } from "./cluster-order.ts";
import type { Csr } from "./csr.ts";
import type { Chance } from "./shuffle.ts";

/** Rounds end early when fewer than this share of the vertices moved in one. */
const MOVED_SHARE_MIN = 0.02;

/**
 * Size-constrained label propagation (Meyerhenke, Sanders, Schulz, "Partitioning (hierarchically clustered) complex networks via size-constrained graph
 * clustering", J. Heuristics 22, 2016): every vertex joins the cluster of its neighbourhood to which it is tied most, as long as the cluster's load stays at most
 * `loadMax`. Contracts social graphs a hundredfold in two or three levels. Returns a label per vertex; vertices of different `groups` never share one.
 */
export function propagateLabels(
  graph: Csr,
  loadMax: number,
  rounds: number,
  groups: Int32Array | null,
  chance: Chance,
): Int32Array {
  const propagation = new Propagation(graph, loadMax, groups, chance);
  for (let round = 0; round < rounds; round++) {
    if (propagation.round() < graph.vertexCount * MOVED_SHARE_MIN) break;
  }
  const { order, labels, clusterLoads, favourite } = propagation;
  joinLeftovers(graph, order, labels, clusterLoads, favourite, loadMax, groups);
  return labels;
}

class Propagation {
  readonly order: Int32Array;
  readonly labels: Int32Array;
  readonly clusterLoads: Float64Array;
  /** The cluster that each vertex is tied to most, whether there is room in it or not; -1 without neighbours. */
  readonly favourite: Int32Array;
  readonly #graph: Csr;
  readonly #loadMax: number;
  readonly #groups: Int32Array | null;
  readonly #chance: Chance;
  readonly #active: Uint8Array;
  readonly #ties: Int32Array;
  readonly #touched: Int32Array;

  constructor(graph: Csr, loadMax: number, groups: Int32Array | null, chance: Chance) {
    const n = graph.vertexCount;
    this.#graph = graph;
    this.#loadMax = loadMax;
    this.#groups = groups;
    this.#chance = chance;
    this.order = degreeOrder(graph, chance);
    this.labels = new Int32Array(n);
    for (let v = 0; v < n; v++) this.labels[v] = v;
    this.clusterLoads = graph.vertexWeights.slice();
    this.clusterLoads.fill(Infinity, 0, graph.anchors);
    this.favourite = new Int32Array(n).fill(-1);
    this.#active = new Uint8Array(n).fill(1, graph.anchors);
    this.#ties = new Int32Array(n);
    this.#touched = new Int32Array(n);
  }

  /** One pass over the vertices that have a reason to look again; returns how many moved. */
  round(): number {
    const { order, labels, clusterLoads } = this;
    const { offsets, targets, vertexWeights, anchors } = this.#graph;
    const active = this.#active;
    let moved = 0;
    for (let at = 0; at < order.length; at++) {
      const v = order[at]!;
      if (active[v] === 0) continue;
      active[v] = 0;
      const own = labels[v]!;
      const best = this.#choose(v, own);
      if (best === own) continue;
      const load = vertexWeights[v]!;
      clusterLoads[own]! -= load;
      clusterLoads[best]! += load;
      labels[v] = best;
      moved++;
      const end = offsets[v + 1]!;
      for (let i = offsets[v]!; i < end; i++) {
        const u = targets[i]!;
        if (u >= anchors) active[u] = 1;
      }
    }
    return moved;
  }

  /** The cluster with the strongest tie to `v` that has room, ties broken by chance; its own when none is better. */
  #choose(v: number, own: number): number {
    const { labels, clusterLoads } = this;
    const { offsets, targets, edgeWeights, vertexWeights } = this.#graph;
    const groups = this.#groups;
    const ties = this.#ties;
    const touched = this.#touched;
    const end = offsets[v + 1]!;
    let count = 0;
    for (let i = offsets[v]!; i < end; i++) {
      const u = targets[i]!;
      if (groups !== null && groups[u] !== groups[v]) continue;
      const label = labels[u]!;
      if (ties[label] === 0) touched[count++] = label;
      ties[label]! += edgeWeights[i]!;
    }
    const room = this.#loadMax - vertexWeights[v]!;
    let best = own;
    let bestTie = ties[own]!;
    let liked = -1;
    let likedTie = 0;
    let equals = 1;
    for (let i = 0; i < count; i++) {
      const label = touched[i]!;
      const tie = ties[label]!;
      ties[label] = 0;
      if (tie > likedTie) {
        likedTie = tie;
        liked = label;
      }
      if (tie < bestTie || label === own || clusterLoads[label]! > room) continue;
      if (tie > bestTie) {
        best = label;
        bestTie = tie;
        equals = 1;
      } else if (this.#chance.below(++equals) === 0) best = label;
    }
    this.favourite[v] = liked;
    return best;
  }
}
