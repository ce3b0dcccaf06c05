import type { PlacementMethod } from "../model/placement-rule.ts";
import type { Population } from "../model/population.ts";
import { imbalanceOf } from "../placement/quality.ts";
import { linkCosts, type TopologyNode } from "../placement/topology.ts";
import type { Placement } from "./placement.ts";
import { type TieGraph, tieGraph } from "./tie-graph.ts";

/** How the agents of a run were placed, and how well. Weights are those of `tieGraph`. */
export interface PlacementFigures {
  /** What was done: contiguous also where communities were wanted, but there are no ties, or too few agents. */
  readonly method: PlacementMethod;
  /** Weight of the ties between workers over that of all ties; 0 without ties. */
  readonly edgeCut: number;
  /** The largest load over its worker's share of the load, minus 1. */
  readonly imbalance: number;
  /** The same by the types of the two ends, heaviest first, for pairs that have ties: at most TYPE_PAIRS_SHOWN. */
  readonly cutByTypePair: readonly TypePairCut[];
  /** Wall-clock time that placing took. */
  readonly seconds: number;
  /** Weight of the ties between workers times the cost of their link; where workers are on several hosts. */
  readonly linkCost?: number;
}

export interface TypePairCut {
  readonly types: readonly [string, string];
  readonly weight: number;
  readonly cut: number;
}

/** A thousand types could make a million pairs; a status has to fit into one message. */
const TYPE_PAIRS_SHOWN = 100;

/** What figures are made from. */
export interface Placed {
  readonly method: PlacementMethod;
  readonly placement: Placement;
  /** By worker id; they sum to 1. */
  readonly shares: Float64Array;
  readonly topology: TopologyNode | undefined;
  readonly seconds: number;
}

/** One pass over all ties. `types`: names by type id. */
export function placementFigures(population: Population, types: readonly string[], placed: Placed): PlacementFigures {
  const { method, placement, shares, topology, seconds } = placed;
  const graph = tieGraph(population);
  const pairs = new PairTable(types, population.typeOf);
  const costs = topology === undefined ? null : linkCosts(topology).costs;
  let total = 0;
  let cut = 0;
  let linkCost = 0;
  for (let i = 0; i < graph.source.length; i++) {
    const [a, b] = [placement[graph.source[i]!]!, placement[graph.target[i]!]!];
    const weight = graph.weights === null ? 1 : graph.weights[i]!;
    total += weight;
    if (a !== b) cut += weight;
    if (costs !== null) linkCost += weight * costs[a * shares.length + b]!;
    pairs.add(graph, i, weight, a !== b);
  }
  return {
    method,
    edgeCut: total === 0 ? 0 : cut / total,
    imbalance: imbalanceOf(loadsOf(population, placement, shares.length), shares),
    cutByTypePair: pairs.heaviest(),
    seconds,
    ...(costs === null ? {} : { linkCost }),
  };
}

function loadsOf({ count, costs }: Population, placement: Placement, workers: number): Float64Array {
  const loads = new Float64Array(workers);
  for (let agent = 0; agent < count; agent++) loads[placement[agent]!]! += costs === null ? 1 : costs[agent]!;
  return loads;
}

/** Weight and cut by pair of types, for pairs that occur. */
class PairTable {
  readonly #types: readonly string[];
  readonly #typeOf: Uint16Array;
  readonly #sums = new Map<number, { weight: number; cut: number }>();

  constructor(types: readonly string[], typeOf: Uint16Array) {
    this.#types = types;
    this.#typeOf = typeOf;
  }

  add({ source, target }: TieGraph, tie: number, weight: number, isCut: boolean): void {
    const [a, b] = [this.#typeOf[source[tie]!]!, this.#typeOf[target[tie]!]!];
    const key = a < b ? a * this.#types.length + b : b * this.#types.length + a;
    let sums = this.#sums.get(key);
    if (sums === undefined) this.#sums.set(key, (sums = { weight: 0, cut: 0 }));
    sums.weight += weight;
    if (isCut) sums.cut += weight;
  }

  heaviest(): TypePairCut[] {
    const rows = [...this.#sums].sort(([a, one], [b, two]) => two.weight - one.weight || a - b);
    return rows.slice(0, TYPE_PAIRS_SHOWN).map(([key, sums]) => ({
      types: [this.#types[Math.floor(key / this.#types.length)]!, this.#types[key % this.#types.length]!],
      ...sums,
    }));
  }
}
