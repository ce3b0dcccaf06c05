/** Who is to carry how much: agents by quota (`agentQuotas`), and never more of them than `agentLimits`. */
export interface Carriers {
  readonly quotas: Float64Array;
  readonly agentLimits: Float64Array;
}

/**
 * The load that no worker may be above: (1 + imbalance) of its part, which goes by quotas; raised where whole agents, or ones
 * heavier than that, leave no other way. Where all cost the same (`costs` null) a load is a number of agents, and no limit
 * is above that of agents. Where not, the two limits differ: `countRepair` sees to the number.
 */
export function loadLimits(
  costs: Float64Array | null,
  { quotas, agentLimits }: Carriers,
  imbalance: number,
): Float64Array {
  if (costs === null) {
    return quotas.map((quota, w) => Math.min(agentLimits[w]!, Math.floor((1 + imbalance) * quota)));
  }
  const total = costs.reduce((a, b) => a + b, 0);
  const parts = quotas.map((quota) => (total * quota) / costs.length);
  const limited = agentLimits.some((limit) => limit < Infinity);
  const least = parts.reduce((a, part) => (part > 0 ? Math.min(a, part) : a), Infinity);
  // Lighter agents always find a worker below its part with room. Not so where the number of agents is limited as well.
  const packed = packHeaviestFirst(costs, parts, agentLimits, limited ? 0 : imbalance * least);
  return parts.map((part, w) => Math.max((1 + imbalance) * part, packed[w]!));
}

/**
 * Loads after packing without regard to ties: the heaviest agent first, each to the worker that is then least filled for
 * its part (Graham 1969), agents of at most `light` left out.
 */
function packHeaviestFirst(
  costs: Float64Array,
  parts: Float64Array,
  agentLimits: Float64Array,
  light: number,
): Float64Array {
  const heavy = Uint32Array.from(costs.keys())
    .filter((agent) => costs[agent]! > light)
    .sort((a, b) => costs[b]! - costs[a]! || a - b);
  const loads = new Float64Array(parts.length);
  const counts = new Float64Array(parts.length);
  for (const agent of heavy) {
    const cost = costs[agent]!;
    let best = -1;
    let bestFill = Infinity;
    for (let w = 0; w < parts.length; w++) {
      if (counts[w]! >= agentLimits[w]!) continue;
      const fill = (loads[w]! + cost) / parts[w]!;
      if (best >= 0 && !(fill < bestFill)) continue;
      best = w;
      bestFill = fill;
    }
    loads[best]! += cost;
    counts[best]!++;
  }
  return loads;
}
