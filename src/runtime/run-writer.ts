import type { ObservedValue } from "../model/observation.ts";
import type { RunResult } from "./run.ts";

/** All observations at one virtual time. */
export interface SampleRow {
  time: number;
  values: Record<string, ObservedValue>;
}

/** One `ctx.record(series, value)`; `number` ascends over the records of one agent at one time, and says no more. */
export interface RecordRow {
  time: number;
  agent: number;
  number: number;
  series: string;
  value: unknown;
}

/** One agent at the end of the run. */
export interface StateRow {
  index: number;
  name: string;
  type: string;
  state: unknown;
  flag?: "retired" | "quarantined";
}

/**
 * Receives what a run produces. Samples come in order of time; records and states in any order (those of one
 * agent in theirs) and in any number of calls. `finish` comes once, last, also after a stop; not after a failure.
 */
export interface RunWriter {
  samples(rows: readonly SampleRow[]): void;
  records(rows: readonly RecordRow[]): void;
  /** A checkpoint was made: from here on, a run that breaks off begins again there. Default: nothing is done. */
  checkpoint?(): void;
  /** Left out: final states are not gathered. */
  states?(rows: Iterable<StateRow>): void;
  finish(result: RunResult): void | Promise<void>;
}
