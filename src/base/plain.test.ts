import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { canonical, cyclic, deep, NOT_PLAIN, plain } from "./plain.suite.ts";
import { checkPlain, snapshot } from "./plain.ts";

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
