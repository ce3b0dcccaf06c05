import fc from "fast-check";
import { expect, it } from "vitest";
import { agentQuotas } from "./agent-quotas.ts";
import { demands } from "./demands.suite.ts";
import { checkPlacement, contiguousByCost, contiguousPlacement, hashPlacement } from "./placement.ts";

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

const counted = (placement: Uint16Array, workers: number): number[] => {
  const counts = new Array<number>(workers).fill(0);
  for (const worker of placement) counts[worker]!++;
  return counts;
};

it.each(methods)("%s placement keeps any quotas", (_name, place) => {
  fc.assert(
    fc.property(demands(), ({ agents, shares, limits }) => {
      const quotas = agentQuotas(agents, shares, limits);
      expect(counted(place(agents, quotas), shares.length)).toEqual([...quotas]);
    }),
  );
});

it("contiguous placement by cost never breaks a limit, and is near the shares where none is in the way", () => {
  fc.assert(
    fc.property(demands(), fc.infiniteStream(fc.double({ min: 0.1, max: 5, noNaN: true })), (demand, stream) => {
      const { agents, shares, limits } = demand;
      const costs = Float64Array.from({ length: agents }, () => stream.next().value as number);
      const placement = contiguousByCost(costs, agentQuotas(agents, shares, limits), limits);
      checkPlacement(placement, agents, shares.length);
      expect(placement.every((worker, i) => i === 0 || worker >= placement[i - 1]!)).toBe(true);
      expect(counted(placement, shares.length).every((count, w) => count <= limits[w]!)).toBe(true);
    }),
  );
  const costs = Float64Array.from({ length: 300 }, (_, i) => (i < 100 ? 4 : 1));
  const open = new Float64Array(3).fill(Infinity);
  expect(counted(contiguousByCost(costs, Float64Array.of(100, 100, 100), open), 3)).toEqual([50, 50, 200]);
  expect(counted(contiguousByCost(costs, Float64Array.of(100, 100, 100), Float64Array.of(300, 300, 120)), 3)).toEqual([
    50, 130, 120,
  ]);
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
