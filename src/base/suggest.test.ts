import { expect, test } from "vitest";
import { didYouMean, editDistance, nearest } from "./suggest.ts";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["workers", "wokrers", 1],
  ["beta", "bta", 1],
])("%s and %s are %i edits apart", (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
  expect(editDistance(b, a)).toBe(edits);
});

test("suggests the nearest word, whatever its case and separators", () => {
  const known = ["listenPort", "masterPort", "expectedWorkers"];
  expect(nearest("listen_port", known)).toBe("listenPort");
  expect(nearest("LISTENPORT", known)).toBe("listenPort");
  expect(nearest("mastrPort", known)).toBe("masterPort");
  expect(nearest("expectedWorker", known)).toBe("expectedWorkers");
});

test("suggests nothing when nothing is near", () => {
  expect(nearest("zebra", ["listenPort", "masterPort"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
  expect(didYouMean("zebra", ["listenPort"])).toBe("");
  expect(didYouMean("bet", ["beta", "gamma"])).toBe(' (did you mean "beta"?)');
});
