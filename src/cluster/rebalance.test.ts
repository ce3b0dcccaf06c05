import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Chance } from "../placement/shuffle.ts";
import { contiguousPlacement, hashPlacement, type Placement } from "./placement.ts";
import { planMoves, type RebalanceInput, type RebalancePlan } from "./rebalance.ts";
import { observedLoads } from "./rebalance-graph.ts";
import { Rebalancer } from "./rebalancer.ts";
import type { TrafficReport } from "./traffic-report.ts";
import { TrafficSketch } from "./traffic-sketch.ts";

type Event = readonly [from: number, to: number];

/** What the parts report of these events. */
function reportsOf(events: readonly Event[], placement: Placement, parts: number): TrafficReport[] {
  const sketches = Array.from({ length: parts }, (_, part) => {
    return new TrafficSketch({ part, parts, capacity: 1024, every: 1 });
  });
  const handled = new Uint32Array(placement.length);
  for (const [from, to] of events) {
    const sketch = sketches[placement[from]!]!;
    sketch.note(from, to);
    sketch.count(placement[to]!, 1);
    handled[to]!++;
  }
  return sketches.map((sketch, part) => {
    const agents = Uint32Array.from(placement.keys()).filter((agent) => placement[agent] === part);
    return sketch.encode({ agents, handled: agents.map((agent) => handled[agent]!) });
  });
}

/** Events in groups: agent a is in group `a % groups`; a share goes to anyone. */
function groupEvents(agents: number, groups: number, count: number, outside: number, seed: number): Event[] {
  const chance = new Chance(seed);
  return Array.from({ length: count }, () => {
    const from = chance.below(agents);
    const near = (from % groups) + groups * chance.below(Math.floor(agents / groups));
    return [from, chance.unit() < outside ? chance.below(agents) : near];
  });
}

const groupPlacement = (agents: number, groups: number, parts: number): Placement =>
  Uint16Array.from({ length: agents }, (_, agent) => Math.floor(((agent % groups) * parts) / groups));

function applied(placement: Placement, { agents, from, to }: RebalancePlan): Placement {
  const next = placement.slice();
  for (let i = 0; i < agents.length; i++) {
    expect(next[agents[i]!]).toBe(from[i]);
    expect(to[i]).not.toBe(from[i]);
    next[agents[i]!] = to[i]!;
  }
  expect(new Set(agents).size).toBe(agents.length);
  return next;
}

const countsOf = (placement: Placement, parts: number): number[] =>
  Array.from({ length: parts }, (_, part) => placement.filter((of) => of === part).length);
const ones = (parts: number): number[] => new Array<number>(parts).fill(1);
const remoteOf = (events: readonly Event[], placement: Placement): number =>
  events.filter(([from, to]) => placement[from] !== placement[to]).length / events.length;

describe("any traffic", () => {
  const society = fc.record({
    agents: fc.integer({ min: 2, max: 60 }),
    parts: fc.integer({ min: 1, max: 4 }),
    events: fc.integer({ min: 0, max: 1500 }),
    groups: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(1000),
    capacities: fc.array(fc.constantFrom(1, 1, 2, 0.5), { minLength: 4, maxLength: 4 }),
    spare: fc.nat(20),
    movesMax: fc.constantFrom(0, 0.05, 0.3, 1),
    limited: fc.boolean(),
  });

  test("moves are capped, the same each time, and take no part above a limit", () => {
    fc.assert(
      fc.property(society, ({ agents, parts, events, groups, seed, capacities, spare, movesMax, limited }) => {
        const placement = hashPlacement(agents, parts);
        const traffic = groupEvents(agents, Math.min(groups, agents), events, 0.1, seed);
        const most = Math.ceil(agents / parts) + spare;
        const input: RebalanceInput = {
          placement,
          reports: reportsOf(traffic, placement, parts),
          capacities: capacities.slice(0, parts),
          ...(limited ? { agentLimits: new Array<number>(parts).fill(most) } : {}),
          options: { movesMax },
        };
        const plan = planMoves(input);
        expect(planMoves({ ...input, placement: placement.slice() })).toEqual(plan);
        const next = applied(placement, plan);
        expect(plan.reasons.length > 0 || plan.agents.length === 0).toBe(true);
        const [before, after] = [countsOf(placement, parts), countsOf(next, parts)];
        if (before.every((count) => count > 0)) expect(plan.agents.length).toBeLessThanOrEqual(movesMax * agents);
        if (limited) for (const count of after) expect(count).toBeLessThanOrEqual(most);
        const loads = observedLoads(placement, input.reports, 0.25, undefined);
        const share = (of: Placement, part: number): number => {
          const own = loads.reduce((sum, load, agent) => sum + (of[agent] === part ? load : 0), 0);
          return own / loads.reduce((a, b) => a + b, 0);
        };
        // A part that has become heavier is within 3% of its share, or as near as whole agents allow.
        const total = input.capacities as number[];
        const fair = (part: number): number => total[part]! / total.reduce((a, b) => a + b, 0);
        const heaviest = Math.max(...loads) / loads.reduce((a, b) => a + b, 0);
        for (let part = 0; part < parts; part++) {
          if (limited || share(next, part) <= share(placement, part) + 1e-9) continue;
          expect(share(next, part)).toBeLessThanOrEqual(1.03 * fair(part) + 1 / agents + heaviest + 1e-9);
        }
      }),
      { numRuns: 80 },
    );
  });

  test("an agent that moves for traffic has more to do with where it goes", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 2, max: 4 }), fc.constantFrom(1, 10, 20), (seed, parts, minGain) => {
        const agents = 80;
        const placement = hashPlacement(agents, parts);
        const traffic = groupEvents(agents, 8, 2000, 0.3, seed);
        const reports = reportsOf(traffic, placement, parts);
        const options = { movesMax: 1, minGain, loadHysteresis: 1000, imbalance: 1000 };
        const plan = planMoves({ placement, reports, capacities: ones(parts), options });
        const next = applied(placement, plan);
        const tie = (agent: number, part: number): number => {
          let sum = 0;
          for (const { low, high, weights } of reports) {
            for (let i = 0; i < low.length; i++) {
              const other = low[i] === agent ? high[i]! : high[i] === agent ? low[i]! : agent;
              if (other !== agent && next[other] === part) sum += weights[i]!;
            }
          }
          return sum;
        };
        if (minGain === 1) expect(plan.agents.length).toBeGreaterThan(0);
        for (const [i, agent] of plan.agents.entries()) {
          expect(tie(agent, plan.to[i]!)).toBeGreaterThanOrEqual(tie(agent, plan.from[i]!) + minGain);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe("traffic", () => {
  const [agents, groups, parts] = [600, 12, 3];

  test("scattered groups gather in some plans, each capped, and then nothing moves any more", () => {
    const rebalancer = new Rebalancer();
    let placement = contiguousPlacement(agents, parts);
    let quiet = 0;
    for (let i = 0; i < 60 && quiet < 3; i++) {
      const reports = reportsOf(groupEvents(agents, groups, 6000, 0.05, i), placement, parts);
      const plan = rebalancer.plan({ placement, reports, capacities: ones(parts) });
      expect(plan.agents.length).toBeLessThanOrEqual(0.05 * agents);
      placement = applied(placement, plan);
      quiet = plan.agents.length === 0 ? quiet + 1 : 0;
    }
    expect(quiet).toBe(3);
    const unseen = groupEvents(agents, groups, 20_000, 0.05, 999);
    expect(remoteOf(unseen, placement)).toBeLessThan(1.2 * remoteOf(unseen, groupPlacement(agents, groups, parts)));
  });

  test("nothing moves where everyone is at home, nor where anyone writes to anyone", () => {
    for (const outside of [0.05, 1]) {
      const placement = groupPlacement(agents, groups, parts);
      const rebalancer = new Rebalancer();
      for (let i = 0; i < 3; i++) {
        const reports = reportsOf(groupEvents(agents, groups, 6000, outside, i), placement, parts);
        expect(rebalancer.plan({ placement, reports, capacities: ones(parts) }).agents).toHaveLength(0);
      }
    }
  });

  test("a saving below the hysteresis moves nothing", () => {
    const placement = contiguousPlacement(agents, parts);
    const reports = reportsOf(groupEvents(agents, groups, 6000, 0.05, 1), placement, parts);
    const plan = (hysteresis: number) =>
      planMoves({ placement, reports, capacities: ones(parts), options: { hysteresis } });
    expect(plan(0.5).reasons).toEqual(["traffic"]);
    expect(plan(0.5).savingInAll.share).toBeGreaterThan(0.5);
    expect(plan(0.99).agents).toHaveLength(0);
  });

  test("without any report nothing moves", () => {
    const placement = contiguousPlacement(agents, parts);
    expect(planMoves({ placement, reports: [], capacities: ones(parts) }).agents).toHaveLength(0);
  });
});

describe("load", () => {
  const agents = 400;
  const quiet = (events: number, seed: number): Event[] => groupEvents(agents, 1, events, 1, seed);

  test("a part that carries too much gives away, a plan at a time, until it is within its limit", () => {
    let placement: Placement = Uint16Array.from({ length: agents }, (_, agent) => (agent < 300 ? 0 : 1));
    const sizes: number[] = [];
    for (let i = 0; i < 8; i++) {
      const reports = reportsOf(quiet(20_000, i), placement, 2);
      const plan = planMoves({ placement, reports, capacities: [1, 1] });
      if (plan.agents.length > 0) expect(plan.reasons).toEqual(["load"]);
      placement = applied(placement, plan);
      sizes.push(plan.agents.length);
    }
    expect(sizes.slice(0, 4)).toEqual([20, 20, 20, 20]);
    expect(sizes.slice(6)).toEqual([0, 0]);
    expect(Math.abs(countsOf(placement, 2)[0]! - 200)).toBeLessThanOrEqual(20);
  });

  test("a slow machine shows in the time that its part was busy", () => {
    const placement = contiguousPlacement(agents, 2);
    const reports = reportsOf(quiet(20_000, 1), placement, 2);
    expect(planMoves({ placement, reports, capacities: [1, 1], busy: [10, 10.5] }).agents).toHaveLength(0);
    const plan = planMoves({ placement, reports, capacities: [1, 1], busy: [10, 30] });
    expect(plan.reasons).toEqual(["load"]);
    expect(plan.agents).toHaveLength(20);
    expect(new Set(plan.from)).toEqual(new Set([1]));
    expect(() => planMoves({ placement, reports, capacities: [1, 1], busy: [1] })).toThrow(/busy has 1 entries for 2/);
  });

  test("a part that has joined gets its share at once", () => {
    const placement = contiguousPlacement(agents, 2);
    const plan = planMoves({ placement, reports: reportsOf(quiet(20_000, 1), placement, 2), capacities: [1, 1, 2] });
    expect(plan.reasons[0]).toBe("joined");
    const counts = countsOf(applied(placement, plan), 3);
    expect(Math.abs(counts[2]! - 200)).toBeLessThan(20);
    expect(plan.imbalance[1]).toBeLessThan(0.1);
  });

  test("capacities say who carries how much, and 0 nothing", () => {
    const placement = contiguousPlacement(agents, 3);
    const reports = reportsOf(quiet(20_000, 1), placement, 3);
    const plan = planMoves({ placement, reports, capacities: [1, 1, 0], options: { movesMax: 1 } });
    expect(countsOf(applied(placement, plan), 3)[2]).toBe(0);
  });

  test("a limit of agents that is broken already is kept again", () => {
    const placement: Placement = Uint16Array.from({ length: agents }, (_, agent) => (agent < 210 ? 0 : 1));
    const reports = reportsOf(quiet(20_000, 1), placement, 2);
    const plan = planMoves({ placement, reports, capacities: [1, 1], agentLimits: [200, 300] });
    expect(countsOf(applied(placement, plan), 2)[0]).toBe(200);
  });
});

test("options out of range are refused, naming value and range", () => {
  const input = { placement: new Uint16Array(2), reports: [], capacities: [1] };
  const refused = (options: RebalanceInput["options"] & object): string => {
    try {
      planMoves({ ...input, options });
      return "";
    } catch (reason) {
      return (reason as Error).message;
    }
  };
  expect(refused({ movesMax: 1 })).toBe("");
  expect(refused({ movesMax: 1.5 })).toBe("INVALID_ARGUMENT: rebalance movesMax is 1.5; it must be from 0 to 1");
  expect(refused({ hysteresis: -0.1 })).toMatch(/hysteresis is -0.1/);
  expect(refused({ ballast: Number.NaN })).toMatch(/ballast is NaN/);
});
