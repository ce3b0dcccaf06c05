import { MyriadError } from "../base/error.ts";

/**
 * An undirected weighted graph in compressed rows: the neighbours of `v` are `targets[offsets[v] .. offsets[v + 1])`, every edge stands in both rows,
 * no loops, no parallel edges. Edge weights are integers ("units") whose sum over all rows stays below 2^31, so that gains are exact.
 */
export interface Csr {
  readonly vertexCount: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly edgeWeights: Int32Array;
  /** Load of each vertex (agent cost), >= 0. */
  readonly vertexWeights: Float64Array;
  /** Sum of `vertexWeights`. */
  readonly totalLoad: number;
  /** Units per unit of weight as the caller gave it: 1 when all weights are integers and their sum is small enough. */
  readonly unitsPerWeight: number;
  /** The first vertices are anchors: vertex i < anchors has weight 0 and belongs to block i for ever. */
  readonly anchors: number;
}

/** Largest sum of edge weights in units, each edge counted once: twice that (both rows) still fits an i32. */
export const UNITS_MAX = 2 ** 30 - 1;

export interface CsrWeights {
  /** Weight of each edge, >= 0 and finite; 1 by default. Edges of weight 0 are left out. */
  readonly edges?: ArrayLike<number> | undefined;
  /** Load of each vertex, >= 0 and finite; 1 by default. */
  readonly vertices?: ArrayLike<number> | undefined;
}

/**
 * The graph of `vertexCount` vertices and the edges source[i] -- target[i]. Loops are dropped; parallel edges, and a -> b beside b -> a, become one edge of
 * their summed weight. Weights that are not integers are rounded to 30 bits of their sum. Throws INVALID_PLACEMENT naming what is out of range.
 */
export function buildCsr(
  vertexCount: number,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  weights: CsrWeights = {},
): Csr {
  if (source.length !== target.length) {
    throw new MyriadError("INVALID_PLACEMENT", `${source.length} edge sources but ${target.length} targets`);
  }
  checkEnds(vertexCount, source, target);
  const vertexWeights = new Float64Array(vertexCount).fill(1);
  if (weights.vertices !== undefined) {
    checkWeights(weights.vertices, vertexCount, "vertex");
    vertexWeights.set(weights.vertices);
  }
  const unitsPerWeight = weights.edges === undefined ? 1 : unitsFor(weights.edges, source.length);
  const rows = fillRows(vertexCount, source, target, weights.edges, unitsPerWeight);
  let totalLoad = 0;
  for (let v = 0; v < vertexCount; v++) totalLoad += vertexWeights[v]!;
  if (!Number.isFinite(totalLoad))
    throw new MyriadError("INVALID_PLACEMENT", "the sum of vertex weights is not finite");
  return { vertexCount, ...mergeParallel(vertexCount, rows), vertexWeights, totalLoad, unitsPerWeight, anchors: 0 };
}

function checkEnds(vertexCount: number, source: ArrayLike<number>, target: ArrayLike<number>): void {
  if (!Number.isInteger(vertexCount) || vertexCount < 0 || vertexCount > 2 ** 30) {
    throw new MyriadError(
      "INVALID_PLACEMENT",
      `the number of vertices must be an integer from 0 to 2^30, not ${vertexCount}`,
    );
  }
  if (source.length > UNITS_MAX) {
    throw new MyriadError("INVALID_PLACEMENT", `${source.length} edges are more than the ${UNITS_MAX} that fit`);
  }
  for (let i = 0; i < source.length; i++) {
    const end = source[i]! < vertexCount ? target[i]! : source[i]!;
    if (!(end >= 0 && end < vertexCount && source[i]! >= 0)) {
      throw new MyriadError("INVALID_PLACEMENT", `edge ${i}: ${end} is not a vertex from 0 to ${vertexCount - 1}`);
    }
  }
}

/** Throws INVALID_PLACEMENT unless there are `count` weights, all finite and not negative. */
export function checkWeights(weights: ArrayLike<number>, count: number, what: string): void {
  if (weights.length !== count) {
    throw new MyriadError("INVALID_PLACEMENT", `${weights.length} ${what} weights for ${count}`);
  }
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new MyriadError(
        "INVALID_PLACEMENT",
        `${what} ${i} has the weight ${weight}; it must be finite and not negative`,
      );
    }
  }
}

/** A power of two, so that halves and quarters stay exact; 1 where nothing needs rounding. */
function unitsFor(weights: ArrayLike<number>, count: number): number {
  checkWeights(weights, count, "edge");
  let total = 0;
  let whole = true;
  for (let i = 0; i < count; i++) {
    total += weights[i]!;
    if (whole && !Number.isInteger(weights[i]!)) whole = false;
  }
  if (!Number.isFinite(total)) throw new MyriadError("INVALID_PLACEMENT", "the sum of edge weights is not finite");
  if ((whole && total <= UNITS_MAX) || total === 0) return 1;
  return 2 ** Math.floor(Math.log2((UNITS_MAX - count) / total));
}

interface Rows {
  offsets: Int32Array;
  targets: Int32Array;
  edgeWeights: Int32Array;
}

/** Both directions of every edge, row by row, by counting. */
function fillRows(
  n: number,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  units: number,
): Rows {
  const offsets = new Int32Array(n + 1);
  for (let i = 0; i < source.length; i++) {
    offsets[source[i]! + 1]!++;
    offsets[target[i]! + 1]!++;
  }
  for (let v = 0; v < n; v++) offsets[v + 1]! += offsets[v]!;
  const place = offsets.slice(0, n);
  const targets = new Int32Array(offsets[n]!);
  const edgeWeights = new Int32Array(offsets[n]!);
  for (let i = 0; i < source.length; i++) {
    const a = source[i]!;
    const b = target[i]!;
    const given = weights === undefined ? 1 : weights[i]!;
    const weight = given === 0 ? 0 : Math.max(1, Math.round(given * units));
    const atA = place[a]!++;
    targets[atA] = b;
    edgeWeights[atA] = weight;
    const atB = place[b]!++;
    targets[atB] = a;
    edgeWeights[atB] = weight;
  }
  return { offsets, targets, edgeWeights };
}

/** Adds up parallel edges and drops loops and edges of weight 0, in place. */
function mergeParallel(n: number, rows: Rows): Rows {
  const { offsets, targets, edgeWeights } = rows;
  const seenAt = new Int32Array(n).fill(-1);
  let end = 0;
  let from = 0;
  for (let v = 0; v < n; v++) {
    const to = offsets[v + 1]!;
    const start = end;
    for (let i = from; i < to; i++) {
      const u = targets[i]!;
      const weight = edgeWeights[i]!;
      if (u === v || weight === 0) continue;
      const at = seenAt[u]!;
      if (at >= start) edgeWeights[at]! += weight;
      else {
        seenAt[u] = end;
        targets[end] = u;
        edgeWeights[end++] = weight;
      }
    }
    from = to;
    offsets[v + 1] = end;
  }
  if (end === targets.length) return rows;
  return { offsets, targets: targets.slice(0, end), edgeWeights: edgeWeights.slice(0, end) };
}

/** The part of a graph induced by the vertices with `side[v] === which`, and their numbers in the whole graph. Anchors must come in `side` order. */
export function inducedGraph(graph: Csr, side: ArrayLike<number>, which: number): { graph: Csr; members: Int32Array } {
  const { vertexCount, offsets, targets, edgeWeights, vertexWeights } = graph;
  const inner = new Int32Array(vertexCount).fill(-1);
  let n = 0;
  let slots = 0;
  let anchors = 0;
  for (let v = 0; v < vertexCount; v++) {
    if (side[v] !== which) continue;
    inner[v] = n++;
    slots += offsets[v + 1]! - offsets[v]!;
    if (v < graph.anchors) anchors++;
  }
  const members = new Int32Array(n);
  const innerOffsets = new Int32Array(n + 1);
  const innerTargets = new Int32Array(slots);
  const innerWeights = new Int32Array(slots);
  const loads = new Float64Array(n);
  let totalLoad = 0;
  let end = 0;
  let at = 0;
  for (let v = 0; v < vertexCount; v++) {
    if (side[v] !== which) continue;
    members[at] = v;
    totalLoad += loads[at] = vertexWeights[v]!;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = inner[targets[i]!]!;
      if (u < 0) continue;
      innerTargets[end] = u;
      innerWeights[end++] = edgeWeights[i]!;
    }
    innerOffsets[++at] = end;
  }
  const rows = { offsets: innerOffsets, targets: innerTargets.slice(0, end), edgeWeights: innerWeights.slice(0, end) };
  const induced = {
    vertexCount: n,
    ...rows,
    vertexWeights: loads,
    totalLoad,
    unitsPerWeight: graph.unitsPerWeight,
    anchors,
  };
  return { graph: induced, members };
}
