import { SAMPLES_MAX } from "../base/limits.ts";
import type { Closing } from "./closing.ts";
import type { Core } from "./core.ts";
import { mergeSamples, type Sample, type SamplePartial, samplePartial } from "./sampler.ts";

export interface SavedSampling {
  readonly latest: Sample | undefined;
  readonly count: number;
  readonly unseen: boolean;
}

/** When observations are sampled: at every multiple of `observeEvery`, of windows that were skipped as well. */
export class Sampling {
  /** The last sample. */
  latest: Sample | undefined;
  /** Samples that nobody has taken over yet. */
  pending: Sample[] = [];
  readonly #core: Core;
  /** In windows. */
  readonly #every: number;
  #count = 0;
  /** True when something has happened since the last sample. */
  #unseen = false;

  constructor(core: Core) {
    this.#core = core;
    this.#every = Math.round(core.program.observeEvery / core.program.lookahead);
  }

  /** All but the samples that nobody has taken over, as plain data. */
  save(): SavedSampling {
    return { latest: this.latest, count: this.#count, unseen: this.#unseen };
  }

  load({ latest, count, unseen }: SavedSampling): void {
    this.latest = latest;
    this.#count = count;
    this.#unseen = unseen;
  }

  /** Agents were born at the edge: the next sample shows them. */
  noteBirths(): void {
    this.#unseen = true;
  }

  /** This worker's part of the sample at `edge`, when one is due there. */
  partial(edge: number): SamplePartial | undefined {
    const { program, table } = this.#core;
    if (program.observations.length === 0 || edge % this.#every !== 0) return undefined;
    return samplePartial(program, table);
  }

  /** Merges the partials of a window that ends at `edge`, when a sample is due there. */
  take(closings: readonly Closing[], edge: number): boolean {
    const { program, grid, stopTime } = this.#core;
    // The last window may end after `until.time`: events of its end are not run, so it is not sampled.
    if (program.observations.length === 0 || grid.edge(edge) > stopTime) return false;
    if (edge % this.#every !== 0) {
      this.#unseen = true;
      return false;
    }
    const values = mergeSamples(
      program,
      closings.map(({ more }) => more.sample!),
    );
    this.#keep({ time: grid.edge(edge), values });
    // Births take effect after this sample: they are seen by the next.
    this.#unseen = closings.some(({ more }) => more.births !== undefined);
    return true;
  }

  /** A window that is empty but for the sample at its end, when one is due before `next` and would show something new. */
  windowBefore(edge: number, next: number): number | undefined {
    if (!this.#unseen || this.#core.program.observations.length === 0) return undefined;
    const due = (Math.floor(edge / this.#every) + 1) * this.#every;
    if (due - 1 >= next || this.#core.grid.edge(due) > this.#core.stopTime) return undefined;
    return due - 1;
  }

  /** Samples at the edges of skipped windows: nothing has changed since the last. False when there are too many. */
  repeat(edge: number, next: number): boolean {
    if (this.latest === undefined) return true;
    const { grid, stopTime } = this.#core;
    const { values } = this.latest;
    const first = (Math.floor(edge / this.#every) + 1) * this.#every;
    for (let due = first; due <= next && grid.edge(due) <= stopTime; due += this.#every) {
      if (this.#count >= SAMPLES_MAX) return false;
      this.#keep({ time: grid.edge(due), values });
    }
    return true;
  }

  #keep(sample: Sample): void {
    this.latest = sample;
    this.pending.push(sample);
    this.#count++;
  }
}
