import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { EdgeReader } from "../src/model/edge-reader.ts";
import { buildCsr, type Csr } from "../src/placement/csr.ts";
import { gridGraph, plantedGraph } from "../src/placement/graphs.suite.ts";
import { readPieces } from "../src/store/data-file.ts";

/** A graph to place, and the type of each vertex where it has types. */
export interface BenchGraph {
  readonly graph: Csr;
  readonly typeOf?: ArrayLike<number> | undefined;
}

/** Where the graphs of a bench come from. */
export interface GraphSource {
  readonly names: readonly string[];
  load(name: string): Promise<BenchGraph>;
  /** The folder, where there is one. */
  readonly folder?: string;
}

interface Library {
  load(name: string): {
    n: number;
    u: Uint32Array;
    v: Uint32Array;
    w?: Uint32Array;
    cost?: Uint32Array;
    type?: Uint8Array;
  };
}

/** Above that METIS and a median of seeds take longer than a look is worth; larger ones are benched by name. */
const VERTICES_MAX = 200_000;

/** The graphs of a folder with `graph.mjs` (load(name)) and `open/manifest.json`; without one, what the repository has. */
export async function graphSource(path: string): Promise<GraphSource> {
  const folder = resolve(path);
  if (!existsSync(join(folder, "graph.mjs"))) {
    console.log(`no graphs in ${path}: benching those of the examples and made ones instead (--graphs DIR)`);
    return ownGraphs();
  }
  const library = (await import(pathToFileURL(join(folder, "graph.mjs")).href)) as Library;
  const manifest = JSON.parse(readFileSync(join(folder, "open/manifest.json"), "utf8")) as {
    graphs: { name: string; n: number }[];
  };
  return {
    folder,
    names: manifest.graphs.filter((graph) => graph.n < VERTICES_MAX).map((graph) => graph.name),
    async load(name) {
      const { n, u, v, w, cost, type } = library.load(name);
      return { graph: buildCsr(n, u, v, { edges: w, vertices: cost }), typeOf: type };
    },
  };
}

const EXAMPLES = ["epidemic/data/friendships", "opinions/data/collaborations", "rumor/data/contacts"];

function ownGraphs(): GraphSource {
  const made: Record<string, () => BenchGraph | Promise<BenchGraph>> = {
    "planted-1e4": () => ({ graph: plantedGraph(10_000, 100, 12, 4, 1).graph }),
    "planted-1e5": () => ({ graph: plantedGraph(100_000, 500, 10, 4, 1).graph }),
    "grid-1e4": () => ({ graph: gridGraph(100) }),
  };
  for (const path of EXAMPLES) made[basename(path)] = () => exampleGraph(path);
  return {
    names: Object.keys(made),
    async load(name) {
      const make = made[name];
      if (make === undefined) throw new Error(`there is no graph "${name}"; there are ${Object.keys(made).join(", ")}`);
      return make();
    },
  };
}

async function exampleGraph(path: string): Promise<BenchGraph> {
  const file = fileURLToPath(new URL(`../examples/${path}.el.gz`, import.meta.url));
  const reader = new EdgeReader(path, { heedCount: true });
  for await (const piece of readPieces(file, path)) reader.push(piece);
  const { nodeCount, source, target } = reader.finish();
  return { graph: buildCsr(nodeCount, source, target) };
}
