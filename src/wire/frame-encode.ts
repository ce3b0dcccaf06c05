import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES, FRAME_BYTES_MAX } from "../base/limits.ts";
import { sealChecksum } from "./checksum.ts";
import { COLUMN_BYTES, columnLength, gatherColumn } from "./column.ts";
import type { EventBatch } from "./event-batch.ts";
import {
  alignTo,
  closingStart,
  type FrameStamp,
  frameBytes,
  HEADER_BYTES,
  ROW_BYTES,
  writeHeader,
} from "./frame-header.ts";
import { isVariable, type PayloadCodec } from "./payload.ts";
import { encodePlain } from "./plain-codec.ts";
import { HIDDEN_MASK, RowGroups } from "./row-groups.ts";
import { VariableBlob } from "./variable-blob.ts";

type Codecs = readonly PayloadCodec[];

/** Text and json that may take so many frames are not encoded to see whether they fit into one; it is an upper bound. */
const REFS_TRIED = 4;
const groups = new RowGroups();
const blob = new VariableBlob(FRAME_BYTES_MAX);

/**
 * All of a batch as one frame, with a closing section unless that is null. Throws LIMIT when it takes more than
 * FRAME_BYTES_MAX (`encodeFrames` splits), UNKNOWN_EVENT for a row whose event type has no codec.
 */
export function encodeFrame(
  stamp: FrameStamp,
  batch: EventBatch | null,
  codecs: Codecs,
  closing: Uint8Array | null,
): Uint8Array {
  const count = batch?.count ?? 0;
  const frame = encodeRows(stamp, batch, 0, count, codecs, closing, closing !== null);
  if (frame === undefined)
    throw new MyriadError("LIMIT", `a frame of ${count} events takes more than ${FRAME_BYTES_MAX} bytes`);
  return frame;
}

/**
 * All of a batch in as many frames as it takes, numbered from `stamp.frameSeq` on; one at least. The last one is the
 * closing frame if there is a closing section; a large section begins in frames before it (`closingOf` joins them).
 * Throws LIMIT when one event alone is too large for a frame.
 */
export function encodeFrames(
  stamp: FrameStamp,
  batch: EventBatch | null,
  codecs: Codecs,
  closing: Uint8Array | null,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const add = (first: number, end: number, part: Uint8Array | null, last: boolean): void => {
    const frameSeq = stamp.frameSeq + frames.length;
    const frame = encodeRows({ ...stamp, frameSeq }, batch, first, end, codecs, part, last);
    if (frame !== undefined) frames.push(frame);
    else if (end - first > 1) {
      const middle = (first + end) >>> 1;
      add(first, middle, null, false);
      add(middle, end, part, last);
    } else if (part !== null) {
      add(first, end, null, false);
      add(end, end, part, last);
    } else throw tooLarge(batch!, first, codecs);
  };
  let rest = closing;
  for (; rest !== null && rest.length > CHUNK_BYTES; rest = rest.subarray(CHUNK_BYTES)) {
    add(0, 0, rest.subarray(0, CHUNK_BYTES), false);
  }
  add(0, batch?.count ?? 0, rest, rest !== null);
  return frames;
}

const refsAtMost = (batch: EventBatch, rows: number): number => (batch.refBytes / batch.count) * rows;

/** Rows [first, end) as a frame, or nothing when that is too large. */
function encodeRows(
  stamp: FrameStamp,
  batch: EventBatch | null,
  first: number,
  end: number,
  codecs: Codecs,
  closing: Uint8Array | null,
  last: boolean,
): Uint8Array | undefined {
  const count = end - first;
  const closingBytes = closing?.length ?? 0;
  // Cheap refusal before anything is looked at: this much it takes in any case.
  if (HEADER_BYTES + count * ROW_BYTES + closingBytes > FRAME_BYTES_MAX) return undefined;
  if (count > 1 && refsAtMost(batch!, count) > REFS_TRIED * FRAME_BYTES_MAX) return undefined;
  let columnsEnd = HEADER_BYTES;
  let blobBytes = 0;
  blob.clear();
  if (batch !== null && count > 0) {
    groups.group(batch.meta, first, end, codecs);
    columnsEnd = groups.measure(HEADER_BYTES + count * ROW_BYTES, codecs);
    if (groups.variable && !fillBlob(batch, codecs)) return undefined;
    blobBytes = blob.length;
  }
  const closingAt = closingStart(columnsEnd + blobBytes);
  const bytes = frameBytes(closingAt, closingBytes);
  if (bytes > FRAME_BYTES_MAX) return undefined;

  // Zeroed, so that gaps are, and on 8 bytes, so that columns are.
  const buffer = new ArrayBuffer(bytes);
  const frame = new Uint8Array(buffer);
  writeHeader(frame, { ...stamp, closing: last, count, blobBytes, closingBytes });
  if (batch !== null && count > 0) {
    writeRows(buffer, batch, first, end);
    writePayloads(buffer, HEADER_BYTES + count * ROW_BYTES, batch, codecs);
    frame.set(blob.bytes(), columnsEnd);
  }
  if (closing !== null) frame.set(closing, closingAt);
  sealChecksum(frame);
  return frame;
}

function writeRows(buffer: ArrayBuffer, batch: EventBatch, first: number, end: number): void {
  const count = end - first;
  new Float64Array(buffer, HEADER_BYTES, count).set(batch.time.subarray(first, end));
  let at = HEADER_BYTES + count * 8;
  for (const column of [batch.to, batch.from, batch.seq, batch.meta]) {
    new Uint32Array(buffer, at, count).set(column.subarray(first, end));
    at += count * 4;
  }
}

/** The payload columns of each event type present, in the order that `RowGroups.measure` laid out. */
function writePayloads(buffer: ArrayBuffer, start: number, batch: EventBatch, codecs: Codecs): void {
  let at = start;
  let variables = 0;
  for (const type of groups.types) {
    const rows = groups.rowsOf(type);
    const source = { words: batch.words, offset: batch.offset, rows };
    if (groups.hiddenOf(type) > 0) {
      at = alignTo(at, 4);
      const replies =
        groups.hiddenOf(type) === rows.length ? rows : rows.filter((row) => (batch.meta[row]! & HIDDEN_MASK) !== 0);
      gatherColumn("u32", buffer, at, { ...source, rows: replies }, -1);
      at += replies.length * 4;
    }
    const fields = codecs[type]!.fields;
    for (let f = 0; f < fields.length; f++) {
      const kind = fields[f]!.kind;
      const length = columnLength(kind, rows.length);
      at = alignTo(at, COLUMN_BYTES[kind]);
      if (isVariable(kind)) {
        new Uint32Array(buffer, at, length).set(blob.ends(variables, length));
        variables += length;
      } else gatherColumn(kind, buffer, at, source, f);
      at += length * COLUMN_BYTES[kind];
    }
  }
}

/** Encodes all text and json, column after column. False when that alone is too large for a frame. */
function fillBlob(batch: EventBatch, codecs: Codecs): boolean {
  const { words, offset, refs } = batch;
  for (const type of groups.types) {
    const { fields, numeric } = codecs[type]!;
    if (numeric) continue;
    const rows = groups.rowsOf(type);
    for (let f = 0; f < fields.length; f++) {
      const kind = fields[f]!.kind;
      if (kind === "json") {
        // The keys of records that are alike are written once, and read by code that is made for them once.
        const values = Array.from(rows, (row) => refs[words[offset[row]! + f]!]);
        if (!blob.addBytes(encodePlain(values))) return false;
      } else if (kind === "text") {
        for (let i = 0; i < rows.length; i++) {
          if (!blob.addText(refs[words[offset[rows[i]!]! + f]!] as string)) return false;
        }
      }
    }
  }
  return true;
}

function tooLarge(batch: EventBatch, row: number, codecs: Codecs): MyriadError {
  const codec = codecs[batch.meta[row]! & 0xffff]!;
  groups.group(batch.meta, row, row + 1, codecs);
  let end = groups.measure(HEADER_BYTES + ROW_BYTES, codecs);
  codec.fields.forEach(({ kind }, f) => {
    if (!isVariable(kind)) return;
    const value = batch.refs[batch.words[batch.offset[row]! + f]!];
    end += kind === "text" ? Buffer.byteLength(value as string) : encodePlain([value]).length;
  });
  const bytes = frameBytes(closingStart(end), 0);
  return new MyriadError("LIMIT", `event "${codec.event}" takes a frame of ${bytes} bytes; at most ${FRAME_BYTES_MAX}`);
}
