import { MyriadError } from "../base/error.ts";

/** A part of the run whose process is gone. */
export interface LostPart {
  /** Worker id. */
  readonly part: number;
  /** Agents that it hosts. */
  readonly agents: number;
}

/** A living process that may take parts over. */
export interface Host {
  readonly id: number;
  /** Parts that it hosts already; none: it is a spare. */
  readonly parts: number;
  readonly agents: number;
  /** Most agents that it may ever host; Infinity: no limit. */
  readonly agentsMax: number;
  /** Relative to that of the others, above 0. */
  readonly capacity: number;
}

/**
 * Which process takes which lost part over, by part: spares first, then whoever has the least to carry for its capacity;
 * nobody beyond its limit. Parts go whole, the largest first. Throws CAPACITY with the numbers when there is no room for one.
 */
export function chooseHosts(lost: readonly LostPart[], hosts: readonly Host[]): Map<number, number> {
  const chosen = new Map<number, number>();
  const now = hosts.map((host) => ({ ...host }));
  for (const { part, agents } of [...lost].sort((a, b) => b.agents - a.agents || a.part - b.part)) {
    const able = now.filter((host) => host.agents + agents <= host.agentsMax);
    if (able.length === 0) {
      const room = now.map(({ id, agentsMax, agents: has }) => `process ${id} has room for ${agentsMax - has}`);
      const who = room.length === 0 ? "no worker is left" : room.join(", ");
      throw new MyriadError("CAPACITY", `nobody can take over the ${agents} agents of worker ${part}: ${who}`);
    }
    const load = (host: Host): number => (host.parts === 0 ? -1 : (host.agents + agents) / host.capacity);
    const best = able.reduce((a, b) => {
      const order = load(a) - load(b) || b.capacity - a.capacity || a.id - b.id;
      return order <= 0 ? a : b;
    });
    chosen.set(part, best.id);
    now[now.indexOf(best)] = { ...best, parts: best.parts + 1, agents: best.agents + agents };
  }
  return chosen;
}
