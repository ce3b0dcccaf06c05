import { describe, expect, it } from "vitest";
import { buildCsr } from "./csr.ts";
import { plantedGraph } from "./graphs.suite.ts";
import { partition } from "./partition.ts";
import { cutByTypePair, edgeCut, totalEdgeWeight } from "./quality.ts";
import { repartition } from "./repartition.ts";
import { Chance } from "./shuffle.ts";
import { Streaming } from "./streaming.ts";
import { linkCostOf, linkCosts, partitionTopology } from "./topology.ts";
import { weighTypes } from "./types.ts";

const hosts = {
  cost: 10,
  children: [
    { cost: 1, children: [0, 1] },
    { cost: 1, children: [2, 3] },
  ],
} as const;

describe("topology", () => {
  it("says what a link costs", () => {
    const { costs, count } = linkCosts(hosts);
    expect(count).toBe(4);
    expect(Array.from(costs)).toEqual([0, 1, 10, 10, 1, 0, 10, 10, 10, 10, 0, 1, 10, 10, 1, 0]);
    expect(() => linkCosts({ cost: 1, children: [0, 2] })).toThrow(/2 workers but no worker 1/);
    expect(() => linkCosts({ cost: Number.NaN, children: [0, 1] })).toThrow(/NaN/);
  });

  it("puts what talks most near each other, within the limits", () => {
    const { graph } = plantedGraph(1200, 4, 4, 8, 2);
    const { costs } = linkCosts(hosts);
    const near = partitionTopology(graph, hosts);
    const flat = partition(graph, 4);
    expect(near.linkCost).toBeCloseTo(linkCostOf(graph, near.parts, costs, 4), 6);
    expect(near.linkCost).toBeLessThan(linkCostOf(graph, flat.parts, costs, 4));
    for (let b = 0; b < 4; b++) expect(near.loads[b]!).toBeLessThanOrEqual(near.limits[b]!);
    const unequal = partitionTopology(graph, hosts, { capacities: [750, 150, 300, 210] });
    expect(Array.from(unequal.loads).every((load, b) => load <= [750, 150, 300, 210][b]!)).toBe(true);
  });

  it("leaves pinned agents where they are", () => {
    const { graph } = plantedGraph(400, 4, 6, 2, 2);
    const pinned = new Int32Array(400).fill(-1);
    for (let v = 0; v < 40; v++) pinned[v] = v % 4;
    const { parts } = partitionTopology(graph, hosts, { pinned });
    for (let v = 0; v < 40; v++) expect(parts[v]).toBe(v % 4);
  });
});

describe("streaming", () => {
  it("places newcomers near their relations and inside the limits", () => {
    const stream = new Streaming({ limits: [10, 10], edgeWeight: 10, load: 10 });
    expect(stream.place(1, [1, 1, 0])).toBe(1);
    for (let i = 0; i < 9; i++) expect(stream.place(1, [1, 1, 1, 1, 1, 1, 1, 1])).toBe(1);
    expect(stream.place(1, [1, 1])).toBe(0);
    expect(() => stream.place(10, [0])).toThrow(/load 10: the largest room is 9/);
    stream.release(1, 3);
    expect(stream.place(3, [1, 1, 1, 1, 1, 1, 1, 1])).toBe(1);
    expect(Array.from(stream.loads)).toEqual([1, 10]);
  });

  it("fills workers in proportion to their shares where nothing ties newcomers", () => {
    const stream = new Streaming({ limits: [100, 100, 100], shares: [3, 1, 0], edgeWeight: 100, load: 100 });
    for (let i = 0; i < 100; i++) stream.place(1, []);
    expect(Array.from(stream.loads)).toEqual([75, 25, 0]);
    for (let i = 0; i < 100; i++) stream.place(1, [1]);
    expect(stream.loads[2]).toBe(0);
    expect(() => new Streaming({ limits: [1, 1], shares: [1, -1], edgeWeight: 1, load: 1 })).toThrow(
      /share of worker 1/,
    );
  });
});

describe("repartition", () => {
  const { graph } = plantedGraph(4000, 8, 10, 2, 6);

  it("moves nobody when moving is dear, and few when it is cheap", () => {
    const before = partition(graph, 8).parts;
    expect(repartition(graph, before, 8, { moveCost: 1000 }).moved).toBe(0);
    const disturbed = before.slice();
    const chance = new Chance(3);
    for (let i = 0; i < 400; i++) disturbed[chance.below(4000)] = chance.below(8);
    const after = repartition(graph, disturbed, 8, { moveCost: 0.05 });
    expect(after.cut).toBeLessThanOrEqual(1.03 * edgeCut(graph, before));
    expect(after.movedFraction).toBeLessThan(0.11);
    expect(after.imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
  });

  it("fills workers that have come, and keeps limits", () => {
    const before = partition(graph, 4).parts;
    const after = repartition(graph, before, 8);
    expect(after.imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
    expect(() => repartition(graph, before, 2)).toThrow(/workers are 0 to 1/);
  });
});

describe("types", () => {
  it("make edges between them heavier, exactly", () => {
    const graph = buildCsr(3, [0, 1], [1, 2], { edges: [2, 0.5] });
    const typed = weighTypes(graph, [0, 0, 1]);
    expect(totalEdgeWeight(typed)).toBe(3.5);
    expect(edgeCut(typed, [0, 0, 1])).toBe(1.5);
    expect(totalEdgeWeight(weighTypes(graph, [0, 0, 1], 1.25))).toBeCloseTo(2.625, 6);
    expect(() => weighTypes(graph, [0, 0])).toThrow(/2 types for 3 agents/);
    const { cut, total } = cutByTypePair(graph, [0, 0, 1], [0, 0, 1], 2);
    expect(Array.from(total)).toEqual([2, 0.5, 0, 0]);
    expect(Array.from(cut)).toEqual([0, 0.5, 0, 0]);
  });
});
