import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentQuotas } from "./agent-quotas.ts";
import { repairCounts } from "./count-repair.ts";
import { demands } from "./demands.suite.ts";
import { loadLimits } from "./load-limits.ts";

const NONE = Float64Array.of(Infinity, Infinity, Infinity);
const equal = (agents: number, agentLimits = NONE) => ({
  quotas: agentQuotas(agents, new Float64Array(agentLimits.length).fill(1), agentLimits),
  agentLimits,
});

describe("agents that cost the same", () => {
  test("3% above the part, in whole agents, or what whole agents need", () => {
    expect([...loadLimits(null, equal(3000), 0.03)]).toEqual([1030, 1030, 1030]);
    expect([...loadLimits(null, equal(10), 0.03)]).toEqual([4, 3, 3]);
  });

  test("never above the limit of agents", () => {
    expect([...loadLimits(null, equal(3000, Float64Array.of(1010, 500, Infinity)), 0.03)]).toEqual([1010, 500, 1534]);
  });
});

describe("agents that cost differently", () => {
  test("3% above the part of the load", () => {
    const costs = Float64Array.from({ length: 300 }, (_, i) => (i < 150 ? 1 : 3));
    expect([...loadLimits(costs, equal(300), 0.03)]).toEqual([206, 206, 206]);
  });

  test("raised for an agent that is heavier than that", () => {
    const costs = Float64Array.from({ length: 300 }, (_, i) => (i === 7 ? 500 : 1));
    const limits = loadLimits(costs, equal(300), 0.03);
    expect([...limits].sort((a, b) => b - a)[0]).toBe(500);
    expect(limits[1]).toBeCloseTo((1.03 * 799) / 3);
  });

  test("raised where the limit of agents leaves no other way", () => {
    const costs = Float64Array.of(10, 1, 1, 1);
    // Two agents each: the heavy one has a light one beside it.
    expect([...loadLimits(costs, equal(4, Float64Array.of(2, 2)), 0.03)]).toEqual([11, 1.03 * 6.5]);
  });
});

test("limits always have room for all", () => {
  const cost = fc.oneof(fc.double({ min: 0.1, max: 3, noNaN: true }), fc.integer({ min: 1, max: 200 }));
  fc.assert(
    fc.property(demands(60), fc.array(cost, { minLength: 60, maxLength: 60 }), (demand, list) => {
      const { agents, shares, limits: agentLimits } = demand;
      if (agents === 0) return;
      const costs = Float64Array.from(list.slice(0, agents));
      const carriers = { quotas: agentQuotas(agents, shares, agentLimits), agentLimits };
      const limits = loadLimits(costs, carriers, 0.03);
      const total = costs.reduce((a, b) => a + b, 0);
      expect(limits.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(total);
      expect(loadLimits(null, carriers, 0.03).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(agents);
    }),
  );
});

describe("too many agents on a worker", () => {
  const graph = { agents: 6, source: Uint32Array.of(0, 2), target: Uint32Array.of(1, 3), weights: null };
  const costs = Float64Array.of(1, 1, 1, 1, 1, 4);

  test("move away, those first that have nothing to do with the others, as far as there is room", () => {
    const placement = Uint16Array.of(0, 0, 0, 0, 0, 1);
    const limits = { agents: Float64Array.of(4, Infinity), loads: Float64Array.of(5, 5) };
    expect(repairCounts(placement, graph, costs, limits)).toBe(true);
    expect([...placement]).toEqual([0, 0, 0, 0, 1, 1]);
  });

  test("stay where nobody has room in both respects, and are told of", () => {
    const placement = Uint16Array.of(0, 0, 0, 0, 0, 1);
    const full = { agents: Float64Array.of(4, Infinity), loads: Float64Array.of(5, 4.5) };
    expect(repairCounts(placement, graph, costs, full)).toBe(false);
    const counted = { agents: Float64Array.of(4, 1), loads: Float64Array.of(5, 50) };
    expect(repairCounts(placement, graph, costs, counted)).toBe(false);
  });

  test("nothing moves where nothing is wrong", () => {
    const placement = Uint16Array.of(0, 0, 0, 0, 0, 1);
    const limits = { agents: Float64Array.of(5, Infinity), loads: Float64Array.of(1, 1) };
    expect(repairCounts(placement, graph, costs, limits)).toBe(true);
    expect([...placement]).toEqual([0, 0, 0, 0, 0, 1]);
  });
});
