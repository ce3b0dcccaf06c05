import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { agentQuotas } from "../cluster/agent-quotas.ts";
import { demands } from "../cluster/demands.suite.ts";
import { loadLimits } from "../cluster/load-limits.ts";
import type { WorkerOffer } from "../cluster/worker-offer.ts";
import { defineModel } from "../model/model.ts";
import type { PlacementDefinition } from "../model/placement-rule.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import { graphOf, place } from "../placement/place.ts";
import { dataFiles } from "../store/data-file.ts";
import { type Log, silentLog } from "./log.ts";
import { placeInThread } from "./placement-thread.ts";
import { type AgentsPlaced, type PlacingOptions, placeAgents } from "./placing.ts";

const GROUP = 20;

interface Subject {
  readonly agents: number;
  readonly placement?: PlacementDefinition;
  readonly cost?: (profile: number) => number;
  readonly tied?: boolean;
  readonly chains?: number;
}

/** Chains of GROUP agents unless said otherwise, in an order in which neighbours do not stand beside each other. */
async function population({ agents, placement, cost, tied = true, chains = Math.ceil(agents / GROUP) }: Subject) {
  const model = defineModel({ name: "chains", relations: ["near"] });
  const One = model.agent("one").state((profile: number) => ({ profile }));
  if (cost !== undefined) One.cost(cost);
  const scenario = model.scenario({
    agents: [One],
    ...(placement === undefined ? {} : { placement }),
    populate(world) {
      const all = world.spawn(One, agents, (i) => i);
      const ties = tied ? Math.max(0, agents - chains) : 0;
      const pairs = Array.from({ length: ties }, (_, i) => [i, i + chains] as const);
      world.relate("near", all, pairs);
    },
  });
  const program = compile(scenario);
  return { program, population: await populate(program, dataFiles) };
}

const offer = (change: Partial<WorkerOffer> = {}): WorkerOffer => ({
  capacity: 1,
  agentsMax: Infinity,
  host: "here",
  zone: "",
  ...change,
});
const offers = (count: number): WorkerOffer[] => Array.from({ length: count }, () => offer());

const meter = { now: () => 0, cpuSeconds: () => 0 };

class Warnings {
  readonly lines: unknown[] = [];
  readonly log: Log = { ...silentLog, warn: (message, fields) => void this.lines.push([message, fields]) };
}

async function placed(subject: Subject, workers: WorkerOffer[], more: Partial<PlacingOptions> = {}) {
  return placeAgents({
    ...(await population(subject)),
    offers: workers,
    method: undefined,
    partition: async (task) => place(graphOf(task), task, meter),
    signal: new AbortController().signal,
    clock: systemClock,
    log: silentLog,
    ...more,
  });
}

const countsOf = ({ placement }: AgentsPlaced, workers: number): number[] => {
  const counts = new Array<number>(workers).fill(0);
  for (const worker of placement) counts[worker]!++;
  return counts;
};

describe("the method", () => {
  test.each<[string, Subject, Partial<PlacingOptions>, string]>([
    ["is communities where there are ties", { agents: 120 }, {}, "communities"],
    ["is contiguous where there are none", { agents: 120, tied: false }, {}, "contiguous"],
    [
      "is contiguous without ties, whatever was said",
      { agents: 120, tied: false },
      { method: "communities" },
      "contiguous",
    ],
    ["is what the scenario says", { agents: 120, placement: "hash" }, {}, "hash"],
    ["is what the run says before that", { agents: 120, placement: "hash" }, { method: "contiguous" }, "contiguous"],
    ["is contiguous with fewer agents than workers", { agents: 2 }, {}, "contiguous"],
  ])("%s", async (_what, subject, more, method) => {
    expect((await placed(subject, offers(3), more)).figures.method).toBe(method);
  });

  test("the run's method goes with the scenario's options", async () => {
    const options = { method: "communities", imbalance: 1 } as const;
    const seen: unknown[] = [];
    await placed({ agents: 120, placement: options }, offers(3), {
      method: "communities",
      partition: async (task) => {
        seen.push([...(task.workers as Float64Array)]);
        return place(graphOf(task), task, meter);
      },
    });
    expect(seen).toEqual([[80, 80, 80]]);
  });
});

describe("workers", () => {
  test("without agents are possible, and nobody at all is", async () => {
    expect(countsOf(await placed({ agents: 2 }, offers(5)), 5).sort()).toEqual([0, 0, 0, 1, 1]);
    expect((await placed({ agents: 0 }, offers(2))).figures).toMatchObject({ edgeCut: 0, imbalance: 0 });
  });

  test("carry in proportion to their capacity, and say so to each other", async () => {
    const workers = [offer({ capacity: 2 }), offer(), offer({ capacity: 3, agentsMax: 200 })];
    for (const method of ["communities", "hash", "contiguous"] as const) {
      const result = await placed({ agents: 600 }, workers, { method });
      const counts = countsOf(result, 3);
      expect(counts[2]).toBeLessThanOrEqual(200);
      expect(counts[0]).toBeLessThanOrEqual(267 * 1.03);
      expect(counts[1]).toBeLessThanOrEqual(134 * 1.03);
      expect([...result.shares]).toEqual([2 / 6, 1 / 6, 3 / 6]);
      expect([...result.agentLimits]).toEqual([Infinity, Infinity, 200]);
    }
  });

  test("that have no room for all are refused with the numbers", async () => {
    const workers = [offer({ agentsMax: 30 }), offer({ agentsMax: 40 })];
    await expect(placed({ agents: 71 }, workers)).rejects.toThrow(
      "INVALID_PLACEMENT: agentsMax of the workers: 30 + 40 = 70, for 71 agents",
    );
    expect(countsOf(await placed({ agents: 70 }, workers), 2)).toEqual([30, 40]);
  });

  test("no limit is ever broken, whatever agents cost", async () => {
    const cost = fc.constantFrom(
      undefined,
      (i: number) => 1 + (i % 3),
      (i: number) => (i % 17 === 0 ? 20 : 0.5),
    );
    await fc.assert(
      fc.asyncProperty(demands(240), cost, async ({ agents, shares, limits }, of) => {
        const workers = [...shares].map((capacity, w) => offer({ capacity, agentsMax: limits[w]! }));
        const result = await placed({ agents, ...(of === undefined ? {} : { cost: of }) }, workers);
        expect(result.placement).toHaveLength(agents);
        expect(countsOf(result, workers.length).every((count, w) => count <= limits[w]!)).toBe(true);
        if (result.figures.method !== "communities") return;
        const costs = of === undefined ? null : Float64Array.from({ length: agents }, (_, i) => of(i));
        const carriers = { quotas: agentQuotas(agents, result.shares, limits), agentLimits: limits };
        const loads = new Float64Array(workers.length);
        for (const [agent, worker] of result.placement.entries()) loads[worker]! += costs === null ? 1 : costs[agent]!;
        const above = [...loadLimits(costs, carriers, 0.03)].filter((limit, w) => loads[w]! > limit * (1 + 1e-9));
        expect(above).toEqual([]);
      }),
    );
  });

  test("on two hosts: a chain is cut where links are cheap", async () => {
    const chain = { agents: 480, chains: 1 };
    const linkCost = async (place: "host" | "zone", names: string[]) => {
      const { figures } = await placed(
        chain,
        names.map((name) => offer({ [place]: name })),
      );
      return figures.linkCost;
    };
    // Three cuts make four pieces: one between the hosts, and one inside each.
    expect(await linkCost("host", ["here", "there", "here", "there"])).toBe(10 + 2 * 1);
    expect(await linkCost("zone", ["north", "south", "north", "south"])).toBe(100 + 2 * 1);
    expect(await linkCost("host", ["here", "here", "here", "here"])).toBeUndefined();
  });
});

describe("communities", () => {
  test.each([
    [undefined, [3, 3, 1, 1]],
    [0.5, [0.5, 0.5, 1, 1]],
    [1, undefined],
  ])("count ties between types by crossTypeWeight %s", async (crossTypeWeight, weights) => {
    const model = defineModel({ name: "mixed", relations: ["near"] });
    const [One, Two] = [model.agent("one").state(() => ({})), model.agent("two").state(() => ({}))];
    const scenario = model.scenario({
      agents: [One, Two],
      ...(crossTypeWeight === undefined ? {} : { placement: { method: "communities" as const, crossTypeWeight } }),
      populate(world) {
        const [ones, twos] = [world.spawn(One, 4), world.spawn(Two, 4)];
        world.relate("near", ones, twos, [
          [0, 0],
          [1, 1],
        ]);
        world.relate("near", ones, [[2, 3]]);
        world.relate("near", twos, [[2, 3]]);
      },
    });
    const program = compile(scenario);
    let seen: unknown;
    const { figures } = await placed({ agents: 0 }, offers(2), {
      program,
      population: await populate(program, dataFiles),
      partition: async (task) => {
        seen = task.edgeWeights && [...task.edgeWeights];
        return place(graphOf(task), task, meter);
      },
    });
    expect(seen).toEqual(weights);
    // The figures are of the ties, whatever they count.
    expect(figures.cutByTypePair.map(({ types, weight }) => [...types, weight])).toEqual([
      ["one", "two", 2],
      ["one", "one", 1],
      ["two", "two", 1],
    ]);
  });

  test("come out the same from the thread, each time", async () => {
    const one = await placed({ agents: 400 }, offers(3));
    const two = await placed({ agents: 400 }, offers(3), { partition: placeInThread });
    expect(two.placement).toEqual(one.placement);
    expect(two.figures.edgeCut).toBeLessThan(0.05);
    expect(two.figures.imbalance).toBeLessThanOrEqual(0.03);
  });

  test("are given up, not the run, when the thread dies", async () => {
    const warnings = new Warnings();
    const { figures, placement } = await placed({ agents: 400 }, offers(3), {
      // V8 ends a thread that does not get by with so little.
      partition: (task, signal) => placeInThread(task, signal, { maxOldGenerationSizeMb: 1 }),
      log: warnings.log,
    });
    expect(figures.method).toBe("contiguous");
    expect(placement).toHaveLength(400);
    expect(warnings.lines).toEqual([
      [
        "communities were not found; agents are placed contiguously",
        { reason: expect.stringMatching(/^PLACEMENT_FAILED: /) },
      ],
    ]);
  });

  test("are not waited for when the run is over", async () => {
    const over = new AbortController();
    const warnings = new Warnings();
    const placing = placed({ agents: 400 }, offers(3), {
      partition: (task, signal) => {
        const placement = placeInThread(task, signal);
        over.abort();
        return placement;
      },
      signal: over.signal,
      log: warnings.log,
    });
    await expect(placing).rejects.toThrow("STOPPED");
    expect(warnings.lines).toEqual([]);
  });
});
