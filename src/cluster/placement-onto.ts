import type { Placement } from "./placement.ts";

/**
 * Where agents live when a run goes on with another number of workers than it was saved with. `placement` itself when the
 * numbers are equal; else all get equally many agents (one more or less), an agent stays where it was as long as there is
 * room, by index, and the rest fill up what is left, in the order of indices and workers. A function of what is saved, so
 * that nobody has to be told.
 */
export function placementOnto(placement: Placement, before: number, workers: number): Placement {
  if (before === workers) return placement;
  const agents = placement.length;
  const room = Float64Array.from({ length: workers }, (_, worker) => quotaOf(agents, workers, worker));
  const onto = new Uint16Array(agents);
  const moving: number[] = [];
  for (let index = 0; index < agents; index++) {
    const worker = placement[index]!;
    if (worker < workers && room[worker]! > 0) {
      room[worker]!--;
      onto[index] = worker;
    } else moving.push(index);
  }
  let worker = 0;
  for (const index of moving) {
    while (room[worker] === 0) worker++;
    room[worker]!--;
    onto[index] = worker;
  }
  return onto;
}

const quotaOf = (agents: number, workers: number, worker: number): number =>
  Math.floor(((worker + 1) * agents) / workers) - Math.floor((worker * agents) / workers);

/** The worker that goes on with the counts of one that was saved: each has exactly one. */
export const successorOf = (before: number, workers: number): number => before % workers;
