import { MyriadError } from "../base/error.ts";
import { checkWeights } from "./csr.ts";

export interface StreamOptions {
  /** Hard limit on the load of each worker. */
  readonly limits: ArrayLike<number>;
  /** What each worker carries at the start; nothing by default. */
  readonly loads?: ArrayLike<number> | undefined;
  /** Any weights, by worker: what part of all load each should carry; equal by default. */
  readonly shares?: ArrayLike<number> | undefined;
  /** Edge weight placed so far, and their load, set how dear load is: taken from the partition that newcomers join. */
  readonly edgeWeight: number;
  readonly load: number;
}

/**
 * Places newcomers one at a time: next to their parent and relations, but not on workers that fill up (Fennel: Tsourakakis et al. 2014, gamma = 1.5, with a hard
 * limit). It keeps no graph: a newcomer says which workers its relations are on.
 */
export class Streaming {
  readonly loads: Float64Array;
  readonly limits: Float64Array;
  readonly #ties: Float64Array;
  /** By worker: what load costs there, for the square root of the load. */
  readonly #prices: Float64Array;

  constructor(options: StreamOptions) {
    this.limits = Float64Array.from(options.limits);
    const k = this.limits.length;
    if (k === 0) throw new MyriadError("INVALID_PLACEMENT", "there is no worker to place agents on");
    checkWeights(this.limits, k, "limit of worker");
    this.loads = options.loads === undefined ? new Float64Array(k) : Float64Array.from(options.loads);
    checkWeights(this.loads, k, "load of worker");
    this.#ties = new Float64Array(k);
    const { load, edgeWeight } = options;
    // No power of 1.5: unlike a square root it may come out differently on another machine.
    const alpha = load > 0 ? (edgeWeight * Math.sqrt(k)) / (load * Math.sqrt(load)) : 0;
    this.#prices = fairnessOf(options.shares, k).map((times) => (1.5 * alpha) / Math.sqrt(times));
  }

  /**
   * The worker for a newcomer of this load, which is then counted there. `near[i]`: worker of its i-th relation (the parent among them), of weight
   * `weights[i]`, 1 by default; `count`: how many of them to read. Throws INVALID_PLACEMENT when no worker has room.
   */
  place(load: number, near: ArrayLike<number>, weights?: ArrayLike<number>, count = near.length): number {
    const { loads, limits } = this;
    const ties = this.#ties;
    for (let i = 0; i < count; i++) ties[near[i]!]! += weights === undefined ? 1 : weights[i]!;
    let best = -1;
    let bestScore = -Infinity;
    for (let b = 0; b < loads.length; b++) {
      if (loads[b]! + load > limits[b]!) continue;
      const price = this.#prices[b]!;
      const score = price === Infinity ? -Infinity : ties[b]! - price * load * Math.sqrt(loads[b]!);
      if (score < bestScore || (score === bestScore && loads[b]! >= loads[best]!)) continue;
      best = b;
      bestScore = score;
    }
    for (let i = 0; i < count; i++) ties[near[i]!] = 0;
    if (best < 0) {
      const room = limits.reduce((most, limit, b) => Math.max(most, limit - loads[b]!), 0);
      throw new MyriadError(
        "INVALID_PLACEMENT",
        `no worker has room for an agent of load ${load}: the largest room is ${room}`,
      );
    }
    loads[best]! += load;
    return best;
  }

  /** An agent has left: its load no longer counts on that worker. */
  release(worker: number, load: number): void {
    this.loads[worker] = Math.max(0, this.loads[worker]! - load);
  }
}

/** How many times an equal share each worker is to carry: there load costs as much as an equal share does elsewhere. */
function fairnessOf(shares: ArrayLike<number> | undefined, k: number): Float64Array {
  if (shares === undefined) return new Float64Array(k).fill(1);
  checkWeights(shares, k, "share of worker");
  let sum = 0;
  for (let b = 0; b < k; b++) sum += shares[b]!;
  return Float64Array.from(shares, (share) => (sum === 0 ? 1 : (share * k) / sum));
}
