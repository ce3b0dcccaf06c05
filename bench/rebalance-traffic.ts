import type { TrafficReport } from "../src/cluster/traffic-report.ts";
import { TrafficSketch } from "../src/cluster/traffic-sketch.ts";
import { buildCsr, type Csr } from "../src/placement/csr.ts";
import { type Chance, permutation } from "../src/placement/shuffle.ts";

/** Who writes to whom next: pairs of agents, and their number. */
export interface Traffic {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** Agents in groups of equal size, drawn at random. */
export function drawGroups(agents: number, groups: number, chance: Chance): Int32Array {
  const group = new Int32Array(agents);
  for (const [at, agent] of permutation(agents, chance).entries()) group[agent] = at % groups;
  return group;
}

/** Events of random agents, each to a random member of the sender's group, or with chance `outside` to anyone. */
export function groupTraffic(group: Int32Array, events: number, outside: number, chance: Chance): Traffic {
  const members: number[][] = [];
  for (const [agent, of] of group.entries()) (members[of] ??= []).push(agent);
  const from = new Uint32Array(events);
  const to = new Uint32Array(events);
  for (let i = 0; i < events; i++) {
    from[i] = chance.below(group.length);
    const near = members[group[from[i]!]!]!;
    to[i] = chance.unit() < outside ? chance.below(group.length) : near[chance.below(near.length)]!;
  }
  return { from, to };
}

/** Events along the ties of a graph, each as likely as it is heavy. */
export function tieTraffic(graph: Csr, events: number, chance: Chance): Traffic {
  const sources = new Uint32Array(graph.targets.length);
  for (let v = 0; v < graph.vertexCount; v++) sources.fill(v, graph.offsets[v], graph.offsets[v + 1]);
  const from = new Uint32Array(events);
  const to = new Uint32Array(events);
  for (let i = 0; i < events; i++) {
    const at = chance.below(sources.length);
    from[i] = sources[at]!;
    to[i] = graph.targets[at]!;
  }
  return { from, to };
}

/** All of it as a graph: what a placement with full knowledge is made from. Loads are those of the planner, by events handled. */
export function graphOfTraffic(agents: number, { from, to }: Traffic): Csr {
  const vertices = new Float64Array(agents).fill(0.25);
  for (let i = 0; i < to.length; i++) vertices[to[i]!]! += (0.75 * agents) / to.length;
  return buildCsr(agents, from, to, { vertices });
}

/** Share of the events between parts. */
export function remoteShare({ from, to }: Traffic, placement: Uint16Array): number {
  let remote = 0;
  for (let i = 0; i < from.length; i++) if (placement[from[i]!] !== placement[to[i]!]) remote++;
  return remote / from.length;
}

/** The workers' view of it: each sender's part notes all, and each part says what its agents have handled. */
export class Observers {
  readonly sketches: TrafficSketch[];
  readonly #handled: Uint32Array;

  constructor(agents: number, parts: number) {
    this.sketches = Array.from({ length: parts }, (_, part) => new TrafficSketch({ part, parts, every: 1 }));
    this.#handled = new Uint32Array(agents);
  }

  note({ from, to }: Traffic, placement: Uint16Array): void {
    for (let i = 0; i < from.length; i++) {
      const sketch = this.sketches[placement[from[i]!]!]!;
      sketch.note(from[i]!, to[i]!);
      sketch.count(placement[to[i]!]!, 1);
      this.#handled[to[i]!]!++;
    }
  }

  /** What the parts say, and then half of it is forgotten. */
  report(placement: Uint16Array): TrafficReport[] {
    const reports = this.sketches.map((sketch, part) => {
      const agents = Uint32Array.from(placement.keys()).filter((agent) => placement[agent] === part);
      return sketch.encode({ agents, handled: agents.map((agent) => this.#handled[agent]!) });
    });
    for (const sketch of this.sketches) sketch.decay();
    for (const [agent, count] of this.#handled.entries()) this.#handled[agent] = count >>> 1;
    return reports;
  }
}
