import type { ByteWriter } from "./bytes.ts";
import { MyriadError } from "./error.ts";
import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { describe, isFloatKind, KIND, kindOf, type PlainTypedArray } from "./plain-kind.ts";

/** First byte of each value; objects follow with KINDS + their kind, and END closes what has no fixed length. */
const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const NUMBER = 3;
const TEXT = 4;
const KINDS = 8;
const END = 255;

/**
 * Appends the canonical bytes of plain data, the form that is hashed: equal values give equal bytes, whatever the order of keys, of map entries and of
 * set members; -0 is 0, there is one NaN, an undefined property is absent. Different values give different bytes. Throws NOT_PLAIN_DATA for anything else.
 */
export function writeCanonical(out: ByteWriter, value: unknown): void {
  write(out, value, 0);
}

function write(out: ByteWriter, value: unknown, depth: number): void {
  switch (typeof value) {
    case "number":
      out.u8(NUMBER);
      writeNumber(out, value);
      break;
    case "boolean":
      out.u8(value ? TRUE : FALSE);
      break;
    case "string":
      out.u8(TEXT);
      out.text(value);
      break;
    case "object":
      if (value === null) out.u8(NULL);
      else writeObject(out, value, depth);
      break;
    default:
      throw refused(describe(value));
  }
}

function writeObject(out: ByteWriter, value: object, depth: number): void {
  const kind = kindOf(value);
  if (kind === KIND.OTHER) throw refused(describe(value));
  if (depth >= PLAIN_DEPTH_MAX && kind < KIND.TYPED) throw refused(`is more than ${PLAIN_DEPTH_MAX} levels deep`);
  out.u8(KINDS + kind);
  if (kind >= KIND.TYPED) {
    writeTyped(out, value as PlainTypedArray, isFloatKind(kind));
    return;
  }
  if (kind === KIND.RECORD) writeRecord(out, value as Record<string, unknown>, depth);
  else if (kind === KIND.ARRAY) for (const element of value as unknown[]) write(out, element, depth + 1);
  else writeSorted(out, value as Map<unknown, unknown> | Set<unknown>, depth);
  out.u8(END);
}

/** One NaN (its sign and payload are not ours to see), and no -0. */
function writeNumber(out: ByteWriter, value: number): void {
  if (!Number.isNaN(value)) {
    out.f64(value + 0);
    return;
  }
  out.u32(0);
  out.u32(0x7ff8_0000);
}

function writeRecord(out: ByteWriter, value: Record<string, unknown>, depth: number): void {
  for (const key of sorted(Object.keys(value))) {
    const element = value[key];
    if (element === undefined) continue;
    out.u8(TEXT);
    out.text(key);
    write(out, element, depth + 1);
  }
}

/** By UTF-16 code units, which no locale changes. Keys mostly are in order already, or few. */
function sorted(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort();
  return keys;
}

/** Entries or members in the order of their own canonical bytes: they are written as they come, then put in order. */
function writeSorted(out: ByteWriter, value: Map<unknown, unknown> | Set<unknown>, depth: number): void {
  const start = out.length;
  const pieces: Uint8Array[] = [];
  const ends: number[] = [];
  if (value instanceof Map) {
    for (const [key, element] of value) {
      write(out, key, depth + 1);
      write(out, element, depth + 1);
      ends.push(out.length);
    }
  } else {
    for (const element of value) {
      write(out, element, depth + 1);
      ends.push(out.length);
    }
  }
  const written = out.bytes().slice(start);
  let from = 0;
  for (const end of ends) {
    pieces.push(written.subarray(from, end - start));
    from = end - start;
  }
  out.length = start;
  for (const piece of pieces.sort(Buffer.compare)) out.raw(piece);
}

function writeTyped(out: ByteWriter, value: PlainTypedArray, isFloat: boolean): void {
  out.u32(value.length);
  if (isFloat) for (const element of value) writeNumber(out, element);
  else out.raw(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function refused(reason: string): MyriadError {
  return new MyriadError("NOT_PLAIN_DATA", `what is to be hashed ${reason}`);
}
