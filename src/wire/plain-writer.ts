import { MyriadError } from "../base/error.ts";
import {
  ARRAY32,
  BIN32,
  EXT_MAP,
  EXT_SET,
  EXT_TYPED,
  EXT_UNDEFINED,
  EXT32,
  FALSE,
  FIXEXT1,
  FLOAT64,
  INT8,
  INT16,
  INT32,
  MAP32,
  NIL,
  STR8,
  STR16,
  STR32,
  TRUE,
  TYPED_ARRAYS,
  UINT8,
  UINT16,
  UINT32,
} from "./plain-format.ts";
import { writeText } from "./utf8.ts";

const INITIAL_BYTES = 4096;
/** A buffer that one large value made is not kept beyond this. */
const KEPT_BYTES = 1024 * 1024;

/** Encodes one value after the other into a buffer of its own. */
export class PlainWriter {
  #buffer: Buffer = Buffer.alloc(INITIAL_BYTES);
  #view: DataView = viewOf(this.#buffer);
  #at = 0;

  /** Encodes `value` and returns its bytes, a copy. */
  encode(value: unknown): Uint8Array {
    this.#at = 0;
    this.#value(value);
    const bytes = new Uint8Array(this.#at);
    bytes.set(this.#buffer.subarray(0, this.#at));
    if (this.#buffer.length > KEPT_BYTES) this.#use(Buffer.alloc(INITIAL_BYTES));
    return bytes;
  }

  #value(value: unknown): void {
    if (this.#at + 16 > this.#buffer.length) this.#grow(16);
    if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (value === null) this.#buffer[this.#at++] = NIL;
    else if (value === true) this.#buffer[this.#at++] = TRUE;
    else if (value === false) this.#buffer[this.#at++] = FALSE;
    else if (Array.isArray(value)) this.#array(value);
    else if (typeof value === "object") this.#object(value);
    else if (value === undefined) {
      this.#buffer[this.#at++] = FIXEXT1;
      this.#buffer[this.#at++] = EXT_UNDEFINED;
      this.#buffer[this.#at++] = 0;
    } else throw new MyriadError("NOT_PLAIN_DATA", `a ${typeof value} cannot be encoded`);
  }

  #number(value: number): void {
    const buffer = this.#buffer;
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
      if (value >>> 0 === value && value !== 0) this.#sized(UINT32, value);
      else {
        buffer[this.#at] = FLOAT64;
        this.#view.setFloat64(this.#at + 1, value);
        this.#at += 9;
      }
    } else if (value >= 0) {
      if (value < 0x80) buffer[this.#at++] = value;
      else if (value < 0x100) {
        buffer[this.#at++] = UINT8;
        buffer[this.#at++] = value;
      } else if (value < 0x10000) {
        buffer[this.#at] = UINT16;
        this.#view.setUint16(this.#at + 1, value);
        this.#at += 3;
      } else this.#sized(UINT32, value);
    } else if (value >= -0x20) buffer[this.#at++] = value;
    else if (value >= -0x80) {
      buffer[this.#at++] = INT8;
      buffer[this.#at++] = value;
    } else if (value >= -0x8000) {
      buffer[this.#at] = INT16;
      this.#view.setInt16(this.#at + 1, value);
      this.#at += 3;
    } else this.#sized(INT32, value);
  }

  #text(text: string): void {
    const length = text.length;
    if (this.#at + 5 + length * 3 > this.#buffer.length) this.#grow(5 + length * 3);
    const buffer = this.#buffer;
    // The size of the length is chosen for the most bytes that the text can take.
    const most = length * 3;
    const head = most < 0x20 ? 1 : most < 0x100 ? 2 : most < 0x10000 ? 3 : 5;
    const bytes = writeText(buffer, this.#at + head, text);
    buffer[this.#at] = head === 1 ? 0xa0 | bytes : head === 2 ? STR8 : head === 3 ? STR16 : STR32;
    if (head === 2) buffer[this.#at + 1] = bytes;
    else if (head === 3) this.#view.setUint16(this.#at + 1, bytes);
    else if (head === 5) this.#view.setUint32(this.#at + 1, bytes);
    this.#at += head + bytes;
  }

  #array(values: readonly unknown[]): void {
    this.#count(0x90, ARRAY32, values.length);
    for (let i = 0; i < values.length; i++) this.#value(values[i]);
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) this.#record(value as Record<string, unknown>);
    else if (value instanceof Map) {
      const start = this.#openExtension(EXT_MAP);
      this.#count(0x90, ARRAY32, value.size * 2);
      for (const [key, entry] of value) {
        this.#value(key);
        this.#value(entry);
      }
      this.#closeExtension(start);
    } else if (value instanceof Set) {
      const start = this.#openExtension(EXT_SET);
      this.#count(0x90, ARRAY32, value.size);
      for (const member of value) this.#value(member);
      this.#closeExtension(start);
    } else if (ArrayBuffer.isView(value)) this.#typedArray(value);
    else throw new MyriadError("NOT_PLAIN_DATA", `a ${value.constructor?.name} cannot be encoded`);
  }

  #record(record: Record<string, unknown>): void {
    const keys = Object.keys(record);
    const start = this.#at;
    this.#count(0x80, MAP32, keys.length);
    let absent = 0;
    for (let i = 0; i < keys.length; i++) {
      const value = record[keys[i]!];
      if (value === undefined) absent++;
      else {
        this.#text(keys[i]!);
        this.#value(value);
      }
    }
    if (absent === 0) return;
    if (keys.length < 16) this.#buffer[start] = 0x80 | (keys.length - absent);
    else this.#view.setUint32(start + 1, keys.length - absent);
  }

  #typedArray(array: ArrayBufferView): void {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    this.#grow(bytes.length + 6);
    if (array instanceof Uint8Array) this.#sized(BIN32, bytes.length);
    else {
      const type = TYPED_ARRAYS.findIndex((candidate) => array instanceof candidate);
      if (type < 0) throw new MyriadError("NOT_PLAIN_DATA", `a ${array.constructor.name} cannot be encoded`);
      this.#sized(EXT32, bytes.length);
      this.#buffer[this.#at++] = EXT_TYPED + type;
    }
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A tag and a 32-bit number. */
  #sized(tag: number, value: number): void {
    this.#buffer[this.#at] = tag;
    this.#view.setInt32(this.#at + 1, value);
    this.#at += 5;
  }

  /** The number of entries to come: in the tag itself below 16. */
  #count(shortTag: number, longTag: number, count: number): void {
    if (this.#at + 16 > this.#buffer.length) this.#grow(16);
    if (count < 16) this.#buffer[this.#at++] = shortTag | count;
    else this.#sized(longTag, count);
  }

  #openExtension(type: number): number {
    this.#sized(EXT32, 0);
    this.#buffer[this.#at++] = type;
    return this.#at;
  }

  #closeExtension(start: number): void {
    this.#view.setUint32(start - 5, this.#at - start);
  }

  #grow(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#at + bytes));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#use(larger);
  }

  #use(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = viewOf(buffer);
  }
}

const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
