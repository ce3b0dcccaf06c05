import type { Csr } from "../src/placement/csr.ts";

/**
 * What the followed system does under the name of community detection, written anew from its description: connected components, smallest degree first; a
 * component that does not fit a worker is cut in the order of how many types a vertex meets, heedless of edges; each piece goes to the worker with the fewest
 * agents. It counts agents, not their cost.
 */
export function componentsGreedy(graph: Csr, typeOf: ArrayLike<number>, k: number): Uint16Array {
  const n = graph.vertexCount;
  const parts = new Uint16Array(n);
  const agents = new Int32Array(k);
  const share = Math.ceil(n / k);
  for (const component of components(graph)) {
    if (component.length > share)
      component.sort((a, b) => typesMet(graph, typeOf, b) - typesMet(graph, typeOf, a) || a - b);
    for (let from = 0; from < component.length; ) {
      let worker = 0;
      for (let b = 1; b < k; b++) if (agents[b]! < agents[worker]!) worker = b;
      const length = Math.min(component.length - from, Math.max(1, share - agents[worker]!));
      for (let i = from; i < from + length; i++) parts[component[i]!] = worker;
      agents[worker]! += length;
      from += length;
    }
  }
  return parts;
}

function components(graph: Csr): number[][] {
  const degree = (v: number): number => graph.offsets[v + 1]! - graph.offsets[v]!;
  const order = Array.from({ length: graph.vertexCount }, (_, v) => v).sort((a, b) => degree(a) - degree(b) || a - b);
  const seen = new Uint8Array(graph.vertexCount);
  const found: number[][] = [];
  for (const start of order) {
    if (seen[start] === 1) continue;
    seen[start] = 1;
    const component = [start];
    for (let at = 0; at < component.length; at++) {
      const v = component[at]!;
      for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
        const u = graph.targets[i]!;
        if (seen[u] === 1) continue;
        seen[u] = 1;
        component.push(u);
      }
    }
    found.push(component);
  }
  return found;
}

function typesMet(graph: Csr, typeOf: ArrayLike<number>, v: number): number {
  const types = new Set<number>();
  for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) types.add(typeOf[graph.targets[i]!]!);
  return types.size;
}
