import type { Csr } from "./csr.ts";

export interface Contraction {
  readonly graph: Csr;
  /** The coarse vertex of each fine one. */
  readonly coarseOf: Int32Array;
}

/** Makes one vertex of all vertices that share a label; parallel edges are added up. By counting and one marker array: no hashing, no sorting. */
export function contract(graph: Csr, labels: Int32Array): Contraction {
  const coarseOf = new Int32Array(graph.vertexCount);
  const count = number(labels, coarseOf);
  return contractTo(graph, coarseOf, count);
}

/** The same with coarse numbers 0 to `count` - 1 already given. */
export function contractTo(graph: Csr, coarseOf: Int32Array, count: number): Contraction {
  const { offsets, targets, edgeWeights, vertexWeights } = graph;
  const { starts, members } = membersOf(coarseOf, count);
  const coarseOffsets = new Int32Array(count + 1);
  const coarseTargets = new Int32Array(targets.length);
  const coarseWeights = new Int32Array(targets.length);
  const loads = new Float64Array(count);
  const seenAt = new Int32Array(count).fill(-1);
  let end = 0;
  for (let c = 0; c < count; c++) {
    const rowStart = end;
    let load = 0;
    for (let m = starts[c]!; m < starts[c + 1]!; m++) {
      const v = members[m]!;
      load += vertexWeights[v]!;
      const rowEnd = offsets[v + 1]!;
      for (let i = offsets[v]!; i < rowEnd; i++) {
        const d = coarseOf[targets[i]!]!;
        if (d === c) continue;
        const at = seenAt[d]!;
        if (at >= rowStart) coarseWeights[at]! += edgeWeights[i]!;
        else {
          seenAt[d] = end;
          coarseTargets[end] = d;
          coarseWeights[end++] = edgeWeights[i]!;
        }
      }
    }
    loads[c] = load;
    coarseOffsets[c + 1] = end;
  }
  const coarse: Csr = {
    ...graph,
    vertexCount: count,
    offsets: coarseOffsets,
    targets: coarseTargets.slice(0, end),
    edgeWeights: coarseWeights.slice(0, end),
    vertexWeights: loads,
  };
  return { graph: coarse, coarseOf };
}

/** Numbers the labels 0, 1, ... in order of first appearance (so anchors stay in front); returns how many there are. */
function number(labels: Int32Array, coarseOf: Int32Array): number {
  const numbers = new Int32Array(labels.length).fill(-1);
  let count = 0;
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v]!;
    if (numbers[label]! < 0) numbers[label] = count++;
    coarseOf[v] = numbers[label]!;
  }
  return count;
}

function membersOf(coarseOf: Int32Array, count: number): { starts: Int32Array; members: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (let v = 0; v < coarseOf.length; v++) starts[coarseOf[v]! + 1]!++;
  for (let c = 0; c < count; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice(0, count);
  const members = new Int32Array(coarseOf.length);
  for (let v = 0; v < coarseOf.length; v++) members[next[coarseOf[v]!]!++] = v;
  return { starts, members };
}
