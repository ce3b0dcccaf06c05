import { degreeOrder, joinLeftovers } from "./cluster-order.ts";
import type { Csr } from "./csr.ts";
import type { Chance } from "./shuffle.ts";

/**
 * First-choice clustering: in one pass every vertex that is still alone joins the neighbouring cluster with the largest tie^2 / load, until the graph has shrunk by
 * `shrink` (Karypis and Kumar 1999; the rating of Holtgrewe, Sanders, Schulz 2010). More and finer levels than label propagation: right for regular graphs.
 * Returns a label per vertex; clusters weigh at most `loadMax`, and vertices of different `groups` never share one.
 */
export function chooseFirst(
  graph: Csr,
  loadMax: number,
  shrink: number,
  groups: Int32Array | null,
  chance: Chance,
): Int32Array {
  const { vertexCount: n, anchors, vertexWeights } = graph;
  const order = degreeOrder(graph, chance);
  const labels = new Int32Array(n);
  for (let v = 0; v < n; v++) labels[v] = v;
  const clusterLoads = vertexWeights.slice();
  clusterLoads.fill(Infinity, 0, anchors);
  const favourite = new Int32Array(n).fill(-1);
  const joined = new Uint8Array(n);
  const scratch = { ties: new Int32Array(n), touched: new Int32Array(n) };
  let clusters = n;
  const enough = n / shrink;
  for (let i = 0; i < n && clusters > enough; i++) {
    const v = order[i]!;
    if (joined[v] === 1 || v < anchors) continue;
    const best = rate(graph, v, labels, clusterLoads, loadMax, groups, favourite, scratch);
    if (best < 0) continue;
    labels[v] = best;
    clusterLoads[best]! += vertexWeights[v]!;
    joined[v] = 1;
    joined[best] = 1;
    clusters--;
  }
  if (clusters > n / 1.3) joinLeftovers(graph, order, labels, clusterLoads, favourite, loadMax, groups);
  return labels;
}

/** The cluster that `v` should join, or -1; notes its favourite whether there is room in it or not. */
function rate(
  graph: Csr,
  v: number,
  labels: Int32Array,
  clusterLoads: Float64Array,
  loadMax: number,
  groups: Int32Array | null,
  favourite: Int32Array,
  scratch: { ties: Int32Array; touched: Int32Array },
): number {
  const { offsets, targets, edgeWeights, vertexWeights } = graph;
  const { ties, touched } = scratch;
  const end = offsets[v + 1]!;
  let count = 0;
  for (let i = offsets[v]!; i < end; i++) {
    const u = targets[i]!;
    if (groups !== null && groups[u] !== groups[v]) continue;
    const label = labels[u]!;
    if (ties[label] === 0) touched[count++] = label;
    ties[label]! += edgeWeights[i]!;
  }
  const room = loadMax - vertexWeights[v]!;
  let best = -1;
  let bestRating = 0;
  let liked = -1;
  let likedRating = 0;
  for (let i = 0; i < count; i++) {
    const label = touched[i]!;
    const tie = ties[label]!;
    ties[label] = 0;
    const rating = (tie * tie) / (clusterLoads[label]! + 1e-9);
    if (rating > likedRating) {
      likedRating = rating;
      liked = label;
    }
    if (rating <= bestRating || clusterLoads[label]! > room) continue;
    bestRating = rating;
    best = label;
  }
  favourite[v] = liked;
  return best;
}
