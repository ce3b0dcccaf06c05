import { MyriadError } from "../base/error.ts";

/**
 * How many agents each worker hosts: in proportion to the shares, but none above its limit (an integer, or Infinity); what
 * does not fit goes to the others in proportion to theirs. Integers that sum to `agents`, each less than 1 from its exact part.
 * Throws INVALID_PLACEMENT when the limits sum to less than `agents`.
 */
export function agentQuotas(agents: number, shares: ArrayLike<number>, limits: ArrayLike<number>): Float64Array {
  const quotas = exactParts(agents, shares, limits);
  const rest = new Float64Array(quotas.length);
  let left = agents;
  for (let w = 0; w < quotas.length; w++) {
    const whole = Math.floor(quotas[w]!);
    rest[w] = quotas[w]! - whole;
    left -= quotas[w] = whole;
  }
  const byRest = [...rest.keys()].sort((a, b) => rest[b]! - rest[a]! || a - b);
  // Who has a rest is below its limit, which is an integer. Rounding errors can leave one more over than there are rests.
  for (const w of [...byRest, ...byRest]) {
    if (left <= 0) break;
    if (quotas[w]! >= limits[w]!) continue;
    quotas[w]!++;
    left--;
  }
  return quotas;
}

/** Water filling: whoever gets more than its limit gets the limit, and the others share what is left. */
function exactParts(agents: number, shares: ArrayLike<number>, limits: ArrayLike<number>): Float64Array {
  const parts = new Float64Array(shares.length);
  const open = new Set(parts.keys());
  let left = agents;
  for (;;) {
    let total = 0;
    for (const w of open) total += shares[w]!;
    const full = [...open].filter((w) => (left * shares[w]!) / total > limits[w]!);
    if (full.length === 0) {
      for (const w of open) parts[w] = (left * shares[w]!) / total;
      if (open.size === 0 && left > 0) throw tooFew(agents, limits);
      return parts;
    }
    for (const w of full) {
      left -= parts[w] = limits[w]!;
      open.delete(w);
    }
  }
}

function tooFew(agents: number, limits: ArrayLike<number>): MyriadError {
  const each = Array.from(limits);
  const sum = each.reduce((a, b) => a + b, 0);
  const shown = each.length > 8 ? `${each.slice(0, 8).join(" + ")} + ...` : each.join(" + ");
  return new MyriadError(
    "INVALID_PLACEMENT",
    `agentsMax of the workers: ${shown} = ${sum}, for ${agents} agents; start more workers, or raise agentsMax`,
  );
}
