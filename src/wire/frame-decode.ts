import { MyriadError } from "../base/error.ts";
import { COLUMN_BYTES, columnLength, spreadColumn } from "./column.ts";
import type { EventBatch } from "./event-batch.ts";
import {
  alignTo,
  closingStart,
  type FrameHeader,
  frameBytes,
  HEADER_BYTES,
  ROW_BYTES,
  readHeader,
} from "./frame-header.ts";
import { isVariable, type PayloadCodec } from "./payload.ts";
import { decodePlain } from "./plain-codec.ts";
import { HIDDEN_MASK, RowGroups } from "./row-groups.ts";
import { readText } from "./utf8.ts";

type Codecs = readonly PayloadCodec[];

const WORDS_INITIAL = 4096;
const groups = new RowGroups();
/** Payload words of the frame at hand, row by row within each event type. */
let words = new Float64Array(WORDS_INITIAL);
/** By event type: the next word in `words`. Hidden words of a type stand before its payloads. */
let nextWord = new Uint32Array(0);
let nextHidden = new Uint32Array(0);

/**
 * Appends a frame's events to the batches that `bucketFor` names, in row order; `bucketFor` is called once a row and
 * must not decode another frame. Expects a verified checksum. Throws CORRUPT when columns and header disagree,
 * UNKNOWN_EVENT for an event type without a codec; nothing has been appended then.
 */
export function decodeEvents(
  frame: Uint8Array,
  codecs: Codecs,
  bucketFor: (time: number, meta: number) => EventBatch,
): void {
  const header = readHeader(frame);
  const count = header.count;
  if (count === 0) return;
  const buffer = alignedBuffer(frame);
  const base = frame.byteOffset % 8 === 0 ? frame.byteOffset : 0;
  const u32At = (at: number): Uint32Array => new Uint32Array(buffer, base + at, count);
  const rowsAt = HEADER_BYTES + count * 8;
  const time = new Float64Array(buffer, base + HEADER_BYTES, count);
  const to = u32At(rowsAt);
  const from = u32At(rowsAt + count * 4);
  const seq = u32At(rowsAt + count * 8);
  const meta = u32At(rowsAt + count * 12);
  groups.count(meta, 0, count, codecs);
  const values = readPayloads(buffer, base, frame.length, header, codecs);

  for (let row = 0; row < count; row++) {
    const rowMeta = meta[row]!;
    const type = rowMeta & 0xffff;
    const codec = codecs[type]!;
    const bucket = bucketFor(time[row]!, rowMeta);
    if ((rowMeta & HIDDEN_MASK) !== 0) bucket.pushWord(words[nextHidden[type]!++]!);
    bucket.push(time[row]!, to[row]!, from[row]!, seq[row]!, rowMeta);
    const width = codec.fields.length;
    if (width === 0) continue;
    const word = nextWord[type]!;
    nextWord[type] = word + width;
    if (codec.numeric) for (let w = 0; w < width; w++) bucket.pushWord(words[word + w]!);
    else pushMixed(bucket, codec, word, values);
  }
}

function pushMixed(bucket: EventBatch, codec: PayloadCodec, word: number, values: readonly unknown[]): void {
  const fields = codec.fields;
  for (let f = 0; f < fields.length; f++) {
    const value = words[word + f]!;
    if (isVariable(fields[f]!.kind)) bucket.pushRef(values[value]);
    else bucket.pushWord(value);
  }
}

/** The frame's memory if its columns are aligned there, else a copy. */
function alignedBuffer(frame: Uint8Array): ArrayBuffer {
  if (frame.byteOffset % 8 === 0) return frame.buffer as ArrayBuffer;
  const copy = new Uint8Array(frame.length);
  copy.set(frame);
  return copy.buffer;
}

/** Turns payload columns into `words`; what text and json words point to is returned. */
function readPayloads(
  buffer: ArrayBuffer,
  base: number,
  length: number,
  header: FrameHeader,
  codecs: Codecs,
): unknown[] {
  let at = HEADER_BYTES + header.count * ROW_BYTES;
  const columnsEnd = groups.measure(at, codecs);
  if (frameBytes(closingStart(columnsEnd + header.blobBytes), header.closingBytes) !== length) {
    throw new MyriadError("CORRUPT", `the columns of a frame of ${length} bytes end at ${columnsEnd}`);
  }
  reserve(codecs);
  const values: unknown[] = [];
  const blob = Buffer.from(buffer, base + columnsEnd, header.blobBytes);
  let blobAt = 0;
  for (const type of groups.types) {
    const count = groups.countOf(type);
    const hidden = groups.hiddenOf(type);
    if (hidden > 0) {
      at = alignTo(at, 4);
      spreadColumn("u32", buffer, base + at, hidden, words, nextHidden[type]!, 1);
      at += hidden * 4;
    }
    const fields = codecs[type]!.fields;
    for (let f = 0; f < fields.length; f++) {
      const kind = fields[f]!.kind;
      const first = nextWord[type]! + f;
      at = alignTo(at, COLUMN_BYTES[kind]);
      if (isVariable(kind)) {
        for (let i = 0; i < count; i++) words[first + i * fields.length] = values.length + i;
        const ends = new Uint32Array(buffer, base + at, columnLength(kind, count));
        if (kind === "text") blobAt = readTexts(ends, blob, blobAt, values);
        else blobAt = readJson(ends[0]!, count, blob, blobAt, values);
      } else spreadColumn(kind, buffer, base + at, count, words, first, fields.length);
      at += columnLength(kind, count) * COLUMN_BYTES[kind];
    }
  }
  return values;
}

/** Appends the values of a column of text and returns where the last one ends. */
function readTexts(ends: Uint32Array, blob: Buffer, start: number, values: unknown[]): number {
  let from = start;
  for (let i = 0; i < ends.length; i++) {
    const end = checkedEnd(ends[i]!, from, blob);
    values.push(readText(blob, from, end));
    from = end;
  }
  return from;
}

/** The same for a column of json. */
function readJson(end: number, count: number, blob: Buffer, start: number, values: unknown[]): number {
  const column = decodePlain(blob.subarray(start, checkedEnd(end, start, blob)));
  if (!Array.isArray(column) || column.length !== count) {
    throw new MyriadError("CORRUPT", `a column of json is not an array of ${count} values`);
  }
  for (let i = 0; i < count; i++) values.push(column[i]);
  return end;
}

function checkedEnd(end: number, start: number, blob: Buffer): number {
  if (end >= start && end <= blob.length) return end;
  throw new MyriadError("CORRUPT", `text or json ends at ${end}; it starts at ${start}, of ${blob.length} bytes`);
}

/** Makes room for the words of all rows and sets where each type's begin. */
function reserve(codecs: Codecs): void {
  if (nextWord.length < codecs.length) {
    nextWord = new Uint32Array(codecs.length);
    nextHidden = new Uint32Array(codecs.length);
  }
  let size = 0;
  for (const type of groups.types) {
    nextHidden[type] = size;
    size += groups.hiddenOf(type);
    nextWord[type] = size;
    size += groups.countOf(type) * codecs[type]!.fields.length;
  }
  if (words.length < size) words = new Float64Array(Math.max(size, words.length * 2));
}
