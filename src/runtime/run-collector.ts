import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { WindowGrid } from "../base/grid.ts";
import type { Registry } from "../cluster/registry.ts";
import { mergeSamples } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import type { Program } from "../model/program.ts";
import type { Finished, Records } from "../wire/gen/myriad/v1/bulk.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import type { PartLink } from "./part-link.ts";
import { type MergedResult, mergeResults, type WorkerResult } from "./part-result.ts";
import type { RecordRow, RunWriter, SampleRow, StateRow } from "./run-writer.ts";
import type { BulkFromWorker } from "./worker-link.ts";

/** Agents born while running, in the order of their indices. */
export interface BirthRows {
  /** Index of the first. */
  readonly first: number;
  readonly types: ArrayLike<number>;
  readonly workers: ArrayLike<number>;
}

export interface CollectorOptions {
  readonly program: Program;
  readonly registry: Registry;
  readonly workers: number;
  readonly out: RunWriter | undefined;
}

/** What all workers have brought about together. */
export interface Collected {
  readonly merged: MergedResult;
  /** Of the final states. */
  readonly observations: Record<string, ObservedValue>;
}

/**
 * Gathers at the master what parts report, and passes it on, once each: a part that was lost reports again what came since
 * the checkpoint that its successor begins from.
 */
export class RunCollector {
  readonly #options: CollectorOptions;
  readonly #grid: WindowGrid;
  readonly #parts: (WorkerResult | undefined)[];
  /** By part: what has come of rows or of a result whose last piece has not. */
  readonly #records: RecordRow[][] = [];
  readonly #states: StateRow[][] = [];
  readonly #pieces: Uint8Array[][] = [];
  /** By part: all from before this window has come ... */
  readonly #marks: number[] = [];
  /** ... and who waits for that. */
  readonly #waiting: ({ readonly window: number; readonly then: () => void } | undefined)[] = [];
  /** By part: records of windows up to this one have been passed on. */
  readonly #through: number[];
  #sampledAt = Number.NEGATIVE_INFINITY;
  readonly #done = new Deferred<Collected>();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#grid = new WindowGrid(options.program.lookahead);
    this.#parts = new Array(options.workers).fill(undefined);
    this.#through = new Array(options.workers).fill(Number.NEGATIVE_INFINITY);
    this.forget([...this.#parts.keys()]);
  }

  /**
   * Parts begin anew: what has come of them in pieces is void. When all do, so is what they came to: a command to stop takes
   * effect at another barrier then.
   */
  forget(parts: readonly number[]): void {
    if (parts.length === this.#parts.length) this.#parts.fill(undefined);
    for (const part of parts) {
      this.#records[part] = [];
      this.#states[part] = [];
      this.#pieces[part] = [];
      this.#marks[part] = Number.NEGATIVE_INFINITY;
      this.#waiting[part] = undefined;
    }
  }

  /** Resolves when every worker has finished. */
  get done(): Promise<Collected> {
    return this.#done.promise;
  }

  /** Takes a message; false when it is none of the collector's. */
  accept(link: PartLink, message: BulkFromWorker): boolean {
    switch (message.$case) {
      case "report":
        this.#report(message.value.samples, message.value.births);
        this.#marked(link.part, message.value.window);
        return true;
      case "records":
        this.#takeRecords(link.part, message.value);
        return true;
      case "states":
        for (const row of decodePlain(message.value.rows) as StateRow[]) this.#states[link.part]!.push(row);
        return true;
      case "finished":
        this.#takeResult(link, message.value);
        return true;
      default:
        return false;
    }
  }

  /**
   * Calls back when all has come that a part had to report from before a window. A part begins from a checkpoint as if that
   * were so, and what it reports is on another stream than that it has saved one. `forget` drops the call.
   */
  onReported(part: number, window: number, then: () => void): void {
    if (this.#marks[part]! >= window) then();
    else this.#waiting[part] = { window, then };
  }

  #marked(part: number, window: number): void {
    this.#marks[part] = Math.max(this.#marks[part]!, window);
    const waiting = this.#waiting[part];
    if (waiting === undefined || window < waiting.window) return;
    this.#waiting[part] = undefined;
    waiting.then();
  }

  #report(samples: Uint8Array, births: Uint8Array): void {
    const { registry, out } = this.#options;
    if (samples.length > 0) {
      const rows = (decodePlain(samples) as SampleRow[]).filter(({ time }) => time > this.#sampledAt);
      this.#sampledAt = rows.at(-1)?.time ?? this.#sampledAt;
      if (rows.length > 0) out?.samples(rows);
    }
    if (births.length === 0) return;
    for (const { first, types, workers } of decodePlain(births) as BirthRows[]) {
      if (first > registry.count) {
        throw new MyriadError("PROTOCOL", `births from index ${first} on; ${registry.count} is next`);
      }
      const known = registry.count - first;
      if (known >= types.length) continue;
      registry.addBirths(Array.from(types).slice(known), Array.from(workers).slice(known));
    }
  }

  #takeRecords(part: number, { rows, window, more }: Records): void {
    const pieces = this.#records[part]!;
    for (const row of decodePlain(rows) as RecordRow[]) pieces.push(row);
    if (more) return;
    this.#records[part] = [];
    const through = this.#through[part]!;
    const fresh = pieces.filter(({ time }) => this.#grid.windowOf(time) > through);
    this.#through[part] = Math.max(through, window);
    if (fresh.length > 0) this.#options.out?.records(fresh);
  }

  /** A worker's result comes in pieces: the partials of its last sample may be of any size. */
  #takeResult(link: PartLink, { result, more }: Finished): void {
    const pieces = this.#pieces[link.part]!;
    pieces.push(result);
    if (more) return;
    this.#pieces[link.part] = [];
    this.#finished(link, decodePlain(Buffer.concat(pieces)) as WorkerResult);
  }

  #finished(link: PartLink, part: WorkerResult): void {
    link.stage = "finished";
    const states = this.#states[link.part]!;
    this.#states[link.part] = [];
    // It has come before: the process was lost after that, and others needed what it kept.
    if (this.#parts[link.part] !== undefined) return;
    this.#parts[link.part] = part;
    if (states.length > 0) this.#options.out?.states?.(states);
    const parts = this.#parts.filter((entry) => entry !== undefined);
    if (parts.length < this.#parts.length) return;
    const merged = mergeResults(parts);
    const { program, out } = this.#options;
    const samples = parts.map(({ sample }) => sample);
    const observations = mergeSamples(program, samples);
    const { virtualTime } = merged;
    if (part.sampledAt !== virtualTime) out?.samples([{ time: virtualTime, values: observations }]);
    this.#done.resolve({ merged, observations });
  }
}
