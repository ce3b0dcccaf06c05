import { contractTo } from "./contract.ts";
import type { Csr } from "./csr.ts";
import { leastFilled } from "./limits.ts";

/** A graph without what needs no thought: pinned agents are one anchor per worker, and agents without edges are left out. */
export interface Reduced {
  readonly graph: Csr;
  /** What the workers can still carry beside their pinned agents. */
  readonly limits: Float64Array;
  /** The vertex of `graph` that stands for each vertex; -1 for ballast. */
  readonly vertexOf: Int32Array | null;
}

export function reduceGraph(graph: Csr, limits: Float64Array, pinned: Int32Array | null): Reduced {
  const n = graph.vertexCount;
  const hasPins = pinned?.some((worker) => worker >= 0) ?? false;
  const anchors = hasPins ? limits.length : 0;
  const vertexOf = new Int32Array(n);
  const left = limits.slice();
  let count = anchors;
  let ballast = 0;
  for (let v = 0; v < n; v++) {
    if (hasPins && pinned![v]! >= 0) {
      vertexOf[v] = pinned![v]!;
      left[pinned![v]!]! -= graph.vertexWeights[v]!;
    } else if (graph.offsets[v] === graph.offsets[v + 1]) {
      vertexOf[v] = -1;
      ballast++;
    } else vertexOf[v] = count++;
  }
  for (let b = 0; b < left.length; b++) left[b] = Math.max(0, left[b]!);
  if (!hasPins && ballast === 0) return { graph, limits, vertexOf: null };
  const coarseOf = vertexOf.map((to) => (to < 0 ? count : to));
  const whole = contractTo(graph, coarseOf, count + 1).graph;
  const vertexWeights = whole.vertexWeights.slice(0, count).fill(0, 0, anchors);
  const totalLoad = vertexWeights.reduce((a, b) => a + b, 0);
  const offsets = whole.offsets.slice(0, count + 1);
  return {
    graph: { ...whole, vertexCount: count, offsets, vertexWeights, totalLoad, anchors },
    limits: left,
    vertexOf,
  };
}

/** The partition of the whole graph: ballast goes, heaviest first, to the least filled worker. */
export function expandParts(graph: Csr, limits: Float64Array, reduced: Reduced, inner: Uint16Array): Uint16Array {
  const { vertexOf } = reduced;
  if (vertexOf === null) return inner;
  const parts = new Uint16Array(graph.vertexCount);
  const loads = new Float64Array(limits.length);
  const ballast: number[] = [];
  for (let v = 0; v < parts.length; v++) {
    if (vertexOf[v]! < 0) {
      ballast.push(v);
      continue;
    }
    parts[v] = inner[vertexOf[v]!]!;
    loads[parts[v]!]! += graph.vertexWeights[v]!;
  }
  ballast.sort((a, b) => graph.vertexWeights[b]! - graph.vertexWeights[a]! || a - b);
  for (const v of ballast) {
    const load = graph.vertexWeights[v]!;
    const fits = leastFilled(loads, limits, load);
    parts[v] = fits < 0 ? leastFilled(loads, null, load) : fits;
    loads[parts[v]!]! += load;
  }
  return parts;
}
