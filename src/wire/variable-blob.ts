import { writeText } from "./utf8.ts";

const INITIAL_BYTES = 64 * 1024;

/** Bytes of text and json end to end, with where each ends. Never holds more than `bytesMax`. */
export class VariableBlob {
  length = 0;
  readonly #bytesMax: number;
  #buffer: Buffer = Buffer.alloc(INITIAL_BYTES);
  #ends = new Uint32Array(1024);
  #count = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  clear(): void {
    this.length = 0;
    this.#count = 0;
  }

  /** False when it does not fit. */
  addText(text: string): boolean {
    let most = text.length * 3;
    if (this.length + most > this.#buffer.length) most = Buffer.byteLength(text);
    if (this.length + most > this.#buffer.length && !this.#grow(most)) return false;
    this.#end(writeText(this.#buffer, this.length, text));
    return true;
  }

  /** False when it does not fit. */
  addBytes(bytes: Uint8Array): boolean {
    if (this.length + bytes.length > this.#buffer.length && !this.#grow(bytes.length)) return false;
    this.#buffer.set(bytes, this.length);
    this.#end(bytes.length);
    return true;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Where the values from number `first` on end. */
  ends(first: number, count: number): Uint32Array {
    return this.#ends.subarray(first, first + count);
  }

  #end(bytes: number): void {
    this.length += bytes;
    if (this.#count === this.#ends.length) {
      const larger = new Uint32Array(this.#count * 2);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#ends[this.#count++] = this.length;
  }

  #grow(bytes: number): boolean {
    const needed = this.length + bytes;
    if (needed > this.#bytesMax) return false;
    const larger = Buffer.alloc(Math.min(Math.max(needed, this.#buffer.length * 2), this.#bytesMax));
    larger.set(this.#buffer.subarray(0, this.length));
    this.#buffer = larger;
    return true;
  }
}
