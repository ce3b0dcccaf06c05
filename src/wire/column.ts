import type { FieldKind } from "./payload.ts";

/** Bytes of an element of a field's column. Fields of variable size have ends of bytes in the blob there. */
export const COLUMN_BYTES: Record<FieldKind, 1 | 2 | 4 | 8> = {
  u8: 1,
  bool: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  ref: 4,
  f32: 4,
  f64: 8,
  text: 4,
  json: 4,
};

/** Elements of the column of so many rows. Json is one value, an array of all that the rows have: it has one end. */
export const columnLength = (kind: FieldKind, rows: number): number => (kind === "json" ? 1 : rows);

/** Where words come from: element i is words[offset[rows[i]] + field]. */
export interface WordSource {
  words: Float64Array;
  offset: Uint32Array;
  rows: Uint32Array;
}

// One loop for each array type, so that each stays monomorphic: a shared one is several times slower.

/** Fills the column at `at` from field number `field` of the rows. A hidden word is field -1, of kind u32. */
export function gatherColumn(
  kind: FieldKind,
  buffer: ArrayBuffer,
  at: number,
  source: WordSource,
  field: number,
): void {
  const { words, offset, rows } = source;
  const count = rows.length;
  switch (COLUMN_BYTES[kind]) {
    case 1: {
      const column = new Uint8Array(buffer, at, count);
      for (let i = 0; i < count; i++) column[i] = words[offset[rows[i]!]! + field]!;
      return;
    }
    case 2: {
      const column = new Uint16Array(buffer, at, count);
      for (let i = 0; i < count; i++) column[i] = words[offset[rows[i]!]! + field]!;
      return;
    }
    case 8: {
      const column = new Float64Array(buffer, at, count);
      for (let i = 0; i < count; i++) column[i] = words[offset[rows[i]!]! + field]!;
      return;
    }
    case 4:
      if (kind === "f32") {
        const column = new Float32Array(buffer, at, count);
        for (let i = 0; i < count; i++) column[i] = words[offset[rows[i]!]! + field]!;
      } else {
        const column = new Uint32Array(buffer, at, count);
        for (let i = 0; i < count; i++) column[i] = words[offset[rows[i]!]! + field]!;
      }
  }
}

/** The way back: element i of the column at `at` becomes words[first + i * stride]. */
export function spreadColumn(
  kind: FieldKind,
  buffer: ArrayBuffer,
  at: number,
  count: number,
  words: Float64Array,
  first: number,
  stride: number,
): void {
  let to = first;
  switch (COLUMN_BYTES[kind]) {
    case 1: {
      const column = new Uint8Array(buffer, at, count);
      for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
      return;
    }
    case 2: {
      const column = new Uint16Array(buffer, at, count);
      for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
      return;
    }
    case 8: {
      const column = new Float64Array(buffer, at, count);
      for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
      return;
    }
    case 4:
      spreadWords(kind, buffer, at, count, words, first, stride);
  }
}

function spreadWords(
  kind: FieldKind,
  buffer: ArrayBuffer,
  at: number,
  count: number,
  words: Float64Array,
  first: number,
  stride: number,
): void {
  let to = first;
  if (kind === "f32") {
    const column = new Float32Array(buffer, at, count);
    for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
  } else if (kind === "i32") {
    const column = new Int32Array(buffer, at, count);
    for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
  } else {
    const column = new Uint32Array(buffer, at, count);
    for (let i = 0; i < count; i++, to += stride) words[to] = column[i]!;
  }
}
