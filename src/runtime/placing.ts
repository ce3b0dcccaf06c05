import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { agentQuotas } from "../cluster/agent-quotas.ts";
import { repairCounts } from "../cluster/count-repair.ts";
import { type Carriers, loadLimits } from "../cluster/load-limits.ts";
import {
  checkPlacement,
  contiguousByCost,
  contiguousPlacement,
  hashPlacement,
  type Placement,
} from "../cluster/placement.ts";
import { type PlacementFigures, placementFigures } from "../cluster/placement-figures.ts";
import { hasTies, type TieGraph, tieGraph } from "../cluster/tie-graph.ts";
import { agentLimitsOf, sharesOf, topologyOf, type WorkerOffer } from "../cluster/worker-offer.ts";
import {
  isPlacementMethod,
  PLACEMENT_METHODS,
  type PlacementMethod,
  type PlacementRule,
  placementRule,
} from "../model/placement-rule.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import type { Log } from "./log.ts";
import type { PlacementOutcome, PlacementTask } from "./placement-thread.ts";

/** The same population is placed alike in every run: a placement shows in no result, so the run's seed is not needed. */
const PARTITION_SEED = 1;

/** Throws INVALID_ARGUMENT for what callers without types may say. */
export function checkPlacementMethod(method: unknown): void {
  if (method === undefined || isPlacementMethod(method)) return;
  throw new MyriadError(
    "INVALID_ARGUMENT",
    `placement is ${JSON.stringify(method)}; it must be one of ${PLACEMENT_METHODS.join(", ")}`,
  );
}

/** What agents are placed with. */
export interface PlacingOptions {
  readonly program: Program;
  readonly population: Population;
  /** By worker id. */
  readonly offers: readonly WorkerOffer[];
  /** What the run wants; undefined: what the scenario says. */
  readonly method: PlacementMethod | undefined;
  /** Partitions a graph without holding up this thread. */
  readonly partition: (task: PlacementTask, signal: AbortSignal) => Promise<PlacementOutcome>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where everyone goes. */
export interface AgentsPlaced {
  readonly placement: Placement;
  readonly figures: PlacementFigures;
  /** The share of the load that each worker should carry, by id; they sum to 1. */
  readonly shares: Float64Array;
  /** Infinity where there is no limit. */
  readonly agentLimits: Float64Array;
}

/**
 * Places a population on the workers that are there. No worker ever gets more than its `agentsMax`; communities also keep
 * the load limits of `loadLimits`. Where communities cannot be found, because the thread that looks for them dies or cannot
 * keep all limits, agents are placed contiguously, with a warning: slower, and the same result.
 * Throws INVALID_PLACEMENT when there is no room for all, STOPPED when `signal` is aborted.
 */
export async function placeAgents(options: PlacingOptions): Promise<AgentsPlaced> {
  const { program, population, offers, clock } = options;
  const startMs = clock.now();
  const rule = placementRule(program.scenario.placement);
  const shares = sharesOf(offers);
  const agentLimits = agentLimitsOf(offers);
  const carriers = { quotas: agentQuotas(population.count, shares, agentLimits), agentLimits };
  let method = methodFor(options.method ?? rule.method, population, offers.length);
  let placement: Placement | undefined;
  if (method === "communities") {
    placement = await findCommunities(options, rule, carriers);
    if (placement === undefined) method = "contiguous";
  } else if (method === "hash") placement = hashPlacement(population.count, carriers.quotas);
  placement ??= contiguous(population, carriers);
  checkPlacement(placement, population.count, offers.length);
  const seconds = (clock.now() - startMs) / 1000;
  const placed = { method, placement, shares, topology: topologyOf(offers), seconds };
  const types = program.types.map((type) => type.name);
  return { placement, figures: placementFigures(population, types, placed), shares, agentLimits };
}

/** Communities need ties, and more than one worker; with fewer agents than workers there is nothing to choose. */
function methodFor(wanted: PlacementMethod | undefined, population: Population, workers: number): PlacementMethod {
  if (wanted !== undefined && wanted !== "communities") return wanted;
  return workers > 1 && population.count >= workers && hasTies(population) ? "communities" : "contiguous";
}

const contiguous = ({ count, costs }: Population, { quotas, agentLimits }: Carriers): Placement =>
  costs === null ? contiguousPlacement(count, quotas) : contiguousByCost(costs, quotas, agentLimits);

/** undefined when it comes to nothing. */
async function findCommunities(
  { population, offers, partition, signal, log }: PlacingOptions,
  rule: PlacementRule,
  carriers: Carriers,
): Promise<Placement | undefined> {
  const limits = loadLimits(population.costs, carriers, rule.imbalance);
  const topology = topologyOf(offers);
  try {
    const { parts } = await partition(taskOf(population, rule, limits, topology), signal);
    const both = { agents: carriers.agentLimits, loads: limits };
    if (population.costs === null || repairCounts(parts, tieGraph(population), population.costs, both)) return parts;
    log.warn("no communities within agentsMax found; agents are placed contiguously");
  } catch (reason) {
    if (signal.aborted) throw reason;
    const error = MyriadError.from(reason, "PLACEMENT_FAILED");
    log.warn("communities were not found; agents are placed contiguously", { reason: error.message });
  }
  return undefined;
}

function taskOf(
  population: Population,
  rule: PlacementRule,
  limits: Float64Array,
  topology: PlacementTask["topology"],
): PlacementTask {
  const { count, costs } = population;
  const graph = tieGraph(population);
  const room = limits.reduce((a, b) => a + b, 0);
  const load = costs === null ? count : costs.reduce((a, b) => a + b, 0);
  const edgeWeights = weighTypes(graph, population.typeOf, rule.crossTypeWeight);
  return {
    vertexCount: count,
    source: graph.source,
    target: graph.target,
    ...(edgeWeights === null ? {} : { edgeWeights }),
    ...(costs === null ? {} : { loads: costs.slice() }),
    // The limits themselves are what the partitioner takes for shares, so that its own tolerance is what they have to spare.
    workers: limits.slice(),
    ...(topology === undefined ? {} : { topology }),
    options: { imbalance: Math.max(0, room / load - 1), preset: rule.preset, seed: PARTITION_SEED },
  };
}

/** The weights with those between types raised. null: all ties alike. */
function weighTypes({ source, target, weights }: TieGraph, typeOf: Uint16Array, factor: number): Float64Array | null {
  const isCross = (tie: number): boolean => typeOf[source[tie]!] !== typeOf[target[tie]!];
  if (factor === 1 || !source.some((_, tie) => isCross(tie))) return weights;
  const raised = weights ?? new Float64Array(source.length).fill(1);
  for (let tie = 0; tie < raised.length; tie++) if (isCross(tie)) raised[tie]! *= factor;
  return raised;
}
