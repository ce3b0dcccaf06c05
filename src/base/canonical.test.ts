import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./bytes.ts";
import { canonical, NOT_PLAIN, plain } from "./plain.suite.ts";
import { writeCanonical } from "./plain.ts";

/** The same value with every order reversed that does not count. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map) return new Map([...value].reverse().map(([k, v]) => [reversed(k), reversed(v)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reversed));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries([["absent", undefined], ...entries.map(([k, v]) => [k, reversed(v)])]);
}

describe("writeCanonical", () => {
  test("does not see the order of keys, entries and members, nor absent properties", () => {
    fc.assert(
      fc.property(plain, (value) => canonical(value) === canonical(reversed(value))),
      { numRuns: 500 },
    );
  });

  test("tells different values apart", () => {
    const values = [
      ...[
        null,
        false,
        true,
        0,
        1,
        -1,
        Number.NaN,
        Infinity,
        "",
        "0",
        "a",
        [],
        {},
        [[]],
        [0],
        [1, 2],
        [2, 1],
        [[1], 2],
        [[1, 2]],
      ],
      ...[
        { a: 1 },
        { a: 2 },
        { b: 1 },
        { a: 1, b: 1 },
        { a: { b: 1 } },
        { a: null },
        { a: [] },
        { a: {} },
        new Map(),
        new Set(),
      ],
      ...[
        new Map([["a", 1]]),
        new Map([[1, "a"]]),
        new Set(["a", 1]),
        new Set([1]),
        new Set([new Set([1])]),
        ["a", 1],
        "\u0000",
        ["", ""],
      ],
      ...[
        new Int8Array(),
        new Uint8Array(),
        new Uint8ClampedArray(),
        new Int16Array(),
        new Uint16Array(),
        new Int32Array(),
      ],
      ...[
        new Uint32Array(),
        new Float32Array(),
        new Float64Array(),
        new Uint8Array(1),
        new Uint8Array(2),
        new Uint8Array([1]),
        [new Uint8Array([0])], // 0 is the byte of null
        [new Uint8Array(), null],
      ],
    ];
    expect(new Set(values.map(canonical)).size).toBe(values.length);
  });

  test("numbers: one zero, one NaN, in typed arrays too", () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n, 0x8000_0000_0000_0000n]).buffer);
    expect(canonical(odd)).toBe(canonical(new Float64Array([Number.NaN, 0])));
    expect(canonical(new Float32Array([-0]))).toBe(canonical(new Float32Array([0])));
    expect(canonical([-0, odd[0]])).toBe(canonical([0, Number.NaN]));
  });

  test("a typed array is what it shows, at any offset", () => {
    const words = new Uint32Array([9, 1, 2, 9]);
    expect(canonical(words.subarray(1, 3))).toBe(canonical(new Uint32Array([1, 2])));
  });

  test("appends to what is there", () => {
    const out = new ByteWriter();
    out.u8(7);
    writeCanonical(out, new Set(["b", "a"]));
    expect(Buffer.from(out.bytes()).toString("hex")).toBe(`07${canonical(new Set(["a", "b"]))}`);
  });

  test.each(NOT_PLAIN.filter(([name]) => !/shared memory|__proto__/.test(name)))("refuses %s", (_, make) => {
    expect(() => canonical(make())).toThrow("NOT_PLAIN_DATA: what is to be hashed");
  });
});
