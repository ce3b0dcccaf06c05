import { expect, test } from "vitest";
import { Deferred } from "./deferred.ts";

test("resolves from outside, once", async () => {
  const deferred = new Deferred<number>();
  expect(deferred.settled).toBe(false);
  const { resolve } = deferred;
  resolve(1);
  deferred.resolve(2);
  deferred.reject(new Error("late"));
  expect(deferred.settled).toBe(true);
  expect(await deferred.promise).toBe(1);
});

test("rejects from outside", async () => {
  const deferred = new Deferred();
  deferred.reject(new Error("no"));
  expect(deferred.settled).toBe(true);
  await expect(deferred.promise).rejects.toThrow("no");
});
