import type { Csr } from "./csr.ts";

/** Weight of the edges between different parts, each counted once, in the caller's weights. */
export function edgeCut(graph: Csr, parts: ArrayLike<number>): number {
  return cutUnits(graph, parts) / graph.unitsPerWeight;
}

/** The same in the graph's units. */
export function cutUnits(graph: Csr, parts: ArrayLike<number>): number {
  const { vertexCount, offsets, targets, edgeWeights } = graph;
  let cut = 0;
  for (let v = 0; v < vertexCount; v++) {
    const own = parts[v];
    const end = offsets[v + 1]!;
    for (let i = offsets[v]!; i < end; i++) if (parts[targets[i]!] !== own) cut += edgeWeights[i]!;
  }
  return cut / 2;
}

/** Sum of all edge weights, each edge counted once, in the caller's weights. */
export function totalEdgeWeight(graph: Csr): number {
  let total = 0;
  for (let i = 0; i < graph.edgeWeights.length; i++) total += graph.edgeWeights[i]!;
  return total / 2 / graph.unitsPerWeight;
}

/** Load of each of `k` parts. */
export function partLoads(graph: Csr, parts: ArrayLike<number>, k: number): Float64Array {
  const loads = new Float64Array(k);
  for (let v = 0; v < graph.vertexCount; v++) loads[parts[v]!]! += graph.vertexWeights[v]!;
  return loads;
}

/** The largest load over its fair share, minus 1; shares are equal unless given. 0 when there is no load. */
export function imbalanceOf(loads: Float64Array, shares?: ArrayLike<number>): number {
  let total = 0;
  let shareTotal = 0;
  for (let b = 0; b < loads.length; b++) {
    total += loads[b]!;
    shareTotal += shares === undefined ? 1 : shares[b]!;
  }
  let worst = 0;
  for (let b = 0; b < loads.length; b++) {
    const fair = (total * (shares === undefined ? 1 : shares[b]!)) / shareTotal;
    if (loads[b]! > 0) worst = Math.max(worst, (loads[b]! - fair) / fair);
  }
  return worst;
}

/** Communication volume: over all vertices, the number of foreign parts among the neighbours (copies of one message to all of them). */
export function volumeOf(graph: Csr, parts: ArrayLike<number>, k: number): number {
  const seenBy = new Int32Array(k).fill(-1);
  let volume = 0;
  for (let v = 0; v < graph.vertexCount; v++) {
    seenBy[parts[v]!] = v;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      const part = parts[graph.targets[i]!]!;
      if (seenBy[part] === v) continue;
      seenBy[part] = v;
      volume++;
    }
  }
  return volume;
}

/** Cut and weight of the edges between each pair of types: entry [a * types + b] with a <= b, in the caller's weights. */
export function cutByTypePair(graph: Csr, parts: ArrayLike<number>, typeOf: ArrayLike<number>, types: number) {
  const cut = new Float64Array(types * types);
  const total = new Float64Array(types * types);
  for (let v = 0; v < graph.vertexCount; v++) {
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      const u = graph.targets[i]!;
      if (u < v) continue;
      const pair = Math.min(typeOf[v]!, typeOf[u]!) * types + Math.max(typeOf[v]!, typeOf[u]!);
      const weight = graph.edgeWeights[i]! / graph.unitsPerWeight;
      total[pair]! += weight;
      if (parts[v] !== parts[u]) cut[pair]! += weight;
    }
  }
  return { cut, total };
}
