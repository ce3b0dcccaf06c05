import { MyriadError } from "../base/error.ts";

/** A worker may have this much more than its share: newborn seldom have to leave home, and nobody waits long for it. */
export const CENSUS_SLACK = 0.1;
/** In small societies a share is a handful: so many agents in all may be unevenly spread, whatever the slack comes to. */
export const CENSUS_ROOM = 64;

/**
 * How many agents live on every worker, retired ones left out, and how many may. Kept from the population and from what
 * closings tell, so it is the same on all workers at every barrier.
 */
export class Census {
  /** By worker. */
  readonly living: Float64Array;
  total = 0;
  /** The share of all agents that each worker should host; they sum to 1. */
  readonly shares: Float64Array;
  /** The most agents that all workers together may host. */
  readonly capacity: number;
  /** The most agents that each worker may ever host, by worker. */
  readonly most: Float64Array;
  /** Workers with a share, in the order in which they come to their limits when all grow in proportion to their shares. */
  readonly #order: Uint32Array;
  /** The shares of `order[i]` and all after it. */
  readonly #restShares: Float64Array;

  /**
   * `shares`: any weights, by default equal; one of them is above 0. `limits`: the most agents that a worker may ever
   * host, Infinity by default. Throws INVALID_PLACEMENT for what is neither.
   */
  constructor(workers: number, shares?: ArrayLike<number>, limits?: ArrayLike<number>) {
    this.living = new Float64Array(workers);
    this.shares = normal(shares ?? new Float64Array(workers).fill(1), workers);
    this.most = whole(limits ?? new Float64Array(workers).fill(Number.POSITIVE_INFINITY), workers);
    this.capacity = this.most.reduce((sum, most) => sum + most, 0);
    const turn = Float64Array.from(this.most, (most, b) => most / this.shares[b]!);
    const sharing = [...this.shares.keys()].filter((b) => this.shares[b]! > 0);
    // Not by difference: that of two Infinities is no number.
    this.#order = Uint32Array.from(
      sharing.sort((a, b) => (turn[a] === turn[b] ? a - b : turn[a]! < turn[b]! ? -1 : 1)),
    );
    this.#restShares = new Float64Array(this.#order.length);
    let rest = 0;
    for (let i = this.#order.length - 1; i >= 0; i--) {
      rest += this.shares[this.#order[i]!]!;
      this.#restShares[i] = rest;
    }
  }

  /** Counts a population. */
  begin(placement: ArrayLike<number>): void {
    this.living.fill(0);
    this.total = placement.length;
    for (let index = 0; index < placement.length; index++) this.living[placement[index]!]!++;
  }

  /** Counts agents of which some have retired. */
  beginAgain(placement: ArrayLike<number>, gone: Uint32Array): void {
    this.begin(placement);
    for (const agent of gone) this.add(placement[agent]!, -1);
  }

  add(worker: number, count: number): void {
    this.living[worker]! += count;
    this.total += count;
  }

  /**
   * The most that each worker should host while `total` agents live: its share of them with some slack, never above
   * its limit; what workers at their limits cannot take is shared out among the others. They sum to `total` or more
   * whenever the workers' limits do, so whoever is to be placed finds room.
   */
  limits(total: number): Float64Array {
    const wanted = Math.max((1 + CENSUS_SLACK) * total, total + CENSUS_ROOM);
    const { perShare, sharers } = this.#level(wanted);
    // Workers without a share are for what the others have no room for.
    const beyond = Math.max(0, total - sharers);
    return this.shares.map((share, b) => Math.min(this.most[b]!, share === 0 ? beyond : Math.ceil(perShare * share)));
  }

  /** How many of `born` newborn have room with their parents on `worker`, where `retired` have just made room. */
  room(worker: number, born: number, retired: number): number {
    const limit = this.limits(this.total + born - retired)[worker]!;
    return Math.max(0, Math.min(born, limit - this.living[worker]! + retired));
  }

  /** Agents for each unit of share, so that `wanted` are hosted, and how many workers with a share can host in all. */
  #level(wanted: number): { perShare: number; sharers: number } {
    let full = 0;
    for (let i = 0; i < this.#order.length; i++) {
      const b = this.#order[i]!;
      const perShare = (wanted - full) / this.#restShares[i]!;
      if (perShare * this.shares[b]! < this.most[b]!) return { perShare, sharers: Number.POSITIVE_INFINITY };
      full += this.most[b]!;
    }
    return { perShare: Number.POSITIVE_INFINITY, sharers: full };
  }
}

function normal(shares: ArrayLike<number>, workers: number): Float64Array {
  checkCount(shares, workers, "shares");
  let sum = 0;
  for (let b = 0; b < workers; b++) {
    const share = shares[b]!;
    if (!(share >= 0 && share < Number.POSITIVE_INFINITY)) throw odd("share", b, share, "a finite number of 0 or more");
    sum += share;
  }
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) {
    throw new MyriadError("INVALID_PLACEMENT", `the shares sum to ${sum}, which is not a finite number above 0`);
  }
  return Float64Array.from(shares, (share) => share / sum);
}

function whole(limits: ArrayLike<number>, workers: number): Float64Array {
  checkCount(limits, workers, "agent limits");
  return Float64Array.from(limits, (limit, b) => {
    if (limit >= 0) return Math.floor(limit);
    throw odd("agent limit", b, limit, "a number of 0 or more");
  });
}

function checkCount(values: ArrayLike<number>, workers: number, what: string): void {
  if (values.length === workers) return;
  throw new MyriadError("INVALID_PLACEMENT", `${values.length} ${what} for ${workers} workers`);
}

function odd(what: string, worker: number, value: number, range: string): MyriadError {
  return new MyriadError("INVALID_PLACEMENT", `${what} of worker ${worker}: ${value} is not ${range}`);
}
