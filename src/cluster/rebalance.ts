import { MyriadError } from "../base/error.ts";
import { imbalanceOf } from "../placement/quality.ts";
import { agentQuotas } from "./agent-quotas.ts";
import { loadLimits } from "./load-limits.ts";
import { checkPlacement, type Placement } from "./placement.ts";
import { idealPlacement, observedGraph, observedLoads } from "./rebalance-graph.ts";
import { type Saving, savingOf } from "./rebalance-judge.ts";
import { Moving, moveTowards } from "./rebalance-moves.ts";
import { type RebalanceOptions, rebalanceOptions } from "./rebalance-options.ts";
import { shedLoad } from "./rebalance-shed.ts";
import type { TrafficReport } from "./traffic-report.ts";

/** What a plan is made from. */
export interface RebalanceInput {
  readonly placement: Placement;
  /** One of each part that runs; a part that has just joined has none yet. */
  readonly reports: readonly TrafficReport[];
  /** What each part can carry, relative to the others, by part: 0 for one that is to carry nothing. As many as there are parts. */
  readonly capacities: ArrayLike<number>;
  /** How many agents each part may have; no limit by default. */
  readonly agentLimits?: ArrayLike<number>;
  /** Time that each part was busy in what the reports cover, in any unit: for machines that differ from their capacity. */
  readonly busy?: ArrayLike<number>;
  /** The `goal` of the plan before: with moves capped, several plans lead there, and should not each lead somewhere else. */
  readonly goal?: Placement | null;
  /** Reports of plans before, the newest first: their ties count as well, less with age. */
  readonly past?: readonly (readonly TrafficReport[])[];
  readonly options?: Partial<RebalanceOptions>;
}

/** Moves, agent by agent in the order of indices, and why. */
export interface RebalancePlan {
  readonly agents: Uint32Array;
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  /** `joined`: a part without agents gets its share. `load`: a part carries too much. `traffic`: remote events are saved. */
  readonly reasons: readonly ("joined" | "load" | "traffic")[];
  /** Where all agents should be, as far as can be seen now: for the next plan. null when nothing is to be gained. */
  readonly goal: Placement | null;
  /** Of these moves. */
  readonly saving: Saving;
  /** Of all moves that are still to come as well, as far as can be seen now. */
  readonly savingInAll: Saving;
  /** The largest load over its share, minus 1: now, and after the moves. */
  readonly imbalance: readonly [now: number, after: number];
}

/**
 * Which agents to move to which part: so that a joined part gets its share, none carries too much, and fewer events are remote; see `RebalanceOptions` for when and how much.
 * Deterministic. No move takes a part above a limit of agents, or of load. Seconds at 10^6 agents: not for a thread that has to answer.
 * Throws INVALID_PLACEMENT when there is no room for all agents, INVALID_ARGUMENT for options out of range.
 */
export function planMoves(input: RebalanceInput): RebalancePlan {
  const { placement, reports, capacities } = input;
  const options = rebalanceOptions(input.options ?? {});
  const parts = capacities.length;
  checkPlacement(placement, placement.length, parts);
  if (input.busy !== undefined && input.busy.length !== parts) {
    throw new MyriadError("INVALID_ARGUMENT", `busy has ${input.busy.length} entries for ${parts} parts`);
  }
  const agentLimits = Float64Array.from({ length: parts }, (_, part) => input.agentLimits?.[part] ?? Infinity);
  const quotas = agentQuotas(placement.length, capacities, agentLimits);
  const loads = observedLoads(placement, reports, options.ballast, input.busy);
  const graph = observedGraph(placement.length, [reports, ...(input.past ?? [])], loads);
  const limits = {
    loads: loadLimits(loads, { quotas, agentLimits }, options.imbalance),
    agents: agentLimits,
  };
  const moving = new Moving(graph, placement, limits);
  const imbalanceNow = imbalanceOf(moving.loads, quotas);
  const ideal = idealPlacement(graph, goalOf(input), limits.loads, options.home);
  const max = Math.floor(options.movesMax * placement.length);
  const reasons: RebalancePlan["reasons"][number][] = [];
  const step = (reason: (typeof reasons)[number], go: () => void): void => {
    const before = moving.moved.length;
    go();
    if (moving.moved.length > before) reasons.push(reason);
  };
  if (ideal !== null) step("joined", () => fillEmpty(moving, ideal));
  const joined = moving.moved.length;
  const bearable = (part: number): number =>
    ((1 + options.loadHysteresis) * graph.totalLoad * quotas[part]!) / placement.length;
  const isOver = (part: number): boolean =>
    moving.counts[part]! > agentLimits[part]! || moving.loads[part]! > Math.max(limits.loads[part]!, bearable(part));
  if ([...quotas.keys()].some(isOver)) step("load", () => shedLoad(moving, max));
  const savingInAll = savingOf(reports, placement, ideal ?? placement);
  const isWorthIt = savingInAll.share > 0 && savingInAll.share >= options.hysteresis;
  if (ideal !== null && isWorthIt) {
    const left = max - (moving.moved.length - joined);
    step("traffic", () => moveForTraffic(moving, ideal, left, options.minGain));
  }
  const agents = Uint32Array.from(new Set(moving.moved))
    .sort()
    .filter((v) => moving.placement[v] !== placement[v]);
  return {
    agents,
    from: Uint16Array.from(agents, (v) => placement[v]!),
    to: Uint16Array.from(agents, (v) => moving.placement[v]!),
    reasons,
    goal: isWorthIt && moving.moved.length - joined >= max ? ideal : null,
    saving: savingOf(reports, placement, moving.placement),
    savingInAll,
    imbalance: [imbalanceNow, imbalanceOf(moving.loads, quotas)],
  };
}

/** The last goal, where it is one of these agents and parts; agents born since then stay. */
function goalOf({ placement, goal, capacities }: RebalanceInput): Placement {
  if (goal === undefined || goal === null || goal.some((part) => part >= capacities.length)) return placement;
  const whole = placement.slice();
  whole.set(goal.subarray(0, whole.length));
  return whole;
}

/** Parts that have nobody get all that they should have. */
function fillEmpty(moving: Moving, ideal: Placement): void {
  const isEmpty = Array.from(moving.counts, (count) => count === 0);
  for (let v = 0; v < ideal.length; v++) {
    const to = ideal[v]!;
    if (isEmpty[to] && moving.hasRoom(to, moving.graph.vertexWeights[v]!)) moving.move(v, to);
  }
}

function moveForTraffic(moving: Moving, ideal: Placement, max: number, minGain: number): void {
  const before = moving.placement.slice();
  const count = moving.moved.length;
  moveTowards(moving, ideal, max);
  takeBackUseless(moving, before, count, minGain * moving.graph.unitsPerWeight);
}

/** Moves that others have made worthless, until each is worth `minGain` or its agent's old part has no room for it any more. */
function takeBackUseless(moving: Moving, before: Placement, first: number, minGain: number): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = moving.moved.length - 1; i >= first; i--) {
      const v = moving.moved[i]!;
      const back = before[v]!;
      if (-moving.gain(v, back) >= minGain || !moving.hasRoom(back, moving.graph.vertexWeights[v]!)) continue;
      moving.move(v, back);
      moving.moved.pop();
      moving.moved.splice(i, 1);
      changed = true;
    }
  }
}
