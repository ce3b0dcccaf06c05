import { MyriadError } from "../base/error.ts";
import { buildCsr, type Csr } from "../placement/csr.ts";
import { partition } from "../placement/partition.ts";
import type { Placement } from "./placement.ts";
import type { TrafficReport } from "./traffic-report.ts";

/** Any number does: the same reports give the same plan. */
const SEED = 1;
/** What a tie of the report before counts, of what it would count in the newest. */
const AGED = 0.75;

/**
 * The load of every agent, in units of the mean agent: `ballast`, and the rest by events handled. `busy`: time that each part
 * was busy, where that was measured; then its events count by what they take there.
 */
export function observedLoads(
  placement: Placement,
  reports: readonly TrafficReport[],
  ballast: number,
  busy: ArrayLike<number> | undefined,
): Float64Array {
  const loads = new Float64Array(placement.length);
  const meanOf = new Float64Array(busy?.length ?? reports.length);
  for (const { part, otherAgents, otherHandled } of reports) {
    meanOf[part] = otherAgents === 0 ? 0 : otherHandled / otherAgents;
  }
  for (let agent = 0; agent < loads.length; agent++) loads[agent] = meanOf[placement[agent]!] ?? 0;
  for (const { agents, handled } of reports) {
    for (let i = 0; i < agents.length; i++) if (agents[i]! < loads.length) loads[agents[i]!] = handled[i]!;
  }
  if (busy !== undefined) weighByTime(loads, placement, busy);
  const total = loads.reduce((a, b) => a + b, 0);
  if (total === 0) return loads.fill(1);
  const scale = ((1 - ballast) * loads.length) / total;
  return loads.map((load) => ballast + scale * load);
}

function weighByTime(loads: Float64Array, placement: Placement, busy: ArrayLike<number>): void {
  const sums = new Float64Array(busy.length);
  for (let agent = 0; agent < loads.length; agent++) sums[placement[agent]!]! += loads[agent]!;
  for (let agent = 0; agent < loads.length; agent++) {
    const part = placement[agent]!;
    loads[agent] = sums[part] === 0 ? 0 : (loads[agent]! * busy[part]!) / sums[part]!;
  }
}

/** The ties of all reports, the newest first: each time before counts less. Those of agents that are no more are left out. */
export function observedGraph(agents: number, times: readonly (readonly TrafficReport[])[], loads: Float64Array): Csr {
  const most = times.flat().reduce((sum, { low }) => sum + low.length, 0);
  const source = new Uint32Array(most);
  const target = new Uint32Array(most);
  const edges = new Float64Array(most);
  let count = 0;
  for (const [age, reports] of times.entries()) {
    for (const { low, high, weights } of reports) {
      for (let i = 0; i < low.length; i++) {
        if (low[i]! >= agents || high[i]! >= agents) continue;
        source[count] = low[i]!;
        target[count] = high[i]!;
        edges[count++] = weights[i]! * AGED ** age;
      }
    }
  }
  return buildCsr(agents, source.subarray(0, count), target.subarray(0, count), {
    edges: edges.subarray(0, count),
    vertices: loads,
  });
}

/**
 * Where all agents should be: a multilevel partition that knows where they are, for each has an edge to a pinned vertex which
 * stands for its part. So communities that are together already stay where they are, and scattered ones
 * gather where most of them live; moves from vertex to vertex alone do not find scattered communities.
 * `limits`: of load, by part. `home`: weight of that edge, as a share of the mean vertex's ties. null when it cannot be done within the limits.
 */
export function idealPlacement(graph: Csr, present: Placement, limits: Float64Array, home: number): Placement | null {
  const { vertexCount: n, offsets, targets, edgeWeights } = graph;
  const k = limits.length;
  const homes = home > 0 ? n : 0;
  const source = new Uint32Array(targets.length / 2 + homes);
  const target = new Uint32Array(source.length);
  const edges = new Float64Array(source.length);
  let count = 0;
  let total = 0;
  for (let v = 0; v < n; v++) {
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      if (targets[i]! < v) continue;
      source[count] = v;
      target[count] = targets[i]!;
      total += edges[count++] = edgeWeights[i]!;
    }
  }
  for (let v = 0; v < homes; v++) {
    source[count] = v;
    target[count] = n + present[v]!;
    edges[count++] = (2 * home * total) / n;
  }
  const vertices = new Float64Array(n + k);
  vertices.set(graph.vertexWeights);
  const pinned = new Int32Array(n + k).fill(-1);
  for (let part = 0; part < k; part++) pinned[n + part] = part;
  const room = limits.reduce((a, b) => a + b, 0);
  const imbalance = Math.max(0, room / graph.totalLoad - 1);
  try {
    const anchored = buildCsr(n + k, source, target, { edges, vertices });
    return partition(anchored, limits, { pinned, imbalance, seed: SEED }).parts.slice(0, n);
  } catch (reason) {
    if (reason instanceof MyriadError && reason.code === "INVALID_PLACEMENT") return null;
    throw reason;
  }
}
