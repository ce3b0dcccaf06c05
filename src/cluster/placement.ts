import { MyriadError } from "../base/error.ts";
import { AGENTS_MAX, WORKERS_MAX } from "../base/limits.ts";

/** The worker of every agent, by index. */
export type Placement = Uint16Array;

/** Workers that carry alike, or how many agents each of them hosts: as many as there are, in all. */
type Quotas = number | Float64Array;

/**
 * Worker by worker in the order of indices: agents that were spawned together stay together. Equal shares differ by one
 * agent at most.
 */
export function contiguousPlacement(agents: number, workers: Quotas): Placement {
  const placement = checkedPlacement(agents, workers);
  let first = 0;
  for (const [worker, quota] of quotasFor(agents, workers).entries()) {
    placement.fill(worker, first, first + quota);
    first += quota;
  }
  return placement;
}

/**
 * The same where agents cost differently: cut where the load of each worker comes nearest to its part, in proportion to
 * the quotas, with no more agents than `limits` on any.
 */
export function contiguousByCost(costs: Float64Array, quotas: Float64Array, limits: Float64Array): Placement {
  const placement = new Uint16Array(costs.length);
  let load = costs.reduce((a, b) => a + b, 0);
  let quota = costs.length;
  const roomAfter = new Float64Array(limits.length);
  for (let worker = limits.length - 1; worker > 0; worker--) {
    roomAfter[worker - 1] = roomAfter[worker]! + limits[worker]!;
  }
  let next = 0;
  for (let worker = 0; worker < quotas.length; worker++) {
    const least = costs.length - roomAfter[worker]!;
    const most = Math.min(costs.length, next + limits[worker]!);
    const part = (load * quotas[worker]!) / quota;
    let own = 0;
    const from = next;
    while (next < most && (next < least || own + costs[next]! / 2 <= part)) own += costs[next++]!;
    placement.fill(worker, from, next);
    load -= own;
    quota -= quotas[worker]!;
  }
  return placement;
}

/**
 * Spread without regard to order, in shares that differ by one agent at most (or by quotas): blocks of about as many
 * agents as there are workers are dealt out, each in an order of its own (Fisher-Yates, seeded with the block).
 */
export function hashPlacement(agents: number, workers: Quotas): Placement {
  const placement = checkedPlacement(agents, workers);
  const quotas = quotasFor(agents, workers);
  const blocks = Math.ceil(agents / quotas.length);
  let first = 0;
  for (let block = 0; block < blocks; block++) {
    const start = first;
    for (const [worker, quota] of quotas.entries()) {
      const given = Math.ceil((quota * block) / blocks);
      const after = Math.ceil((quota * (block + 1)) / blocks);
      placement.fill(worker, first, (first += after - given));
    }
    shuffle(placement.subarray(start, first), start);
  }
  return placement;
}

/** Refuses a map that is not one worker for each agent, naming what is wrong. */
export function checkPlacement(placement: Placement, agents: number, workers: number): void {
  if (placement.length !== agents) {
    throw new MyriadError("INVALID_PLACEMENT", `${placement.length} agents placed; the population has ${agents}`);
  }
  for (let index = 0; index < agents; index++) {
    if (placement[index]! >= workers) {
      throw new MyriadError(
        "INVALID_PLACEMENT",
        `agent ${index} is placed on worker ${placement[index]}; workers are 0 to ${workers - 1}`,
      );
    }
  }
}

function checkedPlacement(agents: number, quotas: Quotas): Placement {
  const workers = typeof quotas === "number" ? quotas : quotas.length;
  if (!Number.isInteger(workers) || workers < 1 || workers > WORKERS_MAX) {
    throw new MyriadError("INVALID_PLACEMENT", `workers: ${workers} is not an integer of 1 to ${WORKERS_MAX}`);
  }
  if (!Number.isInteger(agents) || agents < 0 || agents > AGENTS_MAX) {
    throw new MyriadError("INVALID_PLACEMENT", `agents: ${agents} is not an integer of 0 to ${AGENTS_MAX}`);
  }
  return new Uint16Array(agents);
}

function quotasFor(agents: number, workers: Quotas): Float64Array {
  if (typeof workers !== "number") return workers;
  const before = (worker: number): number => Math.floor((worker * agents) / workers);
  return Float64Array.from({ length: workers }, (_, worker) => before(worker + 1) - before(worker));
}

function shuffle(block: Uint16Array, seed: number): void {
  let state = mix(seed);
  for (let i = block.length - 1; i > 0; i--) {
    state = mix(state + i);
    const j = state % (i + 1);
    const kept = block[i]!;
    block[i] = block[j]!;
    block[j] = kept;
  }
}

/** The finaliser of MurmurHash3 (Appleby 2011): all bits of the input reach all bits of the output. */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
