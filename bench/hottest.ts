import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A V8 profile, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node ids, one a sample, and the microseconds before each. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
  };
  /** Lines count from 1. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** A place in the code, and its part of the time in which the process was busy. */
export interface Hot {
  readonly name: string;
  readonly share: number;
}

export interface Hottest {
  /** By the time spent in the function itself, descending. */
  readonly functions: readonly Hot[];
  readonly lines: readonly Hot[];
  readonly busyMs: number;
  /** Of the whole time. */
  readonly idleShare: number;
}

/** Where a profile's time went. Places in `root`'s `dist` are named as in its sources. */
export function hottest(profile: CpuProfile, root: string): Hottest {
  const selfUs = new Map<number, number>();
  for (const [i, id] of profile.samples.entries()) {
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, profile.timeDeltas[i]!));
  }
  const sources = new Sources(root);
  const functions = new Map<string, number>();
  const lines = new Map<string, number>();
  let busyUs = 0;
  let idleUs = 0;
  for (const { id, callFrame, positionTicks = [] } of profile.nodes) {
    const us = selfUs.get(id) ?? 0;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === "(idle)") {
      idleUs += us;
      continue;
    }
    busyUs += us;
    const place = url === "" ? "" : ` ${sources.place(url, lineNumber + 1)}`;
    add(functions, `${functionName || "(anonymous)"}${place}`, us);
    const ticks = positionTicks.reduce((sum, tick) => sum + tick.ticks, 0);
    for (const tick of positionTicks) {
      // V8 gives some inlined code a line of another file: what cannot be here counts as the function's first line.
      const line = tick.line > lineNumber && tick.line <= sources.linesOf(url) ? tick.line : lineNumber + 1;
      const at = url === "" ? functionName : sources.place(url, line);
      add(lines, at, (us * tick.ticks) / ticks);
    }
    if (ticks === 0) add(lines, functionName || "(anonymous)", us);
  }
  const sorted = (times: Map<string, number>): Hot[] =>
    [...times].sort((a, b) => b[1] - a[1]).map(([name, us]) => ({ name, share: us / busyUs }));
  const idleShare = idleUs / (busyUs + idleUs);
  return { functions: sorted(functions), lines: sorted(lines), busyMs: busyUs / 1000, idleShare };
}

function add(times: Map<string, number>, name: string, us: number): void {
  times.set(name, (times.get(name) ?? 0) + us);
}

/** Names places: built files by their source maps, packages by their names. */
class Sources {
  readonly #root: string;
  readonly #lines = new Map<string, number>();
  readonly #maps = new Map<string, SourceMap | undefined>();

  constructor(root: string) {
    this.#root = root;
  }

  place(url: string, line: number): string {
    if (!url.startsWith("file:")) return `${url}:${line}`;
    const file = fileURLToPath(url);
    const map = this.#mapOf(file);
    // The last mapping of the line: the first may belong to what closes the line before.
    const entry = map?.findEntry(line - 1, Number.MAX_SAFE_INTEGER);
    if (entry === undefined || !("originalSource" in entry)) return `${this.#short(file)}:${line}`;
    return `${this.#short(join(dirname(file), entry.originalSource))}:${entry.originalLine + 1}`;
  }

  /** How many lines the file has; of what is not a file, any number. */
  linesOf(url: string): number {
    if (!url.startsWith("file:")) return Number.POSITIVE_INFINITY;
    const known = this.#lines.get(url);
    if (known !== undefined) return known;
    const file = fileURLToPath(url);
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").length : Number.POSITIVE_INFINITY;
    this.#lines.set(url, lines);
    return lines;
  }

  #mapOf(file: string): SourceMap | undefined {
    if (!this.#maps.has(file)) {
      const path = `${file}.map`;
      const payload = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SourceMapPayload) : undefined;
      this.#maps.set(file, payload === undefined ? undefined : new SourceMap(payload));
    }
    return this.#maps.get(file);
  }

  #short(file: string): string {
    const packaged = file.lastIndexOf("/node_modules/");
    return packaged >= 0 ? file.slice(packaged + "/node_modules/".length) : relative(this.#root, file);
  }
}
