import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { Registry } from "../cluster/registry.ts";
import { mergeSamples } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import type { Program } from "../model/program.ts";
import type { Finished } from "../wire/gen/myriad/v1/bulk.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { type MergedResult, mergeResults, type WorkerResult } from "./part-result.ts";
import type { RecordRow, RunWriter, SampleRow, StateRow } from "./run-writer.ts";
import type { BulkFromWorker, WorkerLink } from "./worker-link.ts";

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

/** Gathers at the master what workers report, and passes it on. */
export class RunCollector {
  readonly #options: CollectorOptions;
  readonly #parts: (WorkerResult | undefined)[];
  readonly #pieces: (Uint8Array[] | undefined)[] = [];
  readonly #done = new Deferred<Collected>();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#parts = new Array(options.workers).fill(undefined);
  }

  /** Resolves when every worker has finished. */
  get done(): Promise<Collected> {
    return this.#done.promise;
  }

  /** Takes a message; false when it is none of the collector's. */
  accept(link: WorkerLink, message: BulkFromWorker): boolean {
    switch (message.$case) {
      case "report":
        this.#report(message.value.samples, message.value.births);
        return true;
      case "records":
        this.#options.out?.records(decodePlain(message.value.rows) as RecordRow[]);
        return true;
      case "states":
        this.#options.out?.states?.(decodePlain(message.value.rows) as StateRow[]);
        return true;
      case "finished":
        this.#takeResult(link, message.value);
        return true;
      default:
        return false;
    }
  }

  #report(samples: Uint8Array, births: Uint8Array): void {
    const { registry, out } = this.#options;
    if (samples.length > 0) out?.samples(decodePlain(samples) as SampleRow[]);
    if (births.length === 0) return;
    for (const rows of decodePlain(births) as BirthRows[]) {
      if (rows.first !== registry.count) {
        throw new MyriadError("PROTOCOL", `births from index ${rows.first} on; ${registry.count} is next`);
      }
      registry.addBirths(rows.types, rows.workers);
    }
  }

  /** A worker's result comes in pieces: the partials of its last sample may be of any size. */
  #takeResult(link: WorkerLink, { result, more }: Finished): void {
    const pieces = (this.#pieces[link.id] ??= []);
    pieces.push(result);
    if (more) return;
    this.#pieces[link.id] = undefined;
    this.#finished(link, decodePlain(Buffer.concat(pieces)) as WorkerResult);
  }

  #finished(link: WorkerLink, part: WorkerResult): void {
    if (this.#parts[link.id] !== undefined) throw new MyriadError("PROTOCOL", `${link.title} finished twice`);
    link.stage = "finished";
    this.#parts[link.id] = part;
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
