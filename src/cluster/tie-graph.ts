import type { Population, RelationTies } from "../model/population.ts";

/** Who is tied to whom in a population, as a placement sees it. The arrays are its own. */
export interface TieGraph {
  readonly agents: number;
  /** Tie i joins source[i] and target[i]. A tie to oneself is left out; two agents with two ties stand twice. */
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** Expected traffic of each tie; null: all alike. */
  readonly weights: Float64Array | null;
}

/** A tie of no weight, or one that rounding would lose beside others, is still one: it counts this much of the mean. */
const WEIGHT_LEAST = 1e-3;

/**
 * All ties of all relations. What a tie counts is the traffic to expect on it, of which a model says nothing but its
 * weights. So these count within their relation, relative to the mean, and by amount (distrust is talked about as well);
 * between relations they do not, for a wage of 2,500 and a friendship of 1 have no unit in common: the mean tie of every
 * relation counts 1. First events are no ties: they come from nobody, once.
 */
export function tieGraph({ count, relations }: Population): TieGraph {
  const ties = relations.reduce((sum, { source }) => sum + source.length, 0);
  const source = new Uint32Array(ties);
  const target = new Uint32Array(ties);
  const weights = relations.some(({ weight }) => weight !== null) ? new Float64Array(ties) : null;
  let end = 0;
  for (const relation of relations) {
    const amounts = relativeAmounts(relation);
    for (let i = 0; i < relation.source.length; i++) {
      if (relation.source[i] === relation.target[i]) continue;
      source[end] = relation.source[i]!;
      target[end] = relation.target[i]!;
      if (weights !== null) weights[end] = amounts === null ? 1 : amounts[i]!;
      end++;
    }
  }
  if (end === ties) return { agents: count, source, target, weights };
  return {
    agents: count,
    source: source.slice(0, end),
    target: target.slice(0, end),
    weights: weights?.slice(0, end) ?? null,
  };
}

/** True when the population has a tie between two agents. */
export const hasTies = ({ relations }: Population): boolean =>
  relations.some(({ source, target }) => source.some((from, i) => from !== target[i]));

/** The amounts of a relation's weights, scaled to a mean of 1; null where it has none, or nothing but zeros. */
function relativeAmounts({ weight }: RelationTies): Float64Array | null {
  if (weight === null) return null;
  let largest = 0;
  for (let i = 0; i < weight.length; i++) largest = Math.max(largest, Math.abs(weight[i]!));
  if (largest === 0) return null;
  // Relative to the largest first: sums of doubles near the end of their range are not finite.
  const amounts = new Float64Array(weight.length);
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += amounts[i] = Math.abs(weight[i]!) / largest;
  for (let i = 0; i < weight.length; i++) amounts[i] = Math.max(WEIGHT_LEAST, (amounts[i]! * weight.length) / sum);
  return amounts;
}
