import { MyriadError } from "../base/error.ts";
import { Blocks } from "./blocks.ts";
import { type Csr, inducedGraph } from "./csr.ts";
import { capacitySum, limitsFor, type Workers } from "./limits.ts";
import { improveMapping, mapBlocks } from "./mapping.ts";
import { describePartition, type Partition, type PartitionOptions, partition } from "./partition.ts";

/** A worker by its number, or a group (host, zone) with the cost of one unit of edge weight between any two of its children. */
export type TopologyNode = number | { readonly cost: number; readonly children: readonly TopologyNode[] };

export interface TopologyPartition extends Partition {
  /** Sum over all edges of weight times the cost of the link between the two workers; 0 inside a worker. */
  readonly linkCost: number;
}

/** Cost between any two workers: that of the smallest group that holds both. Entry [a * k + b]. Throws INVALID_PLACEMENT unless workers are 0 to k - 1. */
export function linkCosts(topology: TopologyNode): { count: number; costs: Float64Array } {
  const workers = workersOf(topology);
  const count = workers.length;
  const seen = new Set(workers);
  for (let b = 0; b < count; b++) {
    if (!seen.has(b))
      throw new MyriadError("INVALID_PLACEMENT", `the topology has ${count} workers but no worker ${b}`);
  }
  const costs = new Float64Array(count * count);
  const visit = (node: TopologyNode): readonly number[] => {
    if (typeof node === "number") return [node];
    if (!(node.cost >= 0 && node.cost < Infinity)) {
      throw new MyriadError(
        "INVALID_PLACEMENT",
        `a link has the cost ${node.cost}; it must be finite and not negative`,
      );
    }
    const groups = node.children.map(visit);
    for (const [i, group] of groups.entries()) {
      for (const other of groups.slice(i + 1)) {
        for (const a of group) for (const b of other) costs[a * count + b] = costs[b * count + a] = node.cost;
      }
    }
    return groups.flat();
  };
  visit(topology);
  return { count, costs };
}

function workersOf(node: TopologyNode): number[] {
  return typeof node === "number" ? [node] : node.children.flatMap(workersOf);
}

/** The cost-weighted cut in the caller's weights. */
export function linkCostOf(graph: Csr, parts: ArrayLike<number>, costs: Float64Array, k: number): number {
  let cost = 0;
  for (let v = 0; v < graph.vertexCount; v++) {
    const row = parts[v]! * k;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      cost += graph.edgeWeights[i]! * costs[row + parts[graph.targets[i]!]!]!;
    }
  }
  return cost / 2 / graph.unitsPerWeight;
}

/**
 * Places agents on the workers of a tree of links so that dear links carry little: splits the graph among the topmost groups, then inside each, down to workers
 * (hierarchical multisection: Schulz and Traeff 2017; Faraj et al. 2020), then moves and swaps with the true link costs. The flat partition with its best
 * mapping is tried too; the cheaper one is returned. `capacities`: of each worker; without them loads keep `options.imbalance`.
 */
export function partitionTopology(
  graph: Csr,
  topology: TopologyNode,
  options: PartitionOptions & { readonly capacities?: ArrayLike<number> | undefined } = {},
): TopologyPartition {
  const startedMs = options.now?.() ?? 0;
  const { count, costs } = linkCosts(topology);
  const workers: Workers = options.capacities ?? count;
  if (options.capacities !== undefined && options.capacities.length !== count) {
    throw new MyriadError("INVALID_PLACEMENT", `${options.capacities.length} capacities for ${count} workers`);
  }
  const limits = limitsFor(graph, workers, options.imbalance ?? 0.03, options.pinned ?? null);
  const candidates = [mapBlocks(graph, partition(graph, workers, options).parts, limits, costs, options.pinned)];
  if (options.pinned === undefined) {
    const parts = new Uint16Array(graph.vertexCount);
    if (splitGroup(graph, topology, limits, depthOf(topology), null, parts, options)) candidates.push(parts);
  }
  let best: Uint16Array | null = null;
  let bestCost = Infinity;
  for (const parts of candidates) {
    improveMapping(new Blocks(graph, parts, limits), costs, options.pinned ?? null);
    const cost = linkCostOf(graph, parts, costs, count);
    if (cost >= bestCost) continue;
    best = parts;
    bestCost = cost;
  }
  const described = describePartition(graph, best!, limits, options.capacities);
  const seconds = options.now === undefined ? {} : { seconds: (options.now() - startedMs) / 1000 };
  return { ...described, ...seconds, linkCost: bestCost };
}

function depthOf(node: TopologyNode): number {
  return typeof node === "number" ? 0 : 1 + Math.max(...node.children.map(depthOf));
}

/** Splits the vertices `members` among the children of a group; false when some group could not be split inside its limits. */
function splitGroup(
  graph: Csr,
  node: TopologyNode,
  limits: Float64Array,
  depth: number,
  members: Int32Array | null,
  parts: Uint16Array,
  options: PartitionOptions,
): boolean {
  if (typeof node === "number") {
    for (let v = 0; v < graph.vertexCount; v++) parts[members === null ? v : members[v]!] = node;
    return true;
  }
  const capacities = node.children.map((child) => workersOf(child).reduce((sum, b) => sum + limits[b]!, 0));
  const total = capacities.reduce((a, b) => a + b, 0);
  if (graph.vertexCount < capacities.length || total < graph.totalLoad) return false;
  // Slack is spent evenly over the levels, so that the last one still has some.
  const slack = (capacitySum(capacities, graph.totalLoad) / Math.max(graph.totalLoad, Number.MIN_VALUE)) ** (1 / depth);
  // The dear links on top decide most of the cost, so they are given more thought.
  const preset =
    members === null && options.preset !== "best" ? (options.preset === "eco" ? "best" : "eco") : options.preset;
  let split: Partition;
  try {
    split = partition(graph, capacities, { ...options, preset, imbalance: Math.min(slack, 1e6) - 1 });
  } catch (error) {
    if (error instanceof MyriadError && error.code === "INVALID_PLACEMENT") return false;
    throw error;
  }
  return node.children.every((child, i) => {
    const inner = inducedGraph(graph, split.parts, i);
    if (members !== null) for (const [at, v] of inner.members.entries()) inner.members[at] = members[v]!;
    if (inner.graph.vertexCount === 0) return true;
    return splitGroup(inner.graph, child, limits, depth - 1, inner.members, parts, options);
  });
}
