import { Heap } from "../placement/heap.ts";
import type { Moving } from "./rebalance-moves.ts";

/**
 * Takes agents out of parts above their limits until none is, at most `max`: first those whose going costs least traffic for their load
 * (Maas, Gottesbueren, Seemaier 2023, with a limit of agents beside that of load), each to the part with room that it has most to do with, or to the emptiest.
 */
export function shedLoad(moving: Moving, max: number): void {
  const { graph, placement, limits } = moving;
  const parts = limits.loads.length;
  const heap = new Heap(placement.length);
  const offer = new Offer(moving);
  for (let v = 0; v < placement.length; v++) {
    if (moving.isOver(placement[v]!) && offer.look(v)) heap.push(v, offer.key);
  }
  const end = moving.moved.length + max;
  let over = 0;
  for (let part = 0; part < parts; part++) if (moving.isOver(part)) over++;
  while (over > 0 && heap.size > 0 && moving.moved.length < end) {
    const v = heap.pop();
    const from = placement[v]!;
    if (!moving.isOver(from) || !offer.look(v)) continue;
    if (offer.key < heap.topKey()) {
      heap.push(v, offer.key);
      continue;
    }
    moving.move(v, offer.to);
    if (!moving.isOver(from)) over--;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      const u = graph.targets[i]!;
      if (heap.has(u) && offer.look(u)) heap.update(u, offer.key);
    }
  }
}

/** Where an agent would go, and how much it wants to. */
class Offer {
  to = -1;
  /** Traffic saved times load where that is positive, lost for each unit of load where not. */
  key = 0;
  readonly #moving: Moving;
  readonly #ties: Float64Array;

  constructor(moving: Moving) {
    this.#moving = moving;
    this.#ties = new Float64Array(moving.loads.length);
  }

  /** False when no part has room, or its going would help nothing. */
  look(v: number): boolean {
    const { graph, placement, limits, loads, counts } = this.#moving;
    const own = placement[v]!;
    const load = graph.vertexWeights[v]!;
    if (load === 0 && counts[own]! <= limits.agents[own]!) return false;
    const ties = this.#ties.fill(0);
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      ties[placement[graph.targets[i]!]!]! += graph.edgeWeights[i]!;
    }
    this.to = -1;
    let roomBest = 0;
    for (let part = 0; part < ties.length; part++) {
      if (part === own || !this.#moving.hasRoom(part, load)) continue;
      const room = (limits.loads[part]! - loads[part]!) / limits.loads[part]!;
      const better = this.to < 0 || ties[part]! > ties[this.to]! || (ties[part] === ties[this.to] && room > roomBest);
      if (!better) continue;
      this.to = part;
      roomBest = room;
    }
    if (this.to < 0) return false;
    const gain = ties[this.to]! - ties[own]!;
    this.key = gain > 0 ? gain * load : gain / Math.max(load, Number.MIN_VALUE);
    return true;
  }
}
