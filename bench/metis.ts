import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Csr } from "../src/placement/csr.ts";
import { edgeCut } from "../src/placement/quality.ts";

export interface Measured {
  readonly cut: number;
  /** Processor seconds of partitioning alone. */
  readonly seconds: number;
}

/** Whether `gpmetis` is there (Debian package metis). */
export const hasMetis = (): boolean => spawnSync("gpmetis", ["-help"]).error === undefined;

/** Writes the graph for `gpmetis`, with weights; loads must be integers. */
export function writeMetis({ vertexCount, offsets, targets, edgeWeights, vertexWeights }: Csr, file: string): void {
  const descriptor = openSync(file, "w");
  let text = `${vertexCount} ${targets.length / 2} 011\n`;
  for (let v = 0; v < vertexCount; v++) {
    text += vertexWeights[v];
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) text += ` ${targets[i]! + 1} ${edgeWeights[i]}`;
    text += "\n";
    if (text.length < 1 << 20 && v < vertexCount - 1) continue;
    writeSync(descriptor, text);
    text = "";
  }
  closeSync(descriptor);
}

/** METIS k-way on a file written by `writeMetis`, loads within 3%: the median of three seeds. */
export function runMetis(file: string, graph: Csr, k: number): Measured {
  const cuts: number[] = [];
  const times: number[] = [];
  for (const seed of [1, 2, 3]) {
    const args = ["-ptype=kway", "-ufactor=30", `-seed=${seed}`, file, String(k)];
    const out = execFileSync("gpmetis", args, { encoding: "utf8" });
    times.push(Number(/Partitioning:\s+([\d.]+)/.exec(out)![1]));
    const parts = Uint16Array.from(readFileSync(`${file}.part.${k}`, "utf8").split("\n").filter(Boolean), Number);
    cuts.push(edgeCut(graph, parts));
  }
  return { cut: median(cuts), seconds: median(times) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
