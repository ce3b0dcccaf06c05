import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cyclic, NOT_PLAIN, plain } from "./plain.suite.ts";
import { checkPlain } from "./plain.ts";

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
