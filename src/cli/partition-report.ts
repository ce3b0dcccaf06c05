import type { PlacementOutcome } from "../runtime/placement-thread.ts";
import type { PartitionArguments } from "./partition-options.ts";
import { grouped, table } from "./table.ts";

/** What `myriad partition --json` prints. */
export interface PartitionReport {
  readonly nodes: number;
  /** Without loops, parallel ones as one. */
  readonly edges: number;
  readonly k: number;
  /** The share of the edge weight that lies between workers. */
  readonly cut: number;
  readonly cutWeight: number;
  /** Of all edges. */
  readonly edgeWeight: number;
  /** The largest load over its fair share, minus 1. */
  readonly imbalance: number;
  /** Wall clock of the partitioning alone; `cpuSeconds` is its processor time. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Not with --present. */
  readonly preset?: string;
  readonly seed: number;
  readonly objective: string;
  readonly volume?: number;
  readonly linkCost?: number;
  /** Weight of the edges between two types, and what of it is cut; heaviest first. */
  readonly typeCut?: readonly TypePair[];
  readonly moved?: number;
  readonly movedLoad?: number;
  /** `movedLoad` over the whole load. */
  readonly movedFraction?: number;
}

interface TypePair {
  readonly types: readonly [string, string];
  readonly weight: number;
  readonly cutWeight: number;
  readonly cut: number;
}

export function partitionReport(
  outcome: PlacementOutcome,
  typeNames: readonly string[],
  { preset = "fast", seed, objective }: PartitionArguments,
  peakRssBytes: number,
): PartitionReport {
  const { parts, limits, edges, cutFraction, cut, edgeWeight, imbalance, seconds, cpuSeconds } = outcome;
  const { change, volume, linkCost, typeCut } = outcome;
  return {
    nodes: parts.length,
    edges,
    k: limits.length,
    cut: cutFraction,
    cutWeight: cut,
    edgeWeight,
    imbalance,
    seconds,
    cpuSeconds,
    peakRssBytes,
    ...(change === undefined ? { preset } : {}),
    seed,
    objective,
    ...(volume === undefined ? {} : { volume }),
    ...(linkCost === undefined ? {} : { linkCost }),
    ...(typeCut === undefined ? {} : { typeCut: typePairs(typeCut, typeNames) }),
    ...change,
  };
}

function typePairs({ cut, total, types }: NonNullable<PlacementOutcome["typeCut"]>, names: readonly string[]) {
  const pairs: TypePair[] = [];
  for (let a = 0; a < types; a++) {
    for (let b = a; b < types; b++) {
      const weight = total[a * types + b]!;
      const cutWeight = cut[a * types + b]!;
      if (weight > 0) pairs.push({ types: [names[a]!, names[b]!], weight, cutWeight, cut: cutWeight / weight });
    }
  }
  return pairs.sort((one, two) => two.weight - one.weight);
}

/** Pairs of types that people are shown; JSON has them all. */
const PAIRS_SHOWN = 20;
const MEBIBYTE = 2 ** 20;
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

/** The same for people. */
export function partitionText(report: PartitionReport): string {
  const { nodes, edges, k, cut, cutWeight, edgeWeight, imbalance, seconds, cpuSeconds } = report;
  const rows: [string, string][] = [
    ["nodes", grouped(nodes)],
    ["edges", grouped(edges)],
    ["workers", grouped(k)],
    ["cut", `${percent(cut)} of the edge weight: ${grouped(cutWeight)} of ${grouped(edgeWeight)}`],
    ["imbalance", `${percent(imbalance)} above the fair share`],
  ];
  if (report.volume !== undefined) rows.push(["volume", grouped(report.volume)]);
  if (report.linkCost !== undefined) rows.push(["link cost", grouped(report.linkCost)]);
  if (report.moved !== undefined) {
    const { moved, movedLoad = 0, movedFraction = 0 } = report;
    rows.push(["moved", `${grouped(moved)} nodes, ${percent(movedFraction)} of the load: ${grouped(movedLoad)}`]);
  }
  rows.push(["seconds", `${seconds.toFixed(2)}, processor ${cpuSeconds.toFixed(2)}`]);
  rows.push(["peak memory", `${grouped(Math.ceil(report.peakRssBytes / MEBIBYTE))} MiB`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const text = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
  return report.typeCut === undefined ? text : `${text}\n\n${pairsText(report.typeCut)}`;
}

function pairsText(pairs: readonly TypePair[]): string {
  const rows = pairs
    .slice(0, PAIRS_SHOWN)
    .map(({ types, weight, cutWeight, cut }) => [types.join(" - "), grouped(weight), grouped(cutWeight), percent(cut)]);
  const text = table([["types", "edge weight", "cut", "share"], ...rows]);
  return pairs.length > PAIRS_SHOWN ? `${text}\n... ${pairs.length - PAIRS_SHOWN} more pairs: --json` : text;
}
