import fc from "fast-check";
import { ByteWriter } from "./bytes.ts";
import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { writeCanonical } from "./plain.ts";

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
export const plain = fc.letrec((tie) => ({
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

export function canonical(value: unknown): string {
  const out = new ByteWriter();
  writeCanonical(out, value);
  return Buffer.from(out.bytes()).toString("hex");
}

class Person {
  age = 1;
}

export function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { next: value };
  return value;
}

export function cyclic(): unknown {
  const value: { self?: unknown } = {};
  value.self = { a: value };
  return value;
}

/** What no path to plain data takes, and the words that name it. */
export const NOT_PLAIN: [string, () => unknown, string][] = [
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
