import { ByteReader, ByteWriter } from "./bytes.ts";
import { MyriadError } from "./error.ts";

/** Limbs of 32 bits from 2^-1074 on: 65 hold any double, the 66th and 67th what 2^60 of the largest add up to. The last one carries the sign. */
const LIMBS = 67;
const LAST = LIMBS - 1;
const TWO_32 = 2 ** 32;
/** Each add changes a limb by less than 2^32, so 2^20 of them on top of a propagated limb stay far below 2^53, where doubles stop being exact. */
const ADDS_MAX = 2 ** 20;
const bits64 = new Float64Array(1);
const bits32 = new Uint32Array(bits64.buffer);
/** SCALES[i] = 2^(32 i - 1074), the weight of limb i; built by exact products. */
const SCALES = Array.from({ length: LIMBS - 2 }, () => 1);
for (let i = 0, scale = Number.MIN_VALUE; i < SCALES.length; i++, scale *= TWO_32) SCALES[i] = scale;

/**
 * A sum of doubles without any rounding until it is read: the value is the exact sum, rounded once to the nearest double (ties to even), so it does not
 * depend on the order of the terms or on how they were grouped and merged. Zero is 0, never -0. Infinities and NaN follow IEEE 754, whatever the order.
 *
 * Source: the long accumulator of U. Kulisch ("Computer Arithmetic and Validity", 2008), in the form of R. Neal's small superaccumulator ("Fast exact
 * summation using small and large superaccumulators", arXiv:1505.05571, 2015): limbs that overlap in what they can hold, carries propagated late.
 */
export class ExactSum {
  readonly #limbs = new Float64Array(LIMBS);
  /** Adds since carries were last propagated: every limb is below (adds + 1) * 2^32 in size. */
  #adds = 0;
  #infinities = 0;
  #negativeInfinities = 0;
  #nans = 0;

  /** True when the value is exactly zero (also after terms that cancelled). */
  get isZero(): boolean {
    if (this.#infinities !== 0 || this.#negativeInfinities !== 0 || this.#nans !== 0) return false;
    this.#propagate();
    return this.#limbs.every((limb) => limb === 0);
  }

  /** Adds any double. */
  add(x: number): void {
    bits64[0] = x;
    this.#accumulate(bits32[1]! >>> 31 === 0, 1);
  }

  /** Takes back a term that was added before: exact, also for infinities and NaN. */
  subtract(x: number): void {
    bits64[0] = x;
    this.#accumulate(bits32[1]! >>> 31 !== 0, -1);
  }

  /** Adds all terms of `other`, which keeps its value. */
  merge(other: ExactSum): void {
    if (this.#adds + other.#adds + 1 >= ADDS_MAX) {
      this.#propagate();
      other.#propagate();
    }
    this.#adds += other.#adds + 1;
    const limbs = this.#limbs;
    for (let i = 0; i < LIMBS; i++) limbs[i]! += other.#limbs[i]!;
    this.#infinities += other.#infinities;
    this.#negativeInfinities += other.#negativeInfinities;
    this.#nans += other.#nans;
  }

  /** The sum, rounded once. Infinite when the exact sum rounds beyond the largest double. */
  value(): number {
    if (this.#nans > 0 || (this.#infinities > 0 && this.#negativeInfinities > 0)) return Number.NaN;
    if (this.#infinities > 0) return Infinity;
    if (this.#negativeInfinities > 0) return -Infinity;
    const { negative, limbs, length } = this.#magnitude();
    if (length === 0) return 0;
    // The top 96 bits hold the 53 of the result, and one bit more says whether anything is below them.
    const base = Math.max(0, length - 3);
    let top = 0n;
    for (let i = length - 1; i >= base; i--) top = (top << 32n) | BigInt(limbs[i]!);
    for (let i = 0; i < base; i++) if (limbs[i] !== 0) top |= 1n;
    // Number() rounds to nearest, ties to even; the product is exact, because results below 2^53 units of 2^-1074 were not rounded at all.
    const size = Number(top) * SCALES[base]!;
    return negative ? -size : size;
  }

  reset(): void {
    this.#limbs.fill(0);
    this.#adds = 0;
    this.#infinities = 0;
    this.#negativeInfinities = 0;
    this.#nans = 0;
  }

  /** The same bytes for the same exact sum, however it came about. Some tens of bytes, unless the terms differ very much in size. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { negative, limbs, length } = this.#magnitude();
    let first = 0;
    while (first < length && limbs[first] === 0) first++;
    const out = new ByteWriter(32 + 4 * (length - first));
    const special = this.#nans !== 0 || this.#infinities !== 0 || this.#negativeInfinities !== 0;
    out.u8((negative ? 1 : 0) | (special ? 2 : 0));
    out.u8(first);
    out.u8(length);
    if (special) for (const count of [this.#nans, this.#infinities, this.#negativeInfinities]) out.f64(count);
    for (let i = first; i < length; i++) out.u32(limbs[i]!);
    return out.bytes();
  }

  /** What `toBytes` gave; anything else throws CORRUPT. */
  static fromBytes(bytes: Uint8Array): ExactSum {
    const reader = new ByteReader(bytes);
    const [flags, first, length] = [reader.u8(), reader.u8(), reader.u8()];
    const sum = new ExactSum();
    if (flags & 2) {
      sum.#nans = reader.f64();
      sum.#infinities = reader.f64();
      sum.#negativeInfinities = reader.f64();
    }
    if (flags > 3 || length > LIMBS || reader.remaining !== 4 * (length - first)) {
      throw new MyriadError("CORRUPT", "bytes are not those of an exact sum");
    }
    const sign = flags & 1 ? -1 : 1;
    for (let i = first; i < length; i++) sum.#limbs[i] = sign * reader.u32();
    return sum;
  }

  /** Adds or takes away the double in `bits32`, by its bits; `count` is what an infinity or NaN counts. */
  #accumulate(positive: boolean, count: number): void {
    const low = bits32[0]!;
    let high = bits32[1]! & 0x000f_ffff;
    const exponent = (bits32[1]! >>> 20) & 0x7ff;
    if (exponent === 0x7ff) {
      this.#countSpecial(low !== 0 || high !== 0, count);
      return;
    }
    // The value is its 53 bits shifted left by `shift` from 2^-1074; a subnormal has no hidden bit and exponent 1.
    let shift = 0;
    if (exponent !== 0) {
      high |= 0x0010_0000;
      shift = exponent - 1;
    }
    const at = shift >>> 5;
    const left = shift & 31;
    const right = 32 - left;
    const a = (low << left) >>> 0;
    const b = left === 0 ? high : ((high << left) | (low >>> right)) >>> 0;
    const c = left === 0 ? 0 : high >>> right;
    const limbs = this.#limbs;
    if (positive) {
      limbs[at]! += a;
      limbs[at + 1]! += b;
      limbs[at + 2]! += c;
    } else {
      limbs[at]! -= a;
      limbs[at + 1]! -= b;
      limbs[at + 2]! -= c;
    }
    if (++this.#adds >= ADDS_MAX) this.#propagate();
  }

  #countSpecial(notANumber: boolean, count: number): void {
    if (notANumber) this.#nans += count;
    else if (bits32[1]! >>> 31 === 0) this.#infinities += count;
    else this.#negativeInfinities += count;
  }

  /** Brings every limb but the last into [0, 2^32). */
  #propagate(): void {
    propagate(this.#limbs);
    this.#adds = 0;
  }

  /** Sign and size: limbs in [0, 2^32), the highest non-zero one at `length - 1`. */
  #magnitude(): { negative: boolean; limbs: Float64Array; length: number } {
    this.#propagate();
    let limbs = this.#limbs;
    const negative = limbs[LAST]! < 0;
    if (negative) {
      limbs = limbs.map((limb) => 0 - limb);
      propagate(limbs);
    }
    let length = LIMBS;
    while (length > 0 && limbs[length - 1] === 0) length--;
    return { negative, limbs, length };
  }
}

function propagate(limbs: Float64Array): void {
  let carry = 0;
  for (let i = 0; i < LAST; i++) {
    const limb = limbs[i]! + carry;
    carry = Math.floor(limb / TWO_32);
    limbs[i] = limb - carry * TWO_32;
  }
  limbs[LAST]! += carry;
}
