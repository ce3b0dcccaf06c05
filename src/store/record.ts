import type { ByteWriter } from "../base/bytes.ts";
import { crc } from "./crc.ts";

/*
 * A record of an appended file: magic u16, kind u8, length u32, number f64, settled f64, CRC-32 u32 over all else under the file's salt, contents.
 * `settled` is what tells a torn tail from damage: all records before that number were on disk when this one was written. A bad record with a good
 * one behind it that was settled past it has been damaged since; without one, it may never have been acknowledged. The first batch ends with a seal and is
 * on disk before the file has its name: until the first seal nothing may be missing.
 */
const MAGIC = 0x52a7;
/** Bytes before the contents. */
export const RECORD_HEAD_BYTES = 27;
/** Answers and snapshots are of some MB; a length beyond this is no length. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

/** `data` is a caller's record. A `seal` has the number of the next one; it shows that those before it are all there. */
export type RecordKind = "data" | "seal";

export interface RecordHead {
  readonly kind: RecordKind;
  readonly length: number;
  readonly number: number;
  readonly settled: number;
  readonly checksum: number;
}

const KINDS: readonly RecordKind[] = ["data", "seal"];

/** The salt of a file: records that lie about on the disk from another one are not taken for its own. */
export const saltOf = (identity: string): number => crc(new TextEncoder().encode(identity));
/** Of every first record: what the file is can be told before it is believed. */
export const HEADER_SALT = 0;

export function writeRecord(
  out: ByteWriter,
  salt: number,
  head: Omit<RecordHead, "length" | "checksum">,
  contents: Uint8Array,
): void {
  const start = out.length;
  out.u16(MAGIC);
  out.u8(KINDS.indexOf(head.kind));
  out.u32(contents.length);
  out.f64(head.number);
  out.f64(head.settled);
  const checksum = crc(contents, crc(out.bytes().subarray(start), salt));
  out.u32(checksum);
  out.raw(contents);
}

/** The head at `at`; undefined when the bytes there are none. Whether the contents fit it only `fits` says. */
export function readHead(bytes: Uint8Array, at: number): RecordHead | undefined {
  if (bytes.length - at < RECORD_HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEAD_BYTES);
  const kind = KINDS[view.getUint8(2)];
  const length = view.getUint32(3, true);
  if (view.getUint16(0, true) !== MAGIC || kind === undefined || length > RECORD_BYTES_MAX) return undefined;
  const number = view.getFloat64(7, true);
  return { kind, length, number, settled: view.getFloat64(15, true), checksum: view.getUint32(23, true) };
}

/** Whether head and contents are as they were written. `headBytes`: those that `readHead` read. */
export function fits(head: RecordHead, headBytes: Uint8Array, contents: Uint8Array, salt: number): boolean {
  return contents.length === head.length && crc(contents, crc(headBytes.subarray(0, 23), salt)) === head.checksum;
}

/** The first whole record at or behind `at` that was written when record `number` was settled; its offset, or -1. */
export function findSettled(bytes: Uint8Array, at: number, number: number, salt: number): number {
  for (let offset = at; offset + RECORD_HEAD_BYTES <= bytes.length; offset++) {
    const head = readHead(bytes, offset);
    if (head === undefined || !(head.settled > number)) continue;
    const start = offset + RECORD_HEAD_BYTES;
    if (fits(head, bytes.subarray(offset, start), bytes.subarray(start, start + head.length), salt)) return offset;
  }
  return -1;
}
