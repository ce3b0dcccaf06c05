import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Blocks } from "./blocks.ts";
import { buildCsr, type Csr } from "./csr.ts";
import { gridGraph, plantedGraph } from "./graphs.suite.ts";
import { cutUnits } from "./quality.ts";
import { Rebalancer, rebalance } from "./rebalance.ts";
import { Chance } from "./shuffle.ts";
import { sweep } from "./sweep.ts";
import { unconstrainedSearch } from "./unconstrained.ts";

const N = 40;
const graphs = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(N - 1), fc.nat(N - 1), fc.integer({ min: 1, max: 9 })), { minLength: 20, maxLength: 200 }),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: N, maxLength: N }),
  )
  .map(([edges, loads]) =>
    buildCsr(
      N,
      edges.map((e) => e[0]),
      edges.map((e) => e[1]),
      { edges: edges.map((e) => e[2]), vertices: loads },
    ),
  );

const limitsOf = (graph: Csr, k: number, slack: number): Float64Array =>
  new Float64Array(k).fill((slack * graph.totalLoad) / k);

describe("rebalance", () => {
  it("brings loads inside their limits, and says what that costs", () => {
    fc.assert(
      fc.property(graphs, fc.nat(1000), (graph, seed) => {
        const chance = new Chance(seed);
        const parts = Uint16Array.from({ length: N }, () => chance.below(2));
        const blocks = new Blocks(graph, parts, limitsOf(graph, 4, 1.3));
        const before = cutUnits(graph, parts);
        const rebalancer = new Rebalancer(blocks);
        const gained = rebalancer.run();
        expect(blocks.overload()).toBe(0);
        expect(before - cutUnits(graph, parts)).toBe(gained);
        expect(rebalancer.movedCount).toBeGreaterThan(0);
      }),
    );
  });

  it("never touches anchors, nor a partition whose limits hold", () => {
    const graph = { ...buildCsr(4, [0, 0, 1], [2, 3, 3], { vertices: [0, 0, 5, 5] }), anchors: 2 };
    const blocks = new Blocks(graph, Uint16Array.of(0, 1, 0, 0), Float64Array.of(5, 5));
    rebalance(blocks);
    expect(Array.from(blocks.parts)).toEqual([0, 1, 0, 1]);
    expect(rebalance(blocks)).toBe(0);
  });
});

describe("unconstrained search", () => {
  const options = { lossShare: 0.75, fruitlessMax: 8 };

  it("never makes the cut worse and keeps the limits", () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 2, max: 5 }), fc.nat(1000), (graph, k, seed) => {
        const chance = new Chance(seed);
        const parts = Uint16Array.from({ length: N }, () => chance.below(k));
        const blocks = new Blocks(graph, parts, limitsOf(graph, k, 1.25));
        rebalance(blocks);
        fc.pre(blocks.overload() === 0);
        const before = cutUnits(graph, parts);
        unconstrainedSearch(blocks, options);
        expect(blocks.overload()).toBe(0);
        expect(cutUnits(graph, parts)).toBeLessThanOrEqual(before);
        expect(blocks.cut()).toBe(cutUnits(graph, parts));
      }),
    );
  });

  it("gets out of minima that moves inside tight limits cannot leave", () => {
    const { graph } = plantedGraph(1200, 6, 10, 1, 11);
    const limits = limitsOf(graph, 6, 1.01);
    const start = (): Blocks => {
      const blocks = new Blocks(
        graph,
        Uint16Array.from({ length: 1200 }, (_, v) => Math.floor(v / 200)),
        limits,
      );
      sweep(blocks, 20, new Chance(3));
      return blocks;
    };
    const swept = start().cut();
    const searched = start();
    unconstrainedSearch(searched, options);
    expect(searched.cut()).toBeLessThan(0.9 * swept);
    expect(searched.overload()).toBe(0);
  });

  it("leaves anchors where they are", () => {
    const grid = gridGraph(6);
    const graph = { ...grid, anchors: 3 };
    const blocks = new Blocks(
      graph,
      Uint16Array.from({ length: 36 }, (_, v) => v % 3),
      limitsOf(grid, 3, 1.2),
    );
    unconstrainedSearch(blocks, options);
    expect(Array.from(blocks.parts.subarray(0, 3))).toEqual([0, 1, 2]);
  });
});
