import { MyriadError } from "../base/error.ts";
import { PLAIN_DEPTH_MAX } from "../base/limits.ts";
import { KeyCache } from "./key-cache.ts";
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
import { readText } from "./utf8.ts";

/** Plain data of the full depth may travel inside something else. */
const DEPTH_MAX = PLAIN_DEPTH_MAX + 16;

const keys = new KeyCache();

/** Decodes one value from bytes that PlainWriter wrote. Whatever does not fit the layout is CORRUPT. */
export class PlainReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  decode(): unknown {
    const value = this.#value();
    if (this.#at !== this.#buffer.length) throw corrupt(`${this.#buffer.length - this.#at} bytes follow the value`);
    return value;
  }

  #value(): unknown {
    const tag = this.#buffer[this.#take(1)]!;
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#record(tag & 0x0f);
    if (tag < 0xa0) return this.#array(tag & 0x0f);
    if (tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case NIL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case FLOAT64:
        return this.#view.getFloat64(this.#take(8));
      case UINT8:
        return this.#buffer[this.#take(1)]!;
      case UINT16:
        return this.#view.getUint16(this.#take(2));
      case UINT32:
        return this.#u32();
      case INT8:
        return this.#view.getInt8(this.#take(1));
      case INT16:
        return this.#view.getInt16(this.#take(2));
      case INT32:
        return this.#view.getInt32(this.#take(4));
      case STR8:
        return this.#text(this.#buffer[this.#take(1)]!);
      case STR16:
        return this.#text(this.#view.getUint16(this.#take(2)));
      case STR32:
        return this.#text(this.#u32());
      default:
        return this.#container(tag);
    }
  }

  #container(tag: number): unknown {
    switch (tag) {
      case ARRAY32:
        return this.#array(this.#u32());
      case MAP32:
        return this.#record(this.#u32());
      case BIN32:
        return this.#bytes(this.#u32());
      case EXT32:
        return this.#extension(this.#u32());
      case FIXEXT1: {
        const type = this.#buffer[this.#take(2)];
        if (type !== EXT_UNDEFINED) throw corrupt(`extension ${type} is unknown`);
        return undefined;
      }
      default:
        throw corrupt(`tag ${tag} is unknown`);
    }
  }

  #record(count: number): Record<string, unknown> {
    this.#enter(count * 2);
    const record: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const key = this.#key();
      record[key] = this.#value();
    }
    this.#depth--;
    return record;
  }

  #key(): string {
    const tag = this.#buffer[this.#take(1)]!;
    let length = tag & 0x1f;
    if (tag === STR8) length = this.#buffer[this.#take(1)]!;
    else if (tag === STR16) length = this.#view.getUint16(this.#take(2));
    else if (tag === STR32) length = this.#u32();
    else if (tag < 0xa0 || tag >= 0xc0) throw corrupt("the key of a record is not text");
    const start = this.#take(length);
    const key = keys.read(this.#buffer, start, start + length);
    if (key === "__proto__") throw corrupt('the key "__proto__" is not allowed');
    return key;
  }

  #array(count: number): unknown[] {
    this.#enter(count);
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(this.#value());
    this.#depth--;
    return values;
  }

  #extension(length: number): unknown {
    const type = this.#buffer[this.#take(1)]!;
    if (type === EXT_MAP || type === EXT_SET) {
      const end = this.#at + length;
      const values = this.#value();
      if (!Array.isArray(values) || this.#at !== end) throw corrupt("a Map or Set does not fit its length");
      if (type === EXT_SET) return new Set(values);
      const map = new Map<unknown, unknown>();
      for (let i = 0; i < values.length; i += 2) map.set(values[i], values[i + 1]);
      return map;
    }
    const ArrayType = TYPED_ARRAYS[type - EXT_TYPED];
    if (ArrayType === undefined) throw corrupt(`extension ${type} is unknown`);
    if (length % ArrayType.BYTES_PER_ELEMENT !== 0) throw corrupt(`a ${ArrayType.name} of ${length} bytes`);
    return new ArrayType(this.#bytes(length).buffer);
  }

  /** A copy: what is decoded never shares memory with what it came from. */
  #bytes(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#take(length);
    const bytes = new Uint8Array(length);
    bytes.set(this.#buffer.subarray(start, start + length));
    return bytes;
  }

  #text(length: number): string {
    const start = this.#take(length);
    return readText(this.#buffer, start, start + length);
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** One level down, into something of at least `bytes` bytes. */
  #enter(bytes: number): void {
    if (++this.#depth > DEPTH_MAX) throw corrupt(`deeper than ${DEPTH_MAX}`);
    if (this.#at + bytes > this.#buffer.length) throw corrupt("the bytes end too early");
  }

  #take(bytes: number): number {
    const start = this.#at;
    if (start + bytes > this.#buffer.length) throw corrupt("the bytes end too early");
    this.#at = start + bytes;
    return start;
  }
}

const corrupt = (message: string): MyriadError => new MyriadError("CORRUPT", `plain data: ${message}`);
