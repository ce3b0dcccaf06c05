import type { Csr } from "./csr.ts";
import { type Chance, permutation } from "./shuffle.ts";

/**
 * The order in which clustering visits vertices: small degrees first, in classes of doubling degree, by chance inside a class. Small vertices have the least
 * choice, so they choose first (Karypis and Kumar 1998; Meyerhenke, Sanders, Schulz 2016).
 */
export function degreeOrder(graph: Csr, chance: Chance): Int32Array {
  const { vertexCount, offsets } = graph;
  const random = permutation(vertexCount, chance);
  const classes = new Uint8Array(vertexCount);
  const start = new Int32Array(34);
  for (let v = 0; v < vertexCount; v++) {
    const of = 32 - Math.clz32(offsets[v + 1]! - offsets[v]!);
    classes[v] = of;
    start[of + 1]!++;
  }
  for (let c = 0; c < 33; c++) start[c + 1]! += start[c]!;
  const order = new Int32Array(vertexCount);
  for (let i = 0; i < vertexCount; i++) {
    const v = random[i]!;
    order[start[classes[v]!]!++] = v;
  }
  return order;
}

/**
 * Two hops: vertices that are still alone join another that is alone too and likes the same cluster best (`favourite[v]`), or, with no neighbour at all,
 * any other such one. Keeps stars and crumbs from stopping the coarsening (METIS, coarsen.c, 2-hop matching). Changes `labels` and `clusterLoads`.
 */
export function joinLeftovers(
  graph: Csr,
  order: Int32Array,
  labels: Int32Array,
  clusterLoads: Float64Array,
  favourite: Int32Array,
  loadMax: number,
  groups: Int32Array | null,
): void {
  const { vertexCount: n, vertexWeights, anchors } = graph;
  const sizes = new Int32Array(n);
  for (let v = 0; v < n; v++) sizes[labels[v]!]!++;
  const waiting = new Int32Array(n + 1).fill(-1);
  for (let i = 0; i < n; i++) {
    const v = order[i]!;
    if (v < anchors || labels[v] !== v || sizes[v] !== 1 || clusterLoads[v]! > loadMax / 2) continue;
    const liked = favourite[v]! < 0 ? n : favourite[v]!;
    const other = waiting[liked]!;
    const fits = other >= 0 && clusterLoads[other]! + vertexWeights[v]! <= loadMax;
    if (fits && (groups === null || groups[other] === groups[v])) {
      labels[v] = other;
      clusterLoads[other]! += vertexWeights[v]!;
      sizes[other]!++;
      sizes[v] = 0;
    } else waiting[liked] = v;
  }
}
