import type { Placement } from "./placement.ts";
import type { TieGraph } from "./tie-graph.ts";

/** What no worker may be above: in agents, and in load. */
export interface BothLimits {
  readonly agents: Float64Array;
  readonly loads: Float64Array;
}

/**
 * A partitioner heeds one limit, the load; where agents cost differently a worker may have too many light ones. Moves
 * those away that have least to do with their worker, each to the worker that has most room, in both respects.
 * Changes `placement`; false when some worker is still above its limit of agents.
 */
export function repairCounts(placement: Placement, graph: TieGraph, costs: Float64Array, limits: BothLimits): boolean {
  const workers = limits.agents.length;
  const counts = new Float64Array(workers);
  const loads = new Float64Array(workers);
  for (const [agent, worker] of placement.entries()) {
    counts[worker]!++;
    loads[worker]! += costs[agent]!;
  }
  const isOver = (worker: number): boolean => counts[worker]! > limits.agents[worker]!;
  if (![...counts.keys()].some(isOver)) return true;
  const bonds = bondsOf(placement, graph);
  const movable = Uint32Array.from(placement.keys())
    .filter((agent) => isOver(placement[agent]!))
    .sort((a, b) => bonds[a]! - bonds[b]! || costs[a]! - costs[b]! || a - b);
  for (const agent of movable) {
    const from = placement[agent]!;
    if (!isOver(from)) continue;
    const to = roomiest(costs[agent]!, counts, loads, limits);
    if (to < 0) continue;
    placement[agent] = to;
    counts[from]!--;
    counts[to]!++;
    loads[from]! -= costs[agent]!;
    loads[to]! += costs[agent]!;
  }
  return ![...counts.keys()].some(isOver);
}

/** Weight of each agent's ties to agents of the same worker. */
function bondsOf(placement: Placement, { source, target, weights }: TieGraph): Float64Array {
  const bonds = new Float64Array(placement.length);
  for (let i = 0; i < source.length; i++) {
    if (placement[source[i]!] !== placement[target[i]!]) continue;
    const weight = weights === null ? 1 : weights[i]!;
    bonds[source[i]!]! += weight;
    bonds[target[i]!]! += weight;
  }
  return bonds;
}

/** The worker with most room for a load, relative to its limit, that may have one more agent; -1 where there is none. */
function roomiest(load: number, counts: Float64Array, loads: Float64Array, limits: BothLimits): number {
  let best = -1;
  let bestRoom = 0;
  for (let worker = 0; worker < counts.length; worker++) {
    if (counts[worker]! >= limits.agents[worker]!) continue;
    const room = (limits.loads[worker]! - loads[worker]! - load) / limits.loads[worker]!;
    if (room < 0 || (best >= 0 && room <= bestRoom)) continue;
    best = worker;
    bestRoom = room;
  }
  return best;
}
