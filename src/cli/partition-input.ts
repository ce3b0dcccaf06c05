import { resolve } from "node:path";
import { MyriadError } from "../base/error.ts";
import { type EdgeColumns, EdgeReader } from "../model/edge-reader.ts";
import { linkCosts } from "../placement/topology.ts";
import type { PlacementTask } from "../runtime/placement-thread.ts";
import { readTopology } from "../runtime/topology-file.ts";
import type { PartitionArguments } from "./partition-options.ts";
import { eachPiece, readNumbers, readWords } from "./value-file.ts";

export interface PartitionInput {
  readonly task: PlacementTask;
  /** What types are called, by number; empty without types. */
  readonly typeNames: readonly string[];
}

/** Reads all files that the options name, small ones first. Throws INVALID_DATA and INVALID_ARGUMENT, and STOPPED when aborted. */
export async function readInput(
  path: string,
  options: PartitionArguments,
  signal: AbortSignal,
): Promise<PartitionInput> {
  const { capacity, imbalance, preset, objective, seed, timeBudget } = options;
  const topology =
    options.topology === undefined ? undefined : await readTopology(options.topology, resolve(options.topology));
  const capacities =
    capacity === undefined ? undefined : await readNumbers(capacity, { what: "capacity", min: 0 }, signal);
  const counts = [
    { from: "-k", count: options.k },
    { from: `the file of --capacity ${capacity}`, count: capacities?.length },
    { from: `the tree of --topology ${options.topology}`, count: topology && linkCosts(topology).count },
  ];
  const k = agreed(counts);
  const { nodeCount, source, target, weight } = await readEdges(path, signal);
  const perNode = async <T extends ArrayLike<number>>(file: string | undefined, read: (file: string) => Promise<T>) => {
    if (file === undefined) return undefined;
    const values = await read(file);
    if (values.length === nodeCount) return values;
    throw new MyriadError("INVALID_DATA", `${file} has ${values.length} values, but ${path} has ${nodeCount} nodes`);
  };
  let typeNames: readonly string[] = [];
  const typeOf = await perNode(options.types, async (file) => {
    const { codes, names } = await readWords(file, signal);
    typeNames = names;
    return codes;
  });
  const loads = await perNode(options.loads, (file) => readNumbers(file, { what: "load", min: 0 }, signal));
  const worker = { what: "worker", max: k - 1, integer: true };
  const pins = await perNode(options.pins, (file) => readNumbers(file, { ...worker, min: -1 }, signal));
  const present = await perNode(options.present, (file) => readNumbers(file, { ...worker, min: 0 }, signal));
  const task: PlacementTask = {
    vertexCount: nodeCount,
    source,
    target,
    edgeWeights: weight ?? undefined,
    loads: loads && Float64Array.from(loads),
    typeOf,
    crossTypeFactor: options.typeFactor,
    workers: capacities === undefined ? k : Float64Array.from(capacities),
    topology,
    present: present && Uint16Array.from(present),
    moveCost: options.moveCost,
    options: {
      imbalance,
      preset,
      objective,
      seed,
      timeBudgetMs: timeBudget && timeBudget * 1000,
      pinned: pins && Int32Array.from(pins),
    },
  };
  return { task, typeNames };
}

async function readEdges(path: string, signal: AbortSignal): Promise<EdgeColumns> {
  const reader = new EdgeReader(path, { heedCount: true, refuseNegative: true });
  await eachPiece(path, signal, (piece) => reader.push(piece));
  return reader.finish();
}

/** The number of workers, which all that say one must agree on. */
function agreed(counts: readonly { from: string; count: number | undefined }[]): number {
  const said = counts.filter(({ count }) => count !== undefined);
  const first = said[0]!;
  const other = said.find(({ count }) => count !== first.count);
  if (other === undefined) return first.count!;
  throw new MyriadError(
    "INVALID_ARGUMENT",
    `${first.from} says ${first.count} workers, but ${other.from} says ${other.count}`,
  );
}
