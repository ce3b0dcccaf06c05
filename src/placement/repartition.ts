import { MyriadError } from "../base/error.ts";
import { type Csr, UNITS_MAX } from "./csr.ts";
import { limitsFor, placeLargestFirst, ROUNDING, type Workers } from "./limits.ts";
import { type Effort, refine } from "./multilevel.ts";
import { describePartition, type Partition } from "./partition.ts";
import { partLoads } from "./quality.ts";
import { Chance } from "./shuffle.ts";

export interface RepartitionOptions {
  /**
   * What moving one unit of load costs, as a share of twice the mean edge weight per unit of load: 0.1 by default; 0 moves freely, 0.05 to 0.4 is the useful
   * range. An agent moves when its gain in cut is above that.
   */
  readonly moveCost?: number | undefined;
  readonly imbalance?: number | undefined;
  readonly seed?: number | undefined;
}

export interface Repartition extends Partition {
  /** Agents that are on another worker than before. */
  readonly moved: number;
  /** Their load. */
  readonly movedLoad: number;
  /** `movedLoad` over the whole load. */
  readonly movedFraction: number;
}

const EFFORT: Pick<Effort, "search" | "sweepsMax" | "patience"> = {
  patience: { finest: 4, middle: 4, small: 8 },
  search: { seeds: 25, fruitlessMax: 25, rounds: 3 },
  sweepsMax: 5,
};

/**
 * A better partition near the present one: limits first, then moves that gain more cut than they cost (Schloegel, Karypis, Kumar 1997; their ITR is the move
 * cost here). The cost is an edge from each agent to an anchor that stands for its present worker, so the ordinary refinement weighs it.
 * `present[v]`: worker of v now; workers may have become more, not fewer than the parts name. Throws INVALID_PLACEMENT as `partition` does.
 */
export function repartition(
  graph: Csr,
  present: Uint16Array,
  workers: Workers,
  options: RepartitionOptions = {},
): Repartition {
  const { moveCost = 0.1, imbalance = 0.03, seed = 1 } = options;
  if (!(moveCost >= 0 && moveCost < Infinity)) {
    throw new MyriadError("INVALID_PLACEMENT", `the move cost must be finite and not negative, not ${moveCost}`);
  }
  const limits = limitsFor(graph, workers, imbalance, null);
  const k = limits.length;
  checkPresent(graph, present, k);
  const anchored = withHomes(graph, present, k, moveCost);
  const inner = new Uint16Array(anchored.vertexCount);
  for (let b = 0; b < k; b++) inner[b] = b;
  inner.set(present, k);
  refine(anchored, inner, limits, EFFORT, new Chance(seed));
  let parts = inner.slice(k);
  const loads = partLoads(graph, parts, k);
  if (loads.some((load, b) => load > limits[b]! * (1 + ROUNDING))) {
    parts = Uint16Array.from(placeLargestFirst(graph, limits, null, -1, new Float64Array(k)));
  }
  let moved = 0;
  let movedLoad = 0;
  for (let v = 0; v < parts.length; v++) {
    if (parts[v] === present[v]) continue;
    moved++;
    movedLoad += graph.vertexWeights[v]!;
  }
  const movedFraction = graph.totalLoad === 0 ? 0 : movedLoad / graph.totalLoad;
  const described = describePartition(graph, parts, limits, typeof workers === "number" ? undefined : workers);
  return { ...described, moved, movedLoad, movedFraction };
}

function checkPresent(graph: Csr, present: Uint16Array, k: number): void {
  if (present.length !== graph.vertexCount) {
    throw new MyriadError("INVALID_PLACEMENT", `${present.length} present workers for ${graph.vertexCount} agents`);
  }
  for (let v = 0; v < present.length; v++) {
    if (present[v]! < k) continue;
    throw new MyriadError("INVALID_PLACEMENT", `agent ${v} is on worker ${present[v]}; workers are 0 to ${k - 1}`);
  }
}

/** The graph with one anchor per worker in front, and an edge from every agent to the anchor of its present worker. */
function withHomes(graph: Csr, present: Uint16Array, k: number, moveCost: number): Csr {
  const { vertexCount: n, offsets, targets, edgeWeights, vertexWeights } = graph;
  const home = new Int32Array(n);
  const doubled = edgeWeights.reduce((a, b) => a + b, 0);
  // Finer units, so that small costs are not rounded away.
  const finer = doubled === 0 ? 1 : 2 ** Math.max(0, Math.min(6, Math.floor(Math.log2(UNITS_MAX / (2 * doubled)))));
  const perLoad = graph.totalLoad === 0 ? 0 : (finer * doubled) / graph.totalLoad;
  const counts = new Int32Array(k);
  let total = (finer * doubled) / 2;
  for (let v = 0; v < n; v++) {
    let ties = 0;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) ties += finer * edgeWeights[i]!;
    // More than all its ties keeps an agent as surely as any other price, and keeps the sum in bounds.
    const cost = Math.min(ties + 1, Math.round(moveCost * perLoad * vertexWeights[v]!));
    home[v] = total + cost > UNITS_MAX ? 0 : cost;
    total += home[v]!;
    if (home[v]! > 0) counts[present[v]!]!++;
  }
  const rows = new Int32Array(k + n + 1);
  for (let b = 0; b < k; b++) rows[b + 1] = rows[b]! + counts[b]!;
  for (let v = 0; v < n; v++) rows[k + v + 1] = rows[k + v]! + offsets[v + 1]! - offsets[v]! + (home[v]! > 0 ? 1 : 0);
  const to = new Int32Array(rows[k + n]!);
  const weight = new Int32Array(rows[k + n]!);
  const next = rows.slice(0, k);
  for (let v = 0; v < n; v++) {
    let at = rows[k + v]!;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      to[at] = targets[i]! + k;
      weight[at++] = finer * edgeWeights[i]!;
    }
    if (home[v] === 0) continue;
    to[at] = present[v]!;
    weight[at] = home[v]!;
    const atAnchor = next[present[v]!]!++;
    to[atAnchor] = k + v;
    weight[atAnchor] = home[v]!;
  }
  const loads = new Float64Array(k + n);
  loads.set(vertexWeights, k);
  return {
    ...graph,
    vertexCount: k + n,
    offsets: rows,
    targets: to,
    edgeWeights: weight,
    vertexWeights: loads,
    anchors: k,
  };
}
