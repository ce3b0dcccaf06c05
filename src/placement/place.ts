import { MyriadError } from "../base/error.ts";
import { buildCsr, type Csr } from "./csr.ts";
import type { Workers } from "./limits.ts";
import { describePartition, type Partition, type PartitionOptions, partition } from "./partition.ts";
import { cutByTypePair, totalEdgeWeight, volumeOf } from "./quality.ts";
import { type Repartition, repartition } from "./repartition.ts";
import { linkCostOf, linkCosts, partitionTopology, type TopologyNode } from "./topology.ts";
import { CROSS_TYPE_FACTOR, weighTypes } from "./types.ts";

/** A table of all pairs of more types (16 MiB) would be longer than anybody reads. */
const TYPES_SHOWN_MAX = 1024;

/** A graph as columns. Loops are dropped, parallel edges add up. */
export interface PlacementEdges {
  readonly vertexCount: number;
  /** One entry an edge. */
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** Expected events an edge, >= 0; 1 by default. */
  readonly edgeWeights?: Float64Array | undefined;
  /** Load a vertex, >= 0; 1 by default. */
  readonly loads?: Float64Array | undefined;
}

/** What a placement is to satisfy. */
export interface PlacementDemand {
  /** How many workers, or the capacity of each. */
  readonly workers: number | Float64Array;
  /** Type of each vertex: edges between types then count `crossTypeFactor` times. */
  readonly typeOf?: Uint16Array | undefined;
  /** 3 by default; without `typeOf` it means nothing. */
  readonly crossTypeFactor?: number | undefined;
  /** A tree of links between the workers: the cost-weighted cut is made small instead of the cut. */
  readonly topology?: TopologyNode | undefined;
  /** Worker of each vertex now: the placement is improved with few moves. Heeds neither topology, pins, volume nor preset. */
  readonly present?: Uint16Array | undefined;
  /** What a move costs, with `present`: 0.1 by default. See `repartition`. */
  readonly moveCost?: number | undefined;
  readonly options: Omit<PartitionOptions, "now">;
}

export interface PlacementTask extends PlacementEdges, PlacementDemand {}

/** A placement and its figures, in the weights of the task: the factor between types is not in them. */
export interface PlacementOutcome extends Partition {
  /** Edges between different vertices, parallel ones as one. */
  readonly edges: number;
  /** The sum of their weights. */
  readonly edgeWeight: number;
  /** Wall clock of the partitioning alone. */
  readonly seconds: number;
  /** Processor time of the process in these seconds, all threads. */
  readonly cpuSeconds: number;
  /** Present with the objective `volume`: pairs of a vertex and a foreign worker among its neighbours. */
  readonly volume?: number;
  /** Present with a topology: sum of edge weight times link cost. */
  readonly linkCost?: number;
  /** Present with types, up to 1024 of them: cut and weight between types a <= b at [a * types + b]. */
  readonly typeCut?: { readonly cut: Float64Array; readonly total: Float64Array; readonly types: number };
  /** Present with a present placement: vertices on another worker than before, their load, and its share. */
  readonly change?: Pick<Repartition, "moved" | "movedLoad" | "movedFraction">;
}

/** How work is timed: this folder has no clock of its own. */
export interface Meter {
  /** Monotonic, milliseconds. */
  now(): number;
  /** Processor time used so far, seconds. */
  cpuSeconds(): number;
}

/** The graph of the columns, which are not needed any more then. Throws INVALID_PLACEMENT as `buildCsr` does. */
export function graphOf({ vertexCount, source, target, edgeWeights, loads }: PlacementEdges): Csr {
  return buildCsr(vertexCount, source, target, { edges: edgeWeights, vertices: loads });
}

/**
 * Places the vertices of a graph: types, then partition, topology or re-partition, then the figures. Throws INVALID_PLACEMENT for what cannot be met, and
 * for demands that exclude each other.
 */
export function place(graph: Csr, demand: PlacementDemand, meter: Meter): PlacementOutcome {
  const { workers, typeOf, topology } = demand;
  const startedMs = meter.now();
  const startedCpu = meter.cpuSeconds();
  const weighed = typeOf === undefined ? graph : weighTypes(graph, typeOf, demand.crossTypeFactor ?? CROSS_TYPE_FACTOR);
  const { parts, limits, change } = solve(weighed, demand, meter);
  const seconds = (meter.now() - startedMs) / 1000;
  const cpuSeconds = meter.cpuSeconds() - startedCpu;
  const k = limits.length;
  const described = describePartition(graph, parts, limits, typeof workers === "number" ? undefined : workers);
  return {
    ...described,
    edges: graph.targets.length / 2,
    edgeWeight: totalEdgeWeight(graph),
    seconds,
    cpuSeconds,
    ...(demand.options.objective === "volume" ? { volume: volumeOf(graph, parts, k) } : {}),
    ...(topology === undefined ? {} : { linkCost: linkCostOf(graph, parts, linkCosts(topology).costs, k) }),
    ...(typeOf === undefined ? {} : typeCutOf(graph, parts, typeOf)),
    ...(change === undefined ? {} : { change }),
  };
}

interface Solution {
  readonly parts: Uint16Array;
  readonly limits: Float64Array;
  readonly change?: PlacementOutcome["change"];
}

function solve(graph: Csr, demand: PlacementDemand, meter: Meter): Solution {
  const { workers, topology, present, moveCost } = demand;
  const options: PartitionOptions = { ...demand.options, now: () => meter.now() };
  if (present !== undefined) {
    if (topology !== undefined || options.pinned !== undefined || options.objective === "volume") {
      throw new MyriadError(
        "INVALID_PLACEMENT",
        "improving a present placement goes with neither a topology, pins nor the objective volume",
      );
    }
    const { imbalance, seed } = options;
    const { parts, limits, ...rest } = repartition(graph, present, workers, { moveCost, imbalance, seed });
    const { moved, movedLoad, movedFraction } = rest;
    return { parts, limits, change: { moved, movedLoad, movedFraction } };
  }
  if (topology === undefined) return partition(graph, workers, options);
  if (options.objective === "volume") {
    throw new MyriadError("INVALID_PLACEMENT", "with a topology the link cost is the objective, not the volume");
  }
  if (typeof workers === "number") checkTopologyCount(workers, topology);
  return partitionTopology(graph, topology, {
    ...options,
    ...(typeof workers === "number" ? {} : { capacities: workers }),
  });
}

function checkTopologyCount(workers: Workers, topology: TopologyNode): void {
  const { count } = linkCosts(topology);
  if (count === workers) return;
  throw new MyriadError("INVALID_PLACEMENT", `the topology has ${count} workers, not ${workers}`);
}

function typeCutOf(graph: Csr, parts: Uint16Array, typeOf: Uint16Array): Pick<PlacementOutcome, "typeCut"> {
  const types = typeOf.reduce((largest, type) => Math.max(largest, type), -1) + 1;
  return types > TYPES_SHOWN_MAX ? {} : { typeCut: { ...cutByTypePair(graph, parts, typeOf, types), types } };
}
