import fc from "fast-check";
import { expect, it } from "vitest";
import { checkPlacement, contiguousPlacement, hashPlacement } from "./placement.ts";

const methods = [
  ["contiguous", contiguousPlacement],
  ["hash", hashPlacement],
] as const;

it.each(methods)("%s placement gives shares that differ by one agent at most", (_name, place) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 1, max: 40 }), (agents, workers) => {
      const placement = place(agents, workers);
      checkPlacement(placement, agents, workers);
      const shares = new Array<number>(workers).fill(0);
      for (const worker of placement) shares[worker]!++;
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

it("contiguous placement keeps neighbours together, hash placement does not", () => {
  const changes = (placement: Uint16Array): number =>
    placement.reduce((n, worker, i) => n + (i > 0 && worker !== placement[i - 1] ? 1 : 0), 0);
  expect(changes(contiguousPlacement(10_000, 4))).toBe(3);
  expect(changes(hashPlacement(10_000, 4))).toBeGreaterThan(6_000);
});

it("refuses worker counts that cannot be, and maps that do not fit", () => {
  expect(() => contiguousPlacement(10, 0)).toThrow(/INVALID_PLACEMENT: workers: 0/);
  expect(() => hashPlacement(10, 1025)).toThrow(/1025 is not an integer of 1 to 1024/);
  expect(() => checkPlacement(new Uint16Array(3), 4, 2)).toThrow(/3 agents placed; the population has 4/);
  expect(() => checkPlacement(Uint16Array.of(0, 1, 2), 3, 2)).toThrow(
    /agent 2 is placed on worker 2; workers are 0 to 1/,
  );
});
