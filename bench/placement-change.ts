/**
 * Placement under change, and on a tree of links, measured as the list asks:
 *
 *   npx tsx bench/placement-change.ts [--graphs DIR] [NAME...]
 *
 * Per graph, k = 16: re-partition after a tenth of the agents got another agent's neighbourhood (cut over a fresh partition, load moved); a fifth of the agents
 * placed one at a time, then one re-partition with little to move (cut over a full run, microseconds each); two hosts of two workers, dear between hosts
 * (cost over that of the flat partition with its best mapping).
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildCsr, type Csr } from "../src/placement/csr.ts";
import { mapBlocks } from "../src/placement/mapping.ts";
import { partition } from "../src/placement/partition.ts";
import { edgeCut, totalEdgeWeight } from "../src/placement/quality.ts";
import { repartition } from "../src/placement/repartition.ts";
import { Chance } from "../src/placement/shuffle.ts";
import { Streaming } from "../src/placement/streaming.ts";
import { linkCostOf, linkCosts, partitionTopology } from "../src/placement/topology.ts";

interface Edges {
  n: number;
  u: Uint32Array;
  v: Uint32Array;
  w?: Uint32Array;
  cost?: Uint32Array;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { graphs: { type: "string", default: "../shared/graphs" } },
});
const library = (await import(pathToFileURL(join(resolve(flags.graphs), "graph.mjs")).href)) as {
  load(name: string): Edges;
};
const WORKERS = 16;
const HOSTS = {
  cost: 10,
  children: [
    { cost: 1, children: [0, 1] },
    { cost: 1, children: [2, 3] },
  ],
};

for (const name of positionals.length > 0 ? positionals : ["email-enron", "lfr-1e5-mu3", "city-1e5"]) {
  const edges = library.load(name);
  const graph = buildCsr(edges.n, edges.u, edges.v, { edges: edges.w, vertices: edges.cost });
  console.log([name, churn(edges, graph), newcomers(graph), topology(graph)].join(" | "));
}

/** A tenth of the agents take over the neighbourhood of another one. */
function churn(edges: Edges, graph: Csr): string {
  const chance = new Chance(77);
  const as = new Int32Array(edges.n).map((_, v) => v);
  for (let v = 0; v < edges.n; v++) if (chance.below(10) === 0) as[v] = chance.below(edges.n);
  const source = edges.u.slice();
  const target = edges.v.slice();
  for (let i = 0; i < source.length; i++) {
    const [a, b] = [edges.u[i]!, edges.v[i]!];
    // The edge end that has changed is reached from the stand-in's side of the graph.
    if (as[a] !== a) source[i] = standIn(edges.n, a, as);
    if (as[b] !== b) target[i] = standIn(edges.n, b, as);
  }
  const changed = buildCsr(edges.n, source, target, { edges: edges.w, vertices: edges.cost });
  const present = partition(graph, WORKERS).parts;
  const fresh = partition(changed, WORKERS).cut;
  const cells = [0.05, 0.1, 0.2].map((moveCost) => {
    const { cut, movedFraction } = repartition(changed, present, WORKERS, { moveCost });
    return `${moveCost}: ${(cut / fresh).toFixed(3)} moving ${(100 * movedFraction).toFixed(1)}%`;
  });
  return `churn: kept ${(edgeCut(changed, present) / fresh).toFixed(2)}, ${cells.join(", ")}`;
}

/** Changed agents swap places in a ring, so that degrees stay as they are. */
function standIn(n: number, v: number, as: Int32Array): number {
  let next = v;
  do next = (next + 1) % n;
  while (as[next] === next);
  return next;
}

function newcomers(graph: Csr): string {
  const chance = new Chance(99);
  const isNew = Uint8Array.from({ length: graph.vertexCount }, () => (chance.below(5) === 0 ? 1 : 0));
  const full = partition(graph, WORKERS);
  const source: number[] = [];
  const target: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < graph.vertexCount; v++) {
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      const u = graph.targets[i]!;
      if (u < v || isNew[v] === 1 || isNew[u] === 1) continue;
      source.push(v);
      target.push(u);
      weights.push(graph.edgeWeights[i]!);
    }
  }
  const loads = graph.vertexWeights.map((load, v) => (isNew[v] === 1 ? 0 : load));
  const old = partition(buildCsr(graph.vertexCount, source, target, { edges: weights, vertices: loads }), WORKERS);
  const parts = old.parts.slice();
  const settled = new Uint8Array(isNew.map((x) => 1 - x));
  const load = graph.totalLoad;
  const stream = new Streaming({ limits: full.limits, loads: old.loads, edgeWeight: totalEdgeWeight(graph), load });
  const near = new Int32Array(graph.vertexCount);
  const ties = new Float64Array(graph.vertexCount);
  const before = performance.now();
  let count = 0;
  for (let v = 0; v < graph.vertexCount; v++) {
    if (isNew[v] === 0) continue;
    let known = 0;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      const u = graph.targets[i]!;
      if (settled[u] === 0) continue;
      near[known] = parts[u]!;
      ties[known++] = graph.edgeWeights[i]!;
    }
    parts[v] = stream.place(graph.vertexWeights[v]!, near, ties, known);
    settled[v] = 1;
    count++;
  }
  const microseconds = ((performance.now() - before) * 1000) / count;
  const polished = repartition(graph, parts, WORKERS, { moveCost: 0.05 });
  const ratio = (cut: number): string => (cut / full.cut).toFixed(3);
  return `newcomers: ${ratio(edgeCut(graph, parts))} at ${microseconds.toFixed(2)} us, polished ${ratio(polished.cut)} moving ${(100 * polished.movedFraction).toFixed(1)}%`;
}

function topology(graph: Csr): string {
  const { costs, count } = linkCosts(HOSTS);
  const flat = partition(graph, count);
  const mapped = mapBlocks(graph, flat.parts, flat.limits, costs, undefined);
  const { linkCost } = partitionTopology(graph, HOSTS);
  return `topology: ${(linkCost / linkCostOf(graph, mapped, costs, count)).toFixed(3)} of flat and mapped`;
}
