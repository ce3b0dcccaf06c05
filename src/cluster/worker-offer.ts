import type { TopologyNode } from "../placement/topology.ts";

/** What a worker says of itself: how much it can carry, and where it runs. */
export interface WorkerOffer {
  /** The load that it should carry, relative to the other workers': CAPACITY_MIN to CAPACITY_MAX. */
  readonly capacity: number;
  /** Most agents that it may ever host; Infinity: no limit of its own. */
  readonly agentsMax: number;
  /** The machine; one name in two zones means two machines. */
  readonly host: string;
  /** "" where nobody said. */
  readonly zone: string;
}

/**
 * What an event costs on its way, relative to others: loopback, the network of one site, the network between sites.
 * Their latencies are about 0.05, 0.5 and 5 ms and more; what counts is that a placement never trades one for the other.
 */
const HOST_COST = 1;
const ZONE_COST = 10;
const WORLD_COST = 100;

/** The share of the load that each worker should carry, by worker id: they sum to 1. */
export function sharesOf(offers: readonly WorkerOffer[]): Float64Array {
  const total = offers.reduce((sum, { capacity }) => sum + capacity, 0);
  return Float64Array.from(offers, ({ capacity }) => capacity / total);
}

/** The most agents that each worker may ever host, by worker id. */
export const agentLimitsOf = (offers: readonly WorkerOffer[]): Float64Array =>
  Float64Array.from(offers, ({ agentsMax }) => agentsMax);

/** Zones, hosts in them, workers on those, as a tree of links with their costs; undefined when all are on one host. */
export function topologyOf(offers: readonly WorkerOffer[]): TopologyNode | undefined {
  const zones = new Map<string, Map<string, number[]>>();
  for (const [worker, { host, zone }] of offers.entries()) {
    let hosts = zones.get(zone);
    if (hosts === undefined) zones.set(zone, (hosts = new Map()));
    const workers = hosts.get(host);
    if (workers === undefined) hosts.set(host, [worker]);
    else workers.push(worker);
  }
  const tree = [...zones.values()].map((hosts) =>
    group(
      ZONE_COST,
      [...hosts.values()].map((workers) => group(HOST_COST, workers)),
    ),
  );
  const root = group(WORLD_COST, tree);
  return typeof root === "number" || root.cost === HOST_COST ? undefined : root;
}

/** A group of one is that one. */
const group = (cost: number, children: readonly TopologyNode[]): TopologyNode =>
  children.length === 1 ? children[0]! : { cost, children };
