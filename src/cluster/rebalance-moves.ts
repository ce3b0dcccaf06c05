import type { Csr } from "../placement/csr.ts";
import { Heap } from "../placement/heap.ts";
import type { Placement } from "./placement.ts";

/** What no part may be above, in load and in agents. */
export interface PartLimits {
  readonly loads: Float64Array;
  readonly agents: Float64Array;
}

/** A placement that changes one agent at a time, with what every part carries. Remembers who has moved, and in which order. */
export class Moving {
  readonly graph: Csr;
  readonly limits: PartLimits;
  readonly placement: Placement;
  readonly loads: Float64Array;
  readonly counts: Float64Array;
  readonly moved: number[] = [];

  constructor(graph: Csr, present: Placement, limits: PartLimits) {
    this.graph = graph;
    this.limits = limits;
    this.placement = present.slice();
    this.loads = new Float64Array(limits.loads.length);
    this.counts = new Float64Array(limits.loads.length);
    for (let v = 0; v < present.length; v++) {
      this.loads[present[v]!]! += graph.vertexWeights[v]!;
      this.counts[present[v]!]!++;
    }
  }

  /** Whether `part` may have one more agent of this load. */
  hasRoom(part: number, load: number): boolean {
    const { loads, agents } = this.limits;
    return this.counts[part]! < agents[part]! && this.loads[part]! + load <= loads[part]!;
  }

  isOver(part: number): boolean {
    return this.loads[part]! > this.limits.loads[part]! || this.counts[part]! > this.limits.agents[part]!;
  }

  move(v: number, to: number): void {
    this.#shift(v, to);
    this.moved.push(v);
  }

  /** Takes the moves after the first `count` back, in reverse order. */
  undoTo(count: number, present: Placement): void {
    while (this.moved.length > count) {
      const v = this.moved.pop()!;
      this.#shift(v, present[v]!);
    }
  }

  #shift(v: number, to: number): void {
    const from = this.placement[v]!;
    const load = this.graph.vertexWeights[v]!;
    this.loads[from]! -= load;
    this.counts[from]!--;
    this.loads[to]! += load;
    this.counts[to]!++;
    this.placement[v] = to;
  }

  /** What the cut falls by if `v` goes from where it is to `to`, in the graph's units. */
  gain(v: number, to: number): number {
    const { offsets, targets, edgeWeights } = this.graph;
    const own = this.placement[v]!;
    let gain = 0;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const part = this.placement[targets[i]!]!;
      if (part === to) gain += edgeWeights[i]!;
      else if (part === own) gain -= edgeWeights[i]!;
    }
    return gain;
  }
}

/**
 * Moves agents to where `ideal` has them, at most `max` in all, each time the one that then gains most (ties of a community make it follow its first members), within the limits;
 * then back to the best point. An agent for whom there is no room waits until there is. No agent moves twice.
 */
export function moveTowards(moving: Moving, ideal: Placement, max: number): void {
  const { graph, placement } = moving;
  const { offsets, targets, vertexWeights } = graph;
  const start = placement.slice();
  const heap = new Heap(placement.length);
  const waiting: number[][] = Array.from(moving.loads, () => []);
  for (let v = 0; v < placement.length; v++) if (ideal[v] !== placement[v]) heap.push(v, moving.gain(v, ideal[v]!));
  const first = moving.moved.length;
  let gained = 0;
  let best = 0;
  let bestCount = first;
  while (heap.size > 0 && moving.moved.length < first + max) {
    const gain = heap.topKey();
    const v = heap.pop();
    const from = placement[v]!;
    const to = ideal[v]!;
    if (!moving.hasRoom(to, vertexWeights[v]!)) {
      waiting[to]!.push(v);
      continue;
    }
    moving.move(v, to);
    gained += gain;
    if (gained > best) {
      best = gained;
      bestCount = moving.moved.length;
    }
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = targets[i]!;
      if (heap.has(u)) heap.update(u, moving.gain(u, ideal[u]!));
    }
    // One has left, so one more may try.
    const next = waiting[from]!.shift();
    if (next !== undefined) heap.push(next, moving.gain(next, ideal[next]!));
  }
  moving.undoTo(bestCount, start);
}
