import type { Clock } from "../base/clock.ts";
import type { WorkerLoop } from "../cluster/worker-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { WorkerBulk } from "../wire/gen/myriad/v1/bulk.ts";
import { encodeRows } from "./chunks.ts";
import type { MasterBulkStream } from "./master-streams.ts";
import type { BirthRows } from "./run-collector.ts";

/** Between two reports, unless many rows have come before. */
const REPORT_MS = 100;
/** So many records are sent at the next barrier: they may be large, and are held until they are sent. */
const RECORDS_MAX = 64;
/** Rows are sent on when so many have come together, however little time has passed. */
const ROWS_MAX = 10_000;
/** Only this worker tells what all of them know. */
const SPOKESMAN = 0;

export interface ReporterOptions {
  readonly engine: Engine;
  readonly loop: WorkerLoop;
  readonly stream: Pick<MasterBulkStream, "send" | "sendPaced" | "room">;
  readonly self: number;
  readonly keepRecords: boolean;
  readonly keepStates: boolean;
  readonly clock: Clock;
}

/** Tells the master what a worker's windows brought: in batches, never event by event. */
export class Reporter {
  readonly #options: ReporterOptions;
  #lastMs = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** After each barrier. While the master does not keep up, resolves when it does: rows do not pile up here. */
  onBarrier(): Promise<void> | undefined {
    const { clock, engine, stream } = this.#options;
    const now = clock.now();
    if (now - this.#lastMs < REPORT_MS && engine.core.records.length < RECORDS_MAX) return undefined;
    this.#lastMs = now;
    this.flush();
    return stream.room;
  }

  /** Sends what has come together, whether or not the master keeps up; `next`: and that it is all from before this window. */
  flush(next?: number): void {
    const { stream } = this.#options;
    for (const message of this.#pending()) stream.send(message);
    if (next !== undefined) stream.send(report(next, {}));
  }

  /** The last report: all rows, then the final states, at the pace of the master. */
  async finish(): Promise<void> {
    const { engine, stream, keepStates } = this.#options;
    for (const message of this.#pending()) await stream.sendPaced(message);
    if (!keepStates) return;
    let rows: unknown[] = [];
    const send = async (): Promise<void> => {
      for (const bytes of encodeRows(rows, "the state of an agent")) {
        await stream.sendPaced({ message: { $case: "states", value: { rows: bytes } } });
      }
      rows = [];
    };
    for (const state of engine.states()) {
      if (rows.push(state) >= ROWS_MAX) await send();
    }
    await send();
  }

  *#pending(): Generator<WorkerBulk> {
    const { engine, self, keepRecords, loop } = this.#options;
    const samples = engine.takeSamples();
    const births = engine.takeBirths();
    const window = loop.window;
    if (self === SPOKESMAN) {
      for (const bytes of encodeRows(samples, "a sample")) yield report(window, { samples: bytes });
      // An engine that was loaded from a checkpoint had births before.
      const known = engine.core.table.total - births.length;
      for (let first = 0; first < births.length; first += ROWS_MAX) {
        const part = births.slice(first, first + ROWS_MAX);
        for (const bytes of encodeRows([birthRows(known + first, part)], "births"))
          yield report(window, { births: bytes });
      }
    }
    const records = engine.takeRecords();
    if (!keepRecords) return;
    if (records.length === 0) return;
    const pieces = [...encodeRows(records, "a record")];
    for (const [i, rows] of pieces.entries()) {
      yield { message: { $case: "records", value: { rows, window, more: i + 1 < pieces.length } } };
    }
  }
}

const birthRows = (first: number, births: readonly { type: number; worker: number }[]): BirthRows => ({
  first,
  types: Uint16Array.from(births, ({ type }) => type),
  workers: Uint16Array.from(births, ({ worker }) => worker),
});

function report(window: number, parts: { samples?: Uint8Array; births?: Uint8Array }): WorkerBulk {
  const none = new Uint8Array(0);
  const value = { window, samples: parts.samples ?? none, births: parts.births ?? none };
  return { message: { $case: "report", value } };
}
