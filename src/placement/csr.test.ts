import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Blocks } from "./blocks.ts";
import { propagateLabels } from "./cluster-propagation.ts";
import { contract } from "./contract.ts";
import { buildCsr, type Csr, inducedGraph } from "./csr.ts";
import { plantedGraph } from "./graphs.suite.ts";
import { Heap } from "./heap.ts";
import { cutUnits, edgeCut, totalEdgeWeight, volumeOf } from "./quality.ts";
import { Chance, permutation } from "./shuffle.ts";

describe("buildCsr", () => {
  it("merges parallel and reversed edges, drops loops and edges of weight 0", () => {
    const graph = buildCsr(3, [0, 1, 0, 2, 1], [1, 0, 0, 1, 2], { edges: [1, 2, 9, 0, 4] });
    expect(Array.from(graph.offsets)).toEqual([0, 1, 3, 4]);
    expect(Array.from(graph.targets)).toEqual([1, 0, 2, 1]);
    expect(Array.from(graph.edgeWeights)).toEqual([3, 3, 4, 4]);
    expect(totalEdgeWeight(graph)).toBe(7);
  });

  it("keeps fractions, and weights too large for 32 bits, to nine digits", () => {
    const weights = [0.1, 0.25, 1e12, 3e12];
    const graph = buildCsr(5, [0, 1, 2, 3], [1, 2, 3, 4], { edges: weights });
    expect(edgeCut(graph, [0, 0, 0, 0, 1]) / 3e12).toBeCloseTo(1, 8);
    const small = buildCsr(3, [0, 1], [1, 2], { edges: [0.1, 0.25] });
    expect(edgeCut(small, [0, 1, 1])).toBeCloseTo(0.1, 8);
  });

  it("takes graphs without edges or vertices", () => {
    expect(buildCsr(0, [], []).totalLoad).toBe(0);
    expect(totalEdgeWeight(buildCsr(3, [], []))).toBe(0);
  });
});

describe("contract", () => {
  it("keeps loads, and the cut of every partition that respects the clusters", () => {
    const { graph, planted } = plantedGraph(600, 6, 8, 2, 1);
    const groups = Int32Array.from(planted);
    const labels = propagateLabels(graph, 30, 3, groups, new Chance(1));
    const step = contract(graph, labels);
    const coarse = new Uint16Array(step.graph.vertexCount);
    for (let v = 0; v < 600; v++) coarse[step.coarseOf[v]!] = planted[v]!;
    expect(cutUnits(step.graph, coarse)).toBe(cutUnits(graph, planted));
    expect(step.graph.vertexWeights.reduce((a, b) => a + b)).toBe(600);
    expect(Math.max(...step.graph.vertexWeights)).toBeLessThanOrEqual(30);
    expect(step.graph.vertexCount).toBeLessThan(300);
  });

  it("and an induced part has what lies inside", () => {
    const { graph, planted } = plantedGraph(600, 6, 8, 2, 1);
    const inner = inducedGraph(graph, planted, 3);
    expect(inner.members.length).toBe(100);
    expect(inner.members.every((v) => planted[v] === 3)).toBe(true);
    const one = planted.map((block) => (block === 3 ? 1 : 0));
    const inside = (totalEdgeWeight(graph) - edgeCut(graph, one)) as number;
    expect(totalEdgeWeight(inner.graph)).toBeLessThan(inside);
  });
});

describe("Blocks", () => {
  it("has the ties, loads and cut that a recount finds, after any moves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(19), fc.nat(19), fc.integer({ min: 1, max: 9 })), { maxLength: 80 }),
        fc.array(fc.tuple(fc.nat(19), fc.nat(4)), { maxLength: 60 }),
        (edges, moves) => {
          const [source, target] = [edges.map((e) => e[0]), edges.map((e) => e[1])];
          const graph = buildCsr(20, source, target, { edges: edges.map((e) => e[2]) });
          const parts = Uint16Array.from({ length: 20 }, (_, v) => v % 5);
          const blocks = new Blocks(graph, parts, new Float64Array(5).fill(20));
          for (const [v, to] of moves) {
            if (parts[v] === to) continue;
            const before = blocks.cut();
            const gain = blocks.tie(v, to) - blocks.tie(v, parts[v]!);
            blocks.move(v, to);
            expect(blocks.cut()).toBe(before - gain);
          }
          const cutOff = Array.from({ length: 20 }, (_, v) => v).filter(
            (v) => blocks.tie(v, parts[v]!) < degree(graph, v),
          );
          expect(Array.from(blocks.boundary.subarray(0, blocks.boundaryCount)).sort((a, b) => a - b)).toEqual(cutOff);
          expect(cutOff.every((v) => blocks.isBoundary(v))).toBe(true);
          const again = new Blocks(graph, parts, blocks.limits);
          expect(blocks.cut()).toBe(cutUnits(graph, parts));
          expect(blocks.loads).toEqual(again.loads);
          for (let v = 0; v < 20; v++) for (let b = 0; b < 5; b++) expect(blocks.tie(v, b)).toBe(again.tie(v, b));
        },
      ),
    );
  });
});

/** Weight of all edges of `v`. */
function degree(graph: Csr, v: number): number {
  return graph.edgeWeights.subarray(graph.offsets[v]!, graph.offsets[v + 1]!).reduce((a, b) => a + b, 0);
}

describe("volume", () => {
  it("counts a foreign block once per vertex", () => {
    const star = buildCsr(4, [0, 0, 0], [1, 2, 3]);
    expect(volumeOf(star, [0, 1, 1, 0], 2)).toBe(3);
  });
});

describe("Heap and Chance", () => {
  it("give out the largest key first, whatever was changed", () => {
    const chance = new Chance(4);
    const heap = new Heap(50);
    for (let v = 0; v < 50; v++) heap.push(v, chance.below(100));
    for (let v = 0; v < 50; v += 3) heap.update(v, chance.below(100));
    for (let v = 0; v < 50; v += 7) heap.remove(v);
    let last = Infinity;
    let count = 0;
    for (; heap.size > 0; count++) {
      const top = heap.topKey();
      expect(heap.keys[heap.pop()]).toBe(top);
      expect(top).toBeLessThanOrEqual(last);
      last = top;
    }
    expect(count).toBe(42);
  });

  it("differ by seed and cover their range", () => {
    expect(new Chance(1).next()).not.toBe(new Chance(2).next());
    expect(new Chance(2 ** 40 + 1).next()).not.toBe(new Chance(1).next());
    expect(permutation(100, new Chance(1)).toSorted()).toEqual(Int32Array.from({ length: 100 }, (_, i) => i));
    const seen = new Set(
      Array.from(
        { length: 200 },
        (
          (chance) => () =>
            chance.below(6)
        )(new Chance(7)),
      ),
    );
    expect(seen.size).toBe(6);
  });
});
