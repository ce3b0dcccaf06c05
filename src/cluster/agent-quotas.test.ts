import fc from "fast-check";
import { expect, test } from "vitest";
import { agentQuotas } from "./agent-quotas.ts";
import { demands } from "./demands.suite.ts";

const NONE = [Infinity, Infinity, Infinity];

test("quotas are in proportion to the shares, rounded so that they sum up", () => {
  expect([...agentQuotas(10, [1, 1, 1], NONE)]).toEqual([4, 3, 3]);
  expect([...agentQuotas(10, [1, 2, 2], NONE)]).toEqual([2, 4, 4]);
  expect([...agentQuotas(2, [1, 1, 5], NONE)]).toEqual([0, 0, 2]);
  expect([...agentQuotas(0, [1, 1, 5], NONE)]).toEqual([0, 0, 0]);
});

test("what does not fit goes to the others in proportion", () => {
  expect([...agentQuotas(100, [2, 1, 1], [10, Infinity, Infinity])]).toEqual([10, 45, 45]);
  expect([...agentQuotas(100, [1, 1, 1], [10, 31, 59])]).toEqual([10, 31, 59]);
  expect([...agentQuotas(100, [5, 1, 1], [0, 40, Infinity])]).toEqual([0, 40, 60]);
});

test("limits that cannot hold all are refused with the numbers", () => {
  expect(() => agentQuotas(100, [1, 1, 1], [10, 30, 59])).toThrow(
    "INVALID_PLACEMENT: agentsMax of the workers: 10 + 30 + 59 = 99, for 100 agents; start more workers, or raise agentsMax",
  );
  expect(() => agentQuotas(100, new Array(10).fill(1), new Array(10).fill(9))).toThrow(
    /9 \+ 9 \+ \.\.\. = 90, for 100/,
  );
});

test("no limit is ever broken, all agents are placed, and nobody is far from its part", () => {
  fc.assert(
    fc.property(demands(), ({ agents, shares, limits }) => {
      const quotas = agentQuotas(agents, shares, limits);
      expect(quotas.reduce((a, b) => a + b, 0)).toBe(agents);
      expect(quotas.every((quota, w) => Number.isInteger(quota) && quota >= 0 && quota <= limits[w]!)).toBe(true);
      // Whoever is not full has at least its part of what there is, and one that is full no more.
      const total = shares.reduce((a, b) => a + b, 0);
      for (const [w, quota] of quotas.entries()) {
        if (quota < limits[w]!) expect(quota).toBeGreaterThan((agents * shares[w]!) / total - 1);
      }
    }),
  );
});
