import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES, CONTROL_BYTES_MAX } from "../base/limits.ts";
import { encodePlain } from "../wire/plain-codec.ts";

/** Room for what surrounds the bytes in a message. */
const ENVELOPE_BYTES = 1024;

/** Rows that are tried first; from there on their size decides. */
const ROWS_FIRST = 64;

/**
 * Rows of plain data, encoded in pieces of at most CHUNK_BYTES, one at a time, so that no more than a piece is held twice.
 * Throws LIMIT when one row alone does not fit a control message; `what` names it.
 */
export function* encodeRows(rows: readonly unknown[], what: string): Generator<Uint8Array> {
  let size = ROWS_FIRST;
  for (let first = 0; first < rows.length; ) {
    const part = rows.slice(first, first + size);
    const bytes = encodePlain(part);
    if (bytes.length > CHUNK_BYTES && part.length > 1) {
      size = Math.max(1, Math.floor((part.length * CHUNK_BYTES) / bytes.length / 2));
      continue;
    }
    checkMessageBytes(bytes.length, what);
    yield bytes;
    first += part.length;
    if (bytes.length < CHUNK_BYTES / 2) size *= 2;
  }
}

/** Refuses what would be over the limit of a control message. */
export function checkMessageBytes(bytes: number, what: string): void {
  const most = CONTROL_BYTES_MAX - ENVELOPE_BYTES;
  if (bytes > most)
    throw new MyriadError("LIMIT", `${what} takes ${bytes} bytes; at most ${most} fit a control message`);
}

/** The memory of a typed array, as a message carries it. */
export const asBytes = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Columns back from the bytes of a message, which stand at any address: copied. (A Buffer's `slice` would not copy.) */
export const asU16 = (bytes: Uint8Array): Uint16Array => new Uint16Array(new Uint8Array(bytes).buffer);
export const asU32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(new Uint8Array(bytes).buffer);
export const asF64 = (bytes: Uint8Array): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
