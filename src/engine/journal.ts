import { MyriadError } from "../base/error.ts";
import { snapshot } from "../base/plain.ts";
import type { Outcome } from "./effects.ts";
import type { EncodedRow } from "./rows.ts";

/** The journal of an activation: what it read and what it was answered, in order. */
export type Entry =
  | {
      readonly kind: "answer";
      readonly call: number;
      readonly time: number;
      /** Agents of the run at that time. */
      readonly total: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: string; readonly value: unknown };

/** All that it takes to run a suspended handler again, as plain data (protocol 5). */
export interface ActivationRecord {
  readonly agent: number;
  readonly event: EncodedRow;
  readonly now: number;
  /** Agents of the run when it began. */
  readonly total: number;
  readonly state: Uint8Array;
  readonly counters: readonly [draws: number, sends: number, children: number, calls: number];
  readonly entries: readonly Entry[];
  /** Outputs that have left the activation: they are not emitted again. */
  readonly outputs: number;
  readonly retire: boolean;
  /** Answers that are in but not due. */
  readonly outcomes: readonly (readonly [call: number, outcome: Outcome])[];
  readonly waiting: readonly EncodedRow[];
}

/**
 * What an activation read, was answered and has put out, so that its handler can be run again to the same point: while
 * it is, reads come from here and known outputs are not repeated.
 */
export class Journal {
  readonly entries: Entry[] = [];
  /** True while the handler is being run again. */
  rerunning = false;
  #replay: readonly Entry[] = [];
  #position = 0;
  #outputs = 0;
  #known = 0;
  #committed = 0;

  /** Outputs that have left the activation. */
  get committed(): number {
    return this.#committed;
  }

  /** A segment has ended well: its outputs leave. */
  commit(): void {
    this.#committed = this.#outputs;
  }

  /** Counts an output. True when it left in an earlier life: it is not to be emitted again. */
  suppress(): boolean {
    return this.#outputs++ < this.#known;
  }

  begin(record: Pick<ActivationRecord, "entries" | "outputs">): void {
    this.rerunning = true;
    this.#replay = record.entries;
    this.#known = record.outputs;
  }

  end(): void {
    this.rerunning = false;
    this.commit();
  }

  /** The next journalled read, when there is one. */
  recall(kind: string): { value: unknown } | undefined {
    const entry = this.#replay[this.#position];
    if (entry === undefined) return undefined;
    if (entry.kind !== kind || !("value" in entry)) {
      throw new MyriadError("PROTOCOL", `run again, the handler asks for ${kind} where it asked for ${entry.kind}`);
    }
    this.#position++;
    this.entries.push(entry);
    return { value: snapshot(entry.value, kind) };
  }

  /** The next journalled answer; undefined at the end. */
  nextAnswer(): Extract<Entry, { call: number }> | undefined {
    const entry = this.#replay[this.#position];
    if (entry === undefined) return undefined;
    if (!("call" in entry))
      throw new MyriadError("PROTOCOL", "run again, the handler did not read what it read before");
    this.#position++;
    return entry;
  }

  /** Keeps a read. Copied: what the handler got may be a view, or may be changed by it. */
  note(kind: string, value: unknown): void {
    const copy = ArrayBuffer.isView(value) ? (value as Uint32Array).slice() : value;
    this.entries.push({ kind, value: copy === undefined ? null : snapshot(copy, kind) });
  }
}
