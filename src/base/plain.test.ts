import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./bytes.ts";
import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { checkPlain, snapshot, writeCanonical } from "./plain.ts";

const typed = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
);
const key = fc.string({ unit: "grapheme", maxLength: 5 }).filter((text) => text !== "__proto__");
/** Trees of all that plain data may hold, with undefined properties, -0 and NaN among them. */
const plain = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.constant(-0),
    fc.string({ unit: "binary" }),
  ),
  value: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      key,
      fc.oneof({ weight: 4, arbitrary: tie("value") }, { weight: 1, arbitrary: fc.constant(undefined) }),
      { maxKeys: 4 },
    ),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((members) => new Set(members)),
    typed,
  ),
})).value;

function canonical(value: unknown): string {
  const out = new ByteWriter();
  writeCanonical(out, value);
  return Buffer.from(out.bytes()).toString("hex");
}

/** The same value with every order reversed that does not count. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map) return new Map([...value].reverse().map(([k, v]) => [reversed(k), reversed(v)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reversed));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries([["absent", undefined], ...entries.map(([k, v]) => [k, reversed(v)])]);
}

class Person {
  age = 1;
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { next: value };
  return value;
}

function cyclic(): unknown {
  const value: { self?: unknown } = {};
  value.self = { a: value };
  return value;
}

/** What no path to plain data takes, and the words that name it. */
const NOT_PLAIN: [string, () => unknown, string][] = [
  ["undefined", () => undefined, "state is undefined"],
  ["a date", () => ({ nested: { when: new Date(0) } }), "state.nested.when is a Date"],
  ["a function", () => ({ list: [1, () => 1] }), "state.list[1] is a function"],
  ["a symbol", () => ({ "odd key": Symbol("s") }), 'state["odd key"] is a symbol'],
  [
    "a bigint",
    () =>
      new Map<unknown, unknown>([
        ["a", 1],
        ["b", { c: 1n }],
      ]),
    'state.get("b").c is a bigint',
  ],
  ["a bigint as a map's key", () => new Map([[1n, 1]]), "state.keys()[0] is a bigint"],
  ["under a key that has no name", () => new Map([[[1], 1n]]), "state.values()[0] is a bigint"],
  ["in a set", () => ({ seen: new Set([1, /x/]) }), "state.seen.values()[1] is a RegExp"],
  ["an instance", () => [new Person()], "state[0] is a Person"],
  ["an instance of nothing known", () => Object.create({ constructor: 1 }), "state is an instance of a class"],
  ["an error", () => ({ reason: new Error("x") }), "state.reason is an Error"],
  ["a promise", () => ({ answer: Promise.resolve() }), "state.answer is a Promise"],
  ["a buffer", () => ({ bytes: Buffer.from("x") }), "state.bytes is a Buffer"],
  ["bigints in a typed array", () => new BigInt64Array(1), "state is a BigInt64Array"],
  ["an array buffer", () => new ArrayBuffer(1), "state is an ArrayBuffer"],
  ["a subclass", () => new (class Bag extends Map {})(), "state is a Bag"],
  ["shared memory", () => [new Uint8Array(new SharedArrayBuffer(1))], "state[0] is a view of shared memory"],
  ["an undefined element", () => ({ list: [1, undefined] }), "state.list[1] is undefined"],
  ["a hole", () => ({ list: new Array(2) }), "state.list[0] is undefined"],
  ["an undefined member", () => new Set([undefined]), "state.values()[0] is undefined"],
  ["an undefined value of a map", () => new Map([[3, undefined]]), "state.get(3) is undefined"],
  ["the key __proto__", () => JSON.parse('{"__proto__":1}'), "state.__proto__ is a key that plain data cannot have"],
  ["too many levels", () => deep(PLAIN_DEPTH_MAX + 1), `is more than ${PLAIN_DEPTH_MAX} levels deep`],
];

/** What only a snapshot takes the time to see. */
const NOT_A_TREE: [string, () => unknown, string][] = [
  [
    "an accessor",
    () => ({
      a: {
        get b() {
          throw new Error("was called");
        },
      },
    }),
    "state.a.b is an accessor",
  ],
  ["a hidden property", () => Object.defineProperty({}, "a", { value: 1 }), "state.a is not enumerable"],
  ["a symbol as a key", () => ({ a: { [Symbol("s")]: 1 } }), "state.a has the key Symbol(s)"],
  ["an ill-formed key", () => ({ "\ud800": 1 }), 'state["\\ud800"] is a key that is not well-formed text'],
  ["one more property", () => Object.assign([1, 2], { name: 1 }), "state is an array with the named property name"],
  [
    "map keys that become the same",
    () =>
      new Map([
        ["\ud800", 1],
        ["\ud801", 2],
      ]),
    "state has two keys",
  ],
  ["members that become the same", () => new Set(["\ud800", "\ud801"]), "state has two members"],
  ["an alias", () => ((a) => ({ a, b: [a] }))({}), "state.b[0] can be reached in two ways"],
  [
    "two views of one memory",
    () => ((a) => [a, a.subarray(1)])(new Uint8Array(2)),
    "state[1] can be reached in two ways",
  ],
  ["a cycle", () => cyclic(), "state.self.a can be reached in two ways"],
];

describe("snapshot", () => {
  test("equals the original but for -0, absent properties and lone surrogates, and shares nothing with it", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const copy = snapshot(value, "state");
        expect(canonical(copy)).toBe(canonical(value));
        // A second snapshot changes nothing more, and no object is in both.
        const again = snapshot(copy, "state");
        expect(again).toStrictEqual(copy);
        expect(() => snapshot([copy, value, again], "state")).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test("drops undefined properties, -0, lone surrogates and null prototypes", () => {
    const copy = snapshot(
      { a: undefined, b: -0, c: "x\ud800", d: Object.assign(Object.create(null), { e: [-0] }) },
      "state",
    );
    expect(copy).toStrictEqual({ b: 0, c: "x\ufffd", d: { e: [0] } });
  });

  test("copies only the part of the memory that a view shows", () => {
    const copy = snapshot(new Float64Array(1000).subarray(5, 7), "state");
    expect(copy).toStrictEqual(new Float64Array(2));
    expect(copy.buffer.byteLength).toBe(16);
  });

  test.each([...NOT_PLAIN, ...NOT_A_TREE])("refuses %s", (_, make, words) => {
    expect(() => snapshot(make(), "state")).toThrow("NOT_PLAIN_DATA: state");
    expect(() => snapshot(make(), "state")).toThrow(words);
  });

  test("the match of a regular expression is more than an array", () => {
    expect(() => snapshot(/x/.exec("x"), "state")).toThrow("named property index");
  });

  test.each([PLAIN_DEPTH_MAX - 1, PLAIN_DEPTH_MAX])("takes %d levels", (levels) => {
    const value = deep(levels);
    expect(snapshot(value, "state")).toEqual(value);
    expect(() => checkPlain(value, "state", 1000)).not.toThrow();
    expect(() => canonical(value)).not.toThrow();
  });
});

describe("checkPlain", () => {
  test("takes whatever snapshot takes", () => {
    fc.assert(fc.property(plain, (value) => checkPlain(value, "state", Infinity)));
  });

  test.each(NOT_PLAIN)("refuses %s", (_, make, words) => {
    expect(() => checkPlain(make(), "state", 1000)).toThrow("NOT_PLAIN_DATA: state");
    expect(() => checkPlain(make(), "state", 1000)).toThrow(words);
  });

  test("finds a cycle by its depth", () => {
    expect(() => checkPlain(cyclic(), "state", 1000)).toThrow("levels deep");
  });

  test.each<[string, unknown]>([
    ["record", { a: 1, b: "x", c: { d: 1n } }],
    ["array", [1, "x", [1n]]],
    ["set", new Set([1, "x", new Set([1n])])],
    [
      "map",
      new Map<unknown, unknown>([
        [1, "x"],
        [new Set([1n]), 2],
      ]),
    ],
  ])("looks at as many values as its budget says: %s", (_, value) => {
    // The whole, two scalars, the inner one and its member: the fifth value is the bad one.
    for (const budget of [0, 1, 2, 3, 4]) expect(() => checkPlain(value, "state", budget)).not.toThrow();
    expect(() => checkPlain(value, "state", 5)).toThrow("is a bigint");
  });
});

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
