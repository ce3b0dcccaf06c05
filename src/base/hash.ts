import { MyriadError } from "./error.ts";

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;
/** Where `murmur` leaves its four lanes: one call at a time, so one place is enough. */
const lanes = new Uint32Array(4);

/** The finaliser of 32-bit murmur3: every bit of the input moves every bit of the output. */
function fmix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** What happens to each word of the input before it is mixed into its lane. */
function scramble(word: number, before: number, rotation: number, after: number): number {
  const k = Math.imul(word, before);
  return Math.imul((k << rotation) | (k >>> (32 - rotation)), after);
}

const mix1 = (word: number): number => scramble(word, C1, 15, C2);
const mix2 = (word: number): number => scramble(word, C2, 16, C3);
const mix3 = (word: number): number => scramble(word, C3, 17, C4);
const mix4 = (word: number): number => scramble(word, C4, 18, C1);

/** Little endian word at `at`, of which only the bytes before `end` count; the rest are zeros. */
function tailWord(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = Math.min(at + 4, end) - 1; i >= at; i--) word = (word << 8) | bytes[i]!;
  return word;
}

/**
 * MurmurHash3_x86_128 of the first `length` bytes into `lanes`.
 * Source: Austin Appleby, MurmurHash3.cpp (SMHasher, public domain), the variant for 32-bit machines, which is the one that JavaScript's integers suit.
 */
function murmur(bytes: Uint8Array, length: number, seed: number): void {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  const whole = length & ~15;
  let i = 0;
  for (; i < whole; i += 16) {
    h1 ^= mix1(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mix2(bytes[i + 4]! | (bytes[i + 5]! << 8) | (bytes[i + 6]! << 16) | (bytes[i + 7]! << 24));
    h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mix3(bytes[i + 8]! | (bytes[i + 9]! << 8) | (bytes[i + 10]! << 16) | (bytes[i + 11]! << 24));
    h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mix4(bytes[i + 12]! | (bytes[i + 13]! << 8) | (bytes[i + 14]! << 16) | (bytes[i + 15]! << 24));
    h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0;
  }
  if (i < length) {
    h1 ^= mix1(tailWord(bytes, i, length));
    if (i + 4 < length) h2 ^= mix2(tailWord(bytes, i + 4, length));
    if (i + 8 < length) h3 ^= mix3(tailWord(bytes, i + 8, length));
    if (i + 12 < length) h4 ^= mix4(tailWord(bytes, i + 12, length));
  }
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = ((h1 ^ length) + h2 + h3 + h4) | 0;
  h2 = fmix(h2 + h1);
  h3 = fmix(h3 + h1);
  h4 = fmix(h4 + h1);
  h1 = (fmix(h1) + h2 + h3 + h4) | 0;
  lanes[0] = h1;
  lanes[1] = h2 + h1;
  lanes[2] = h3 + h1;
  lanes[3] = h4 + h1;
}

/**
 * A hash of a set of keyed byte strings: the sum, modulo 2^128, of a 128-bit hash of each. The order and the grouping of the adds do not matter, so parts
 * hashed on different workers add up to the hash of the whole. It finds differences between runs; it does not resist somebody who looks for collisions.
 */
export class Hash128 {
  /** Four lanes, the lowest first. */
  readonly #sum = new Uint32Array(4);

  /** Adds the first `length` bytes under `key` (u32, for instance the agent's index), which seeds their hash. */
  add(bytes: Uint8Array, length: number, key: number): void {
    murmur(bytes, length, key);
    this.#accumulate(lanes);
  }

  /** Adds all that `other` holds. */
  addHash(other: Hash128): void {
    this.#accumulate(other.#sum);
  }

  /** 32 hexadecimal digits, the highest first. */
  hex(): string {
    let text = "";
    for (let i = 3; i >= 0; i--) text += this.#sum[i]!.toString(16).padStart(8, "0");
    return text;
  }

  /** 16 bytes, little endian. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < 4; i++) view.setUint32(i * 4, this.#sum[i]!, true);
    return bytes;
  }

  /** What `toBytes` gave; any other length throws CORRUPT. */
  static fromBytes(bytes: Uint8Array): Hash128 {
    if (bytes.length !== 16) throw new MyriadError("CORRUPT", `a hash has 16 bytes, not ${bytes.length}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    const hash = new Hash128();
    for (let i = 0; i < 4; i++) hash.#sum[i] = view.getUint32(i * 4, true);
    return hash;
  }

  #accumulate(words: Uint32Array): void {
    const sum = this.#sum;
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const lane = sum[i]! + words[i]! + carry;
      sum[i] = lane;
      carry = lane > 0xffff_ffff ? 1 : 0;
    }
  }
}

/** Hash of contents (a scenario's source, a data file) as 32 hexadecimal digits: the same function under key 0. */
export function hashBytes(bytes: Uint8Array): string {
  const hash = new Hash128();
  hash.add(bytes, bytes.length, 0);
  return hash.hex();
}
