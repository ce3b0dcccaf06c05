import type { Clock } from "../base/clock.ts";
import type { MyriadError } from "../base/error.ts";
import type { Log } from "./log.ts";
import type { WorkerTable } from "./worker-table.ts";

export interface HealthOptions {
  readonly table: WorkerTable;
  readonly clock: Clock;
  readonly log: Log;
  /** A worker not heard of for so long is late. */
  readonly timeoutMs: number;
  /** Between two looks. */
  readonly intervalMs: number;
}

/** Marks and reports workers whose beats do not come. Returns what ends it. */
export function watchHealth({ table, clock, log, timeoutMs, intervalMs }: HealthOptions): () => void {
  const look = (): void => {
    for (const link of table.links) {
      const silentMs = Math.round(clock.now() - link.lastBeatMs);
      if (link.late || silentMs <= timeoutMs) continue;
      link.late = true;
      log.warn("worker is late", { worker: link.name, lastBeatMs: silentMs });
    }
    cancel = clock.setTimer(intervalMs, look);
  };
  let cancel = clock.setTimer(intervalMs, look);
  return () => cancel();
}

/** When a worker dies, several sides tell within this time; the one that knows best is believed. */
const EVIDENCE_MS = 250;

/** Collects what is said of a loss, and passes the weightiest on once. */
export class LossVerdict {
  readonly #clock: Clock;
  readonly #decide: (reason: MyriadError) => void;
  #best: { readonly reason: MyriadError; readonly weight: number } | undefined;

  constructor(clock: Clock, decide: (reason: MyriadError) => void) {
    this.#clock = clock;
    this.#decide = decide;
  }

  /** `weight`: how much the witness knows; of equal ones the first is believed. */
  hear(reason: MyriadError, weight: number): void {
    if (this.#best === undefined) this.#clock.setTimer(EVIDENCE_MS, () => this.#decide(this.#best!.reason));
    if (this.#best === undefined || weight > this.#best.weight) this.#best = { reason, weight };
  }
}
