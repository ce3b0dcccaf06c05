import { HANDLE_SPAN } from "../base/limits.ts";
import { type EventBatch, FLAG_GONE, FLAG_REPLY, metaFlag, metaType } from "../wire/event-batch.ts";
import type { PayloadCodec } from "../wire/payload.ts";

/** One event as plain data. */
export interface EncodedRow {
  readonly time: number;
  readonly to: number;
  readonly from: number;
  readonly seq: number;
  readonly meta: number;
  /** Of a reply: the number of its request; else 0. */
  readonly request: number;
  readonly payload: unknown;
}

/** True for rows with the number of their request in the word before the payload. */
export const answers = (meta: number): boolean => metaFlag(meta) === FLAG_REPLY || metaFlag(meta) === FLAG_GONE;

/** The number of the request that a reply answers. */
export const requestOf = (batch: EventBatch, row: number): number => batch.words[batch.offset[row]! - 1]!;

/** Appends a copy of a row, payload and all, to another batch. Returns the new row. */
export function copyRow(from: EventBatch, row: number, to: EventBatch, codecs: readonly PayloadCodec[]): number {
  const meta = from.meta[row]!;
  if (answers(meta)) to.pushWord(requestOf(from, row));
  const offset = to.wordCount;
  codecs[metaType(meta)]!.copy(from, from.offset[row]!, to, false);
  return to.pushAt(from.time[row]!, from.to[row]!, from.from[row]!, from.seq[row]!, meta, offset);
}

export function encodeRow(batch: EventBatch, row: number, codecs: readonly PayloadCodec[]): EncodedRow {
  const meta = batch.meta[row]!;
  return {
    time: batch.time[row]!,
    to: batch.to[row]!,
    from: batch.from[row]!,
    seq: batch.seq[row]!,
    meta,
    request: answers(meta) ? requestOf(batch, row) : 0,
    payload: codecs[metaType(meta)]!.read(batch, row),
  };
}

export function decodeRow(row: EncodedRow, to: EventBatch, codecs: readonly PayloadCodec[]): void {
  if (answers(row.meta)) to.pushWord(row.request);
  const offset = to.wordCount;
  codecs[metaType(row.meta)]!.write(to, row.payload as Record<string, unknown>);
  to.pushAt(row.time, row.to, row.from, row.seq, row.meta, offset);
}

/** The row, from `first` on, of an agent's event to itself whose number ends in `low`; or -1. */
export function findOwn(batch: EventBatch, agent: number, low: number, first = 0): number {
  for (let row = first; row < batch.count; row++) {
    if (batch.from[row] === agent && batch.to[row] === agent && batch.seq[row]! % HANDLE_SPAN === low) return row;
  }
  return -1;
}
