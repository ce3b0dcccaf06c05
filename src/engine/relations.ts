import { Adjacency } from "./adjacency.ts";
import type { AgentTable } from "./agent-table.ts";

/** A tie that an agent made or cut; it takes effect at the window's edge, on every worker alike. */
export interface TieChange {
  readonly relation: number;
  readonly agent: number;
  readonly to: number;
  /** NaN cuts the tie. */
  readonly weight: number;
  /** When, in virtual time: changes of one window are applied in this order, then by agent, then as the agent made them. */
  readonly time: number;
}

interface Relation {
  directed: boolean;
  /** Own agents to those that they address. */
  readonly out: Adjacency;
  /** Own agents to those that address them; the same table when ties have no direction. */
  in: Adjacency;
}

interface LooseTies {
  source: Uint32Array;
  target: Uint32Array;
  weight: Float64Array | null;
}

/**
 * The ties of one worker's agents, of all relations. A worker knows every tie with an end among its own agents: out
 * of them for `neighbors`, into them so that a publish from anywhere is spread here.
 */
export class Relations {
  readonly #table: AgentTable;
  readonly #relations: Relation[];
  readonly #loaded: LooseTies[][];
  /** Every agent of the run that has retired: no tie to it is made again. */
  readonly #gone = new Set<number>();

  constructor(table: AgentTable, count: number) {
    this.#table = table;
    this.#relations = Array.from({ length: count }, () => undirected());
    this.#loaded = Array.from({ length: count }, () => []);
  }

  get count(): number {
    return this.#relations.length;
  }

  /** Takes ties of the population, each pair once in the whole run; those with no own end are passed over. */
  load(relation: number, directed: boolean, ties: LooseTies): void {
    const kept = this.#relations[relation]!;
    if (directed) this.#direct(relation);
    else {
      kept.directed = false;
      kept.in = kept.out;
    }
    this.#loaded[relation]!.push(ties);
  }

  /** Makes the tables once all is loaded. */
  open(): void {
    for (const [id, relation] of this.#relations.entries()) {
      const ties = this.#loaded[id]!;
      if (relation.directed) {
        this.#build(relation.out, ties, "out");
        this.#build(relation.in, ties, "in");
      } else this.#build(relation.out, ties, "both");
      this.#loaded[id] = [];
    }
  }

  directed(relation: number): boolean {
    return this.#relations[relation]!.directed;
  }

  /** Every agent that has retired, ascending. */
  get gone(): Uint32Array {
    return Uint32Array.from(this.#gone).sort();
  }

  /** Takes over what is known of all agents: in place of `load`, when rows come from elsewhere. */
  begin(directed: readonly boolean[], gone: Uint32Array): void {
    for (const [relation, arrows] of directed.entries()) if (arrows) this.#direct(relation);
    for (const agent of gone) this.#gone.add(agent);
  }

  /** The tables of a relation: one, or out of the own agents and into them. */
  tables(relation: number): readonly Adjacency[] {
    const { directed, out, in: into } = this.#relations[relation]!;
    return directed ? [out, into] : [out];
  }

  /** The agent in `slot` has left; that of `last` has its slot now. */
  moveRows(last: number, slot: number): void {
    for (let relation = 0; relation < this.count; relation++) {
      for (const table of this.tables(relation)) {
        table.clear(slot);
        table.moveRow(last, slot);
      }
    }
  }

  /** To be called when many rows have come or gone. */
  compact(): void {
    for (let relation = 0; relation < this.count; relation++) {
      for (const table of this.tables(relation)) table.compact(this.#table.count);
    }
  }

  out(relation: number): Adjacency {
    return this.#relations[relation]!.out;
  }

  /** Slots of own agents that `source` addresses: where its publish is spread here. */
  followers(relation: number, source: number): Uint32Array {
    return this.#relations[relation]!.in.slotsWith(source);
  }

  /** Applies the changes of a window, of all workers; then lets go of the agents that retired in it. */
  apply(changes: TieChange[], retired: readonly number[]): void {
    // Stable: those of one agent come from one worker, in their order.
    changes.sort((a, b) => a.time - b.time || a.agent - b.agent);
    for (const agent of retired) this.#gone.add(agent);
    for (const change of changes) if (!this.#gone.has(change.to) && !this.#gone.has(change.agent)) this.#change(change);
    for (const agent of retired) for (const relation of this.#relations) this.#retire(relation, agent);
  }

  #direct(relation: number): void {
    const kept = this.#relations[relation]!;
    kept.directed = true;
    kept.in = new Adjacency();
  }

  #change({ relation, agent, to, weight }: TieChange): void {
    const { directed, out, in: into } = this.#relations[relation]!;
    this.#edit(out, agent, to, weight);
    if (directed) this.#edit(into, to, agent, weight);
    else if (agent !== to) this.#edit(out, to, agent, weight);
  }

  #edit(table: Adjacency, own: number, other: number, weight: number): void {
    const slot = this.#table.slotOf[own]!;
    if (slot < 0) return;
    this.#table.changed[slot] = 1;
    if (Number.isNaN(weight)) table.remove(slot, other);
    else table.set(slot, other, weight);
  }

  #retire(relation: Relation, agent: number): void {
    const slot = this.#table.slotOf[agent]!;
    for (const table of relation.directed ? [relation.out, relation.in] : [relation.out]) {
      for (const holder of table.slotsWith(agent)) {
        table.remove(holder, agent);
        this.#table.changed[holder] = 1;
      }
      if (slot >= 0) table.clear(slot);
    }
  }

  #build(table: Adjacency, ties: readonly LooseTies[], side: "out" | "in" | "both"): void {
    const slotOf = this.#table.slotOf;
    let count = 0;
    const each = (visit: (slot: number, other: number, weight: number) => void): void => {
      for (const { source, target, weight } of ties) {
        for (let i = 0; i < source.length; i++) {
          const from = source[i]!;
          const to = target[i]!;
          const w = weight === null ? 1 : weight[i]!;
          if (side !== "in" && slotOf[from]! >= 0) visit(slotOf[from]!, to, w);
          if (side !== "out" && (side === "in" || from !== to) && slotOf[to]! >= 0) visit(slotOf[to]!, from, w);
        }
      }
    };
    each(() => count++);
    const slots = new Uint32Array(count);
    const others = new Uint32Array(count);
    const weights = ties.some((part) => part.weight !== null) ? new Float64Array(count) : null;
    let i = 0;
    each((slot, other, weight) => {
      slots[i] = slot;
      others[i] = other;
      if (weights !== null) weights[i] = weight;
      i++;
    });
    table.build(this.#table.count, slots, others, weights);
  }
}

function undirected(): Relation {
  const both = new Adjacency();
  return { directed: false, out: both, in: both };
}
