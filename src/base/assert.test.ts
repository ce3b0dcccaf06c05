import { expect, test } from "vitest";
import { AssertionError, assert, unreachable } from "./assert.ts";

test("assert narrows, passes what holds, and builds its message only when needed", () => {
  const value: number | undefined = [1][0];
  assert(value !== undefined, () => {
    throw new Error("the message was built for nothing");
  });
  expect(value + 1).toBe(2);
  expect(() => assert(false, "k is off")).toThrow("this is a bug in myriad: k is off");
  expect(() => assert(false, () => "lazily")).toThrow(AssertionError);
});

test("unreachable names the case", () => {
  expect(() => unreachable("other" as never)).toThrow("unexpected case other");
});
