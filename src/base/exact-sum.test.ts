import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExactSum } from "./exact-sum.ts";

/** A finite double as an integer count of 2^-1074. */
function units(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -size : size;
}

/** The double nearest to a count of 2^-1074, ties to even: the definition, by long division. */
function rounded(total: bigint): number {
  const size = total < 0n ? -total : total;
  const drop = BigInt(Math.max(0, size.toString(2).length - 53));
  let kept = size >> drop;
  const rest = size - (kept << drop);
  const half = drop === 0n ? 0n : 1n << (drop - 1n);
  if (drop > 0n && (rest > half || (rest === half && kept % 2n === 1n))) kept++;
  // Its 53 bits times 2^drop, in units of 2^-1074: as bits, unless it is too large.
  const width = BigInt(kept.toString(2).length);
  const exponent = kept < 1n << 52n ? 0n : drop + width - 52n;
  const view = new DataView(new ArrayBuffer(8));
  if (exponent >= 0x7ffn) view.setFloat64(0, Infinity);
  else if (exponent === 0n) view.setBigUint64(0, kept);
  else view.setBigUint64(0, (exponent << 52n) | ((kept >> (width - 53n)) & 0xf_ffff_ffff_ffffn));
  const result = view.getFloat64(0);
  return total < 0n ? -result : result;
}

const exact = (terms: readonly number[]): number => rounded(terms.reduce((sum, x) => sum + units(x), 0n));

function sumOf(terms: readonly number[]): ExactSum {
  const sum = new ExactSum();
  for (const x of terms) sum.add(x);
  return sum;
}

const MAX = Number.MAX_VALUE;
const MIN = Number.MIN_VALUE;
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** Bits drawn evenly cover all exponents; the others cancel, tie and overflow more often. */
const term = fc.oneof(
  finite,
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -8, max: 8 }).map((n) => n * MIN),
  fc.constantFrom(MAX, -MAX, MAX / 2, 2 ** 970, -(2 ** 970), 2 ** -1022, 2 ** 53, 1, -1, -0, 0.1),
  fc.tuple(fc.integer({ min: -1074, max: 1023 }), fc.constantFrom(1, -1)).map(([power, sign]) => sign * 2 ** power),
);
const terms = fc.array(term, { maxLength: 60 });

describe("ExactSum", () => {
  test("is the exact sum, rounded once", () => {
    fc.assert(
      fc.property(terms, (xs) => {
        expect(sumOf(xs).value()).toBe(exact(xs) + 0);
      }),
      { numRuns: 3000 },
    );
  });

  test("one term is itself", () => {
    fc.assert(
      fc.property(term, (x) => {
        expect(sumOf([x]).value()).toBe(x + 0);
      }),
      { numRuns: 1000 },
    );
  });

  test("neither order, grouping, merging nor a trip through bytes shows, in value or in bytes", () => {
    const shuffled = terms.chain((xs) => fc.tuple(fc.constant(xs), fc.shuffledSubarray(xs, { minLength: xs.length })));
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat({ max: 60 }), { maxLength: 5 }), ([xs, shuffle], cuts) => {
        const parts: ExactSum[] = [];
        let from = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), shuffle.length]) {
          parts.push(ExactSum.fromBytes(sumOf(shuffle.slice(from, cut)).toBytes()));
          from = Math.max(from, cut);
        }
        const merged = parts.reduceRight((sum, part) => {
          part.merge(sum);
          return part;
        });
        const whole = sumOf(xs);
        expect(merged.toBytes()).toEqual(whole.toBytes());
        expect(merged.value()).toBe(whole.value());
      }),
      { numRuns: 1000 },
    );
  });

  test("what is subtracted was never there", () => {
    const any = fc.oneof(term, fc.constantFrom(Infinity, -Infinity, Number.NaN));
    fc.assert(
      fc.property(fc.array(any), fc.array(any), (kept, gone) => {
        const sum = sumOf([...gone, ...kept]);
        for (const x of gone) sum.subtract(x);
        expect(sum.toBytes()).toEqual(sumOf(kept).toBytes());
        for (const x of kept) sum.subtract(x);
        expect(sum.isZero).toBe(true);
        expect(Object.is(sum.value(), 0)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[string, number[], number]>([
    ["nothing", [], 0],
    ["zeros of both signs", [-0, -0], 0],
    ["tenths", Array.from({ length: 10 }, () => 0.1), 1],
    ["a small term between large ones", [1e308, 1, -1e308], 1],
    ["the smallest and the largest", [MAX, MIN, -MAX], MIN],
    ["past the largest and back", [MAX, MAX, MAX, -MAX, -MAX], MAX],
    ["a tie to even, below", [2 ** 53, 1], 2 ** 53],
    ["a tie to even, above", [2 ** 53 + 2, 1], 2 ** 53 + 4],
    ["a tie broken far below", [2 ** 53, 1, MIN], 2 ** 53 + 2],
    ["a negative tie broken far below", [-(2 ** 53), -1, -MIN], -(2 ** 53) - 2],
    ["a tie broken towards zero", [2 ** 53 + 2, 1, -MIN], 2 ** 53 + 2],
    ["the largest and just below half a unit more", [MAX, 2 ** 970, -MIN], MAX],
    ["the largest and half a unit more", [MAX, 2 ** 970], Infinity],
    ["subnormals that become normal", [2 ** -1022 - MIN, MIN], 2 ** -1022],
    ["subnormals", [5 * MIN, -2 * MIN], 3 * MIN],
  ])("%s", (_, xs, result) => {
    expect(sumOf(xs).value()).toBe(result);
    expect(Object.is(sumOf(xs.map((x) => -x)).value(), 0 - result)).toBe(true);
  });

  test("infinities and NaN follow IEEE 754 in any order", () => {
    const special = fc.array(fc.oneof(term, fc.constantFrom(Infinity, -Infinity, Number.NaN)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(special, (xs) => {
        fc.pre(xs.some((x) => !Number.isFinite(x)));
        // Finite terms cannot matter, and must not overflow on the way.
        const expected = xs.filter((x) => !Number.isFinite(x)).reduce((a, b) => a + b);
        expect(sumOf(xs).value()).toBe(expected);
        expect(ExactSum.fromBytes(sumOf(xs).toBytes()).value()).toBe(expected);
        expect(sumOf(xs).isZero).toBe(false);
      }),
    );
  });

  test("millions of adds and merges of the largest terms stay exact", () => {
    const n = 2 ** 21 + 3;
    const sum = new ExactSum();
    for (let i = 0; i < n; i++) sum.add(-MAX);
    const fractions = new ExactSum();
    for (let i = 0; i < n; i++) fractions.add(2 - 2 ** -52);
    expect(fractions.value()).toBe(rounded(units(2 - 2 ** -52) * BigInt(n)));
    for (let i = 0; i < 18; i++) sum.merge(ExactSum.fromBytes(sum.toBytes()));
    for (let i = 0; i < 22; i++) fractions.merge(fractions);
    expect(fractions.value()).toBe(rounded(units(2 - 2 ** -52) * BigInt(n) * 2n ** 22n));
    expect(sum.value()).toBe(-Infinity);
    const back = new ExactSum();
    for (let i = 0; i < n; i++) back.add(MAX);
    for (let i = 0; i < 18; i++) back.merge(back);
    back.add(7);
    sum.merge(back);
    expect(sum.value()).toBe(7);
  });

  test("merging sums whose carries wait loses nothing", () => {
    const term = 2 - 2 ** -52;
    const n = 2 ** 20 - 3;
    const part = new ExactSum();
    for (let i = 0; i < n; i++) part.add(term);
    const whole = sumOf([2 ** -52]);
    for (let i = 0; i < 7; i++) whole.merge(part);
    const total = units(term) * BigInt(n) * 7n + units(2 ** -52);
    expect(whole.value()).toBe(rounded(total));
    whole.subtract(rounded(total));
    expect(whole.value()).toBe(rounded(total - units(rounded(total))));
  });

  test("reset forgets all; bytes that are none are refused", () => {
    const sum = sumOf([1, Infinity]);
    sum.reset();
    expect(sum.isZero).toBe(true);
    const bytes = sumOf([1.5]).toBytes();
    for (const bad of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Uint8Array.of(...bytes, 0),
      Uint8Array.of(4, 0, 0),
      Uint8Array.of(0, 2, 1),
      Uint8Array.of(),
    ]) {
      expect(() => ExactSum.fromBytes(bad)).toThrow("CORRUPT");
    }
  });
});
