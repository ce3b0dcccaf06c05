import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { type Csr, checkWeights } from "./csr.ts";

/** Sums of fractions may be off by this much, relative to the limit. */
export const ROUNDING = 1e-9;

/** Number of workers, or the capacity of each in units of load. */
export type Workers = number | ArrayLike<number>;

/**
 * The load limit of each worker. Capacities are hard limits, and say how the load is shared out. A limit is (1 + imbalance) of the fair share, raised where
 * agents are too heavy for that to be possible at all, and never above a capacity. `pinned[v]`: the worker that v must be on, or -1.
 * Throws INVALID_PLACEMENT naming the numbers when there is no worker, more workers than agents, less capacity than load, or no room for an agent or pins.
 */
export function limitsFor(graph: Csr, workers: Workers, imbalance: number, pinned: Int32Array | null): Float64Array {
  if (!(imbalance >= 0 && imbalance < Infinity)) {
    throw new MyriadError("INVALID_PLACEMENT", `the imbalance must be finite and not negative, not ${imbalance}`);
  }
  const count = typeof workers === "number" ? workers : workers.length;
  checkCount(count, graph.vertexCount);
  const { totalLoad } = graph;
  const capacities = typeof workers === "number" ? null : Float64Array.from(workers);
  const total = capacities === null ? count : capacitySum(capacities, totalLoad);
  const smallest = capacities === null ? 1 : capacities.reduce((a, b) => Math.min(a, b));
  // Lighter agents always find a worker below its share with room, so only heavier ones decide what limits can be met.
  const tight = capacities === null ? Infinity : smallest * Math.max(0, 1 - totalLoad / total);
  const light = Math.min(tight, (imbalance * totalLoad * smallest) / total);
  const loads = pinnedLoads(graph, pinned, count);
  const packed = loads.slice();
  if (capacities !== null) for (let b = 0; b < count; b++) checkPins(loads[b]!, capacities[b]!, b);
  placeLargestFirst(graph, capacities, pinned, light, packed);
  return Float64Array.from({ length: count }, (_, b) => {
    const share = ((1 + imbalance) * totalLoad * (capacities === null ? 1 : capacities[b]!)) / total;
    if (capacities !== null) return Math.min(capacities[b]!, Math.max(share, packed[b]!));
    const feasible = packed.reduce((a, x, i) => (x > loads[i]! ? Math.max(a, x) : a), share);
    checkPins(loads[b]!, feasible, b);
    return feasible;
  });
}

function checkCount(count: number, agents: number): void {
  if (!Number.isInteger(count) || count < 1 || count > WORKERS_MAX) {
    throw new MyriadError(
      "INVALID_PLACEMENT",
      `the number of workers must be an integer from 1 to ${WORKERS_MAX}, not ${count}`,
    );
  }
  if (count > agents) {
    throw new MyriadError(
      "INVALID_PLACEMENT",
      `${count} workers for ${agents} agents: there must be an agent for each`,
    );
  }
}

function checkPins(load: number, limit: number, worker: number): void {
  if (load <= limit * (1 + ROUNDING)) return;
  throw new MyriadError(
    "INVALID_PLACEMENT",
    `the agents pinned to worker ${worker} have a load of ${load}, above its limit of ${limit}`,
  );
}

/** The sum of the capacities. Throws INVALID_PLACEMENT when one is negative or not finite, or when they cannot hold `load`. */
export function capacitySum(capacities: ArrayLike<number>, load: number): number {
  checkWeights(capacities, capacities.length, "capacity");
  let total = 0;
  for (let b = 0; b < capacities.length; b++) total += capacities[b]!;
  if (total < load * (1 - ROUNDING)) {
    throw new MyriadError("INVALID_PLACEMENT", `the capacities sum to ${total}, less than the load of ${load}`);
  }
  return total;
}

/** Load of the pinned agents on each worker. Throws INVALID_PLACEMENT when an agent is pinned to a worker that is not there. */
export function pinnedLoads(graph: Csr, pinned: Int32Array | null, count: number): Float64Array {
  const loads = new Float64Array(count);
  if (pinned === null) return loads;
  if (pinned.length !== graph.vertexCount) {
    throw new MyriadError("INVALID_PLACEMENT", `${pinned.length} pins for ${graph.vertexCount} agents`);
  }
  for (let v = 0; v < pinned.length; v++) {
    const worker = pinned[v]!;
    if (worker >= count || worker < -1) {
      throw new MyriadError(
        "INVALID_PLACEMENT",
        `agent ${v} is pinned to worker ${worker}; workers are 0 to ${count - 1}`,
      );
    }
    if (worker >= 0) loads[worker]! += graph.vertexWeights[v]!;
  }
  return loads;
}

/**
 * Packs without heeding edges: heaviest agent first, each to the worker that is then least filled (Graham 1969). Leaves out agents of at most `light`.
 * Adds to `loads`; returns where each agent went, pins kept. Throws INVALID_PLACEMENT naming the first agent that no capacity has room for.
 */
export function placeLargestFirst(
  graph: Csr,
  capacities: Float64Array | null,
  pinned: Int32Array | null,
  light: number,
  loads: Float64Array,
): Uint16Array {
  const weights = graph.vertexWeights;
  const parts = new Uint16Array(graph.vertexCount);
  let count = 0;
  const heavy = new Int32Array(graph.vertexCount);
  for (let v = 0; v < parts.length; v++) {
    if (pinned !== null && pinned[v]! >= 0) parts[v] = pinned[v]!;
    else if (weights[v]! > light) heavy[count++] = v;
  }
  const order = heavy.subarray(0, count);
  if (order.some((v) => weights[v] !== weights[order[0]!])) order.sort((a, b) => weights[b]! - weights[a]! || a - b);
  for (const v of order) {
    const worker = leastFilled(loads, capacities, weights[v]!);
    if (worker < 0) throw noRoom(v, weights[v]!, capacities!, loads);
    loads[worker]! += weights[v]!;
    parts[v] = worker;
  }
  return parts;
}

/** The worker that is least filled for its capacity once it carries `load` more; -1 when it fits nowhere. */
export function leastFilled(loads: Float64Array, capacities: Float64Array | null, load: number): number {
  let best = -1;
  let bestFill = Infinity;
  for (let b = 0; b < loads.length; b++) {
    const after = loads[b]! + load;
    const capacity = capacities === null ? 1 : capacities[b]!;
    if (capacities !== null && after > capacity * (1 + ROUNDING)) continue;
    const fill = capacity === 0 ? 0 : after / capacity;
    if (fill >= bestFill) continue;
    best = b;
    bestFill = fill;
  }
  return best;
}

function noRoom(v: number, load: number, capacities: Float64Array, loads: Float64Array): MyriadError {
  const room = capacities.reduce((a, capacity, b) => Math.max(a, capacity - loads[b]!), 0);
  return new MyriadError(
    "INVALID_PLACEMENT",
    `found no room for agent ${v} of load ${load}: the largest that the capacities leave is ${room}`,
  );
}
