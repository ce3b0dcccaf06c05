import { MyriadError } from "../base/error.ts";
import { AGENTS_MAX, WORKERS_MAX } from "../base/limits.ts";

/** The worker of every agent, by index. */
export type Placement = Uint16Array;

/**
 * Equal shares, worker by worker in the order of indices: agents that were spawned together stay together.
 * Shares differ by one agent at most.
 */
export function contiguousPlacement(agents: number, workers: number): Placement {
  const placement = checkedPlacement(agents, workers);
  for (let worker = 0; worker < workers; worker++) {
    const first = Math.floor((worker * agents) / workers);
    placement.fill(worker, first, Math.floor(((worker + 1) * agents) / workers));
  }
  return placement;
}

/**
 * Spread without regard to order, in shares that differ by one agent at most: each block of as many agents as there
 * are workers is dealt out in an order of its own (Fisher-Yates, seeded with the block), without sorting.
 */
export function hashPlacement(agents: number, workers: number): Placement {
  const placement = checkedPlacement(agents, workers);
  const order = new Uint16Array(workers);
  for (let first = 0; first < agents; first += workers) {
    for (let i = 0; i < workers; i++) order[i] = i;
    let state = mix(first);
    for (let i = workers - 1; i > 0; i--) {
      state = mix(state + i);
      const j = state % (i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    placement.set(order.subarray(0, Math.min(workers, agents - first)), first);
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

function checkedPlacement(agents: number, workers: number): Placement {
  if (!Number.isInteger(workers) || workers < 1 || workers > WORKERS_MAX) {
    throw new MyriadError("INVALID_PLACEMENT", `workers: ${workers} is not an integer of 1 to ${WORKERS_MAX}`);
  }
  if (!Number.isInteger(agents) || agents < 0 || agents > AGENTS_MAX) {
    throw new MyriadError("INVALID_PLACEMENT", `agents: ${agents} is not an integer of 0 to ${AGENTS_MAX}`);
  }
  return new Uint16Array(agents);
}

/** The finaliser of MurmurHash3 (Appleby 2011): all bits of the input reach all bits of the output. */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
