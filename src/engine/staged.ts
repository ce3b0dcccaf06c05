import type { TieChange } from "./relations.ts";

/** An agent to be born at the next edge. */
export interface Birth {
  readonly parent: number;
  /** How many the parent had before it; (parent, child) orders the births of a window. */
  readonly child: number;
  readonly type: number;
  readonly profile: unknown;
}

/** One `ctx.record`; `number` counts the records of a window on this worker, so that an agent's rows keep their order. */
export interface RecordRow {
  readonly time: number;
  readonly agent: number;
  readonly number: number;
  readonly series: string;
  readonly value: unknown;
}

/** A send to another agent that is to be taken back: applied at the barrier, where its target lives. */
export interface Cancellation {
  readonly to: number;
  readonly from: number;
  readonly low: number;
}

/** What one segment of a handler has asked for beside events; taken over when it ends well, dropped when it throws. */
export class Staged {
  /** False while there is nothing to take over: the common case, told by one test. */
  dirty = false;
  retire = false;
  readonly births: Birth[] = [];
  readonly ties: TieChange[] = [];
  readonly puts: { id: number; value: unknown }[] = [];
  readonly records: { series: string; value: unknown }[] = [];
  /** Handles of own timers. */
  readonly timers: number[] = [];
  readonly cancellations: Cancellation[] = [];

  clear(): void {
    this.dirty = false;
    this.retire = false;
    this.births.length = 0;
    this.ties.length = 0;
    this.puts.length = 0;
    this.records.length = 0;
    this.timers.length = 0;
    this.cancellations.length = 0;
  }
}
