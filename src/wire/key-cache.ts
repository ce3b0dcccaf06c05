import { readText } from "./utf8.ts";

/** A power of two; models have some dozens of keys. */
const SLOTS = 512;
const KEY_BYTES_MAX = 32;

/** Keys read before: a hit costs no string, and yields one that engines already know as a property name. */
export class KeyCache {
  readonly #keys: string[] = new Array<string>(SLOTS).fill("");

  read(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > KEY_BYTES_MAX) return readText(buffer, start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + buffer[at]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#keys[slot]!;
    if (known.length === length) {
      let i = 0;
      for (let byte = 0; i < length && (byte = buffer[start + i]!) < 0x80 && known.charCodeAt(i) === byte; ) i++;
      if (i === length) return known;
    }
    const key = readText(buffer, start, end);
    this.#keys[slot] = key;
    return key;
  }
}
