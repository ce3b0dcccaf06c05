import { MyriadError } from "./error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
/** Shorter texts are copied character by character as long as they are ASCII: cheaper than a call to the encoder. */
const SHORT_TEXT = 48;

/** A growing buffer written front to back, little endian, unaligned. Reuse one with `reset()`: its memory is kept. */
export class ByteWriter {
  /** Bytes written. May be set lower, to take back what was written last. */
  length = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(16, capacity));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written: a view, not a copy, valid until the next write or reset. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** The buffer behind it, without allocating a view: only its first `length` bytes mean anything, and only until the next write. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  reset(): void {
    this.length = 0;
  }

  u8(value: number): void {
    const at = this.#claim(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#claim(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#claim(8);
    this.#view.setFloat64(at, value, true);
  }

  /** The UTF-8 length as u32, then the UTF-8 bytes. Lone surrogates become U+FFFD. */
  text(value: string): void {
    const chars = value.length;
    const start = this.#claim(4 + chars * 3) + 4;
    const bytes = this.#bytes;
    let at = 0;
    if (chars <= SHORT_TEXT) {
      while (at < chars) {
        const code = value.charCodeAt(at);
        if (code > 127) break;
        bytes[start + at++] = code;
      }
    }
    if (at < chars) at = encoder.encodeInto(value, bytes.subarray(start)).written;
    this.#view.setUint32(start - 4, at, true);
    this.length = start + at;
  }

  /** The bytes as they are, without their length. */
  raw(value: Uint8Array): void {
    const at = this.#claim(value.length);
    this.#bytes.set(value, at);
  }

  #claim(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.#bytes.length) this.#grow(end);
    this.length = end;
    return at;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what a ByteWriter wrote. Reading past the end, or text that is not UTF-8, throws CORRUPT. */
export class ByteReader {
  /** Offset of the next byte. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  text(): string {
    const bytes = this.raw(this.u32());
    try {
      return decoder.decode(bytes);
    } catch (reason) {
      throw new MyriadError("CORRUPT", `text at byte ${this.position - bytes.length} is not UTF-8`, { cause: reason });
    }
  }

  /** The next `count` bytes: a view, not a copy. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  #take(count: number): number {
    const at = this.position;
    if (count > this.#bytes.length - at) {
      throw new MyriadError("CORRUPT", `bytes end at ${this.#bytes.length}, but ${count} were expected at ${at}`);
    }
    this.position = at + count;
    return at;
  }
}
