import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PLAIN_DEPTH_MAX } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import { decodePlain, encodePlain } from "./plain-codec.ts";

/** Keys that trip up whoever looks at `value.constructor` or calls `value.hasOwnProperty`. */
const key = fc.oneof(
  // A key `__proto__` is refused by name before anything is encoded: see plain.suite.ts.
  fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => text !== "__proto__"),
  fc.constantFrom("constructor", "hasOwnProperty", "toString", "length", "0", "10", "", "ключ", "e\u0301"),
);
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, -32, -33, 127, 128, 255, 256, 65535, 65536, -128, -129, -32768, -32769),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, Number.MIN_VALUE),
  fc.double(),
  fc.integer(),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
);
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("plain"), { maxLength: 20 }),
    fc.dictionary(key, tie("plain"), { maxKeys: 20 }),
    fc.uniqueArray(fc.tuple(fc.oneof(leaf, tie("plain")), tie("plain")), { maxLength: 8 }).map((e) => new Map(e)),
    fc.array(tie("plain"), { maxLength: 8 }).map((members) => new Set(members)),
  ),
}));

describe("plain data", () => {
  test("comes back as it was, order of keys included", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const before = snapshot(value, "value");
        const after = decodePlain(encodePlain(before));
        // Not toStrictEqual: that takes a key "constructor" for the constructor.
        expect(isDeepStrictEqual(after, before)).toBe(true);
        expect(isDeepStrictEqual(snapshot(after, "value"), before)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("of the full depth and of many entries comes back", () => {
    let deep: unknown = 1;
    for (let level = 0; level < PLAIN_DEPTH_MAX; level++) deep = level % 2 === 0 ? { deep } : new Map([["deep", deep]]);
    const texts = [10, 11, 31, 32, 85, 86, 255, 256, 21_845, 21_846, 65_535, 65_536].flatMap((n) => [
      "a".repeat(n),
      "€".repeat(n),
    ]);
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]));
    for (const value of [
      deep,
      wide,
      texts,
      new Set(Object.keys(wide)),
      "ü".repeat(100_000),
      new Float64Array(50_000).fill(2),
    ]) {
      expect(decodePlain(encodePlain(snapshot(value, "value")))).toStrictEqual(value);
    }
  });

  test("keeps NaN, undefined and infinities", () => {
    expect(decodePlain(encodePlain([Number.NaN, undefined, -Infinity]))).toStrictEqual([
      Number.NaN,
      undefined,
      -Infinity,
    ]);
    expect(decodePlain(encodePlain(undefined))).toBe(undefined);
  });

  test("keeps keys apart that a cache could take for one another", () => {
    const names = Array.from({ length: 3000 }, (_, i) => `k${(i * 7919) % 3001}`).concat(
      "é",
      "\u00c3\u00a9",
      "e".repeat(33),
    );
    for (let round = 0; round < 2; round++) {
      for (const name of names) expect(Object.keys(decodePlain(encodePlain({ [name]: 1 })) as object)).toEqual([name]);
    }
  });

  test("shares no memory with its bytes", () => {
    const bytes = encodePlain({ list: new Uint8Array([1, 2, 3]) });
    const value = decodePlain(bytes) as { list: Uint8Array };
    bytes.fill(0);
    expect([...value.list]).toEqual([1, 2, 3]);
    expect(value.list.constructor).toBe(Uint8Array);
  });

  test("refuses bytes that end too soon", () => {
    fc.assert(
      fc.property(plain, fc.nat(), (value, cut) => {
        const bytes = encodePlain(snapshot([value], "value"));
        expect(() => decodePlain(bytes.subarray(0, cut % bytes.length))).toThrow(/^CORRUPT: plain data: /);
      }),
    );
  });
});
