import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MyriadError } from "../base/error.ts";
import { buildCsr } from "./csr.ts";
import { gridGraph, naiveCut, plantedGraph } from "./graphs.suite.ts";
import { partition } from "./partition.ts";
import { edgeCut, volumeOf } from "./quality.ts";

const demand = fc.integer({ min: 2, max: 80 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    edges: fc.array(
      fc.tuple(
        fc.nat(n - 1),
        fc.nat(n - 1),
        fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 5, noNaN: true })),
      ),
      { maxLength: 300 },
    ),
    loads: fc.oneof(
      fc.constant(undefined),
      fc.array(fc.integer({ min: 0, max: 20 }), { minLength: n, maxLength: n }),
      fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: n, maxLength: n }),
    ),
    workers: fc.oneof(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 6 }),
    ),
    pins: fc.oneof(fc.constant(undefined), fc.array(fc.integer({ min: -6, max: 3 }), { minLength: n, maxLength: n })),
    imbalance: fc.constantFrom(0, 0.03, 0.3),
    preset: fc.constantFrom("fast" as const, "eco" as const, "best" as const),
    objective: fc.constantFrom("cut" as const, "volume" as const),
    seed: fc.nat(1000),
  }),
);

describe("partition keeps what it promises", () => {
  it("on random graphs, loads, capacities and pins", () => {
    let placed = 0;
    fc.assert(
      fc.property(demand, (d) => {
        const [source, target, weights] = [
          d.edges.map((e) => e[0]),
          d.edges.map((e) => e[1]),
          d.edges.map((e) => e[2]),
        ];
        const graph = buildCsr(d.n, source, target, { edges: weights, vertices: d.loads });
        const pinned = d.pins === undefined ? undefined : Int32Array.from(d.pins, (pin) => Math.max(-1, pin));
        const options = { imbalance: d.imbalance, preset: d.preset, objective: d.objective, seed: d.seed, pinned };
        const count = typeof d.workers === "number" ? d.workers : d.workers.length;
        let result: ReturnType<typeof partition>;
        try {
          result = partition(graph, d.workers, options);
        } catch (error) {
          expect(error).toBeInstanceOf(MyriadError);
          expect((error as MyriadError).code).toBe("INVALID_PLACEMENT");
          expect((error as MyriadError).message).toMatch(/\d/);
          return;
        }
        placed++;
        expect(result.parts.length).toBe(d.n);
        const loads = new Float64Array(count);
        for (let v = 0; v < d.n; v++) loads[result.parts[v]!]! += d.loads?.[v] ?? 1;
        for (let b = 0; b < count; b++) {
          expect(loads[b]!).toBeCloseTo(result.loads[b]!, 9);
          expect(loads[b]!).toBeLessThanOrEqual(result.limits[b]! * (1 + 1e-9));
          if (typeof d.workers !== "number") expect(loads[b]!).toBeLessThanOrEqual(d.workers[b]! * (1 + 1e-9));
        }
        for (let v = 0; v < d.n; v++)
          if (pinned !== undefined && pinned[v]! >= 0) expect(result.parts[v]).toBe(pinned[v]);
        const naive = naiveCut(source, target, weights, result.parts);
        expect(Math.abs(result.cut - naive)).toBeLessThanOrEqual(1e-6 * (1 + naive));
        expect(partition(graph, d.workers, options).parts).toEqual(result.parts);
      }),
      { numRuns: 200 },
    );
    expect(placed).toBeGreaterThan(20);
  });

  it("keeps equal loads within the imbalance when agents are light", () => {
    const { graph } = plantedGraph(3000, 10, 8, 3, 5);
    for (const k of [2, 7, 50]) {
      const { imbalance, parts } = partition(graph, k);
      expect(imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
      expect(new Set(parts).size).toBe(k);
    }
  });
});

describe("partition refuses what cannot be", () => {
  const graph = buildCsr(4, [0, 1, 2], [1, 2, 3], { vertices: [1, 1, 1, 5] });
  const refused: [string, () => unknown, RegExp][] = [
    ["k = 0", () => partition(graph, 0), /from 1 to 1024, not 0/],
    ["k that is no integer", () => partition(graph, 1.5), /not 1.5/],
    ["k above the number of agents", () => partition(graph, 5), /5 workers for 4 agents/],
    ["too little capacity", () => partition(graph, [3, 4]), /sum to 7, less than the load of 8/],
    ["an agent too heavy for all", () => partition(graph, [4, 4]), /agent 3 of load 5.* is 4/],
    ["a negative capacity", () => partition(graph, [-1, 20]), /capacity 0 has the weight -1/],
    [
      "a pin to nowhere",
      () => partition(graph, 2, { pinned: Int32Array.of(2, -1, -1, -1) }),
      /pinned to worker 2.*0 to 1/,
    ],
    [
      "pins above a capacity",
      () => partition(graph, [3, 9], { pinned: Int32Array.of(-1, -1, 0, 0) }),
      /load of 6, above.*3/,
    ],
    ["a bad imbalance", () => partition(graph, 2, { imbalance: Number.NaN }), /imbalance.*NaN/],
    ["a negative edge weight", () => buildCsr(2, [0], [1], { edges: [-2] }), /edge 0 has the weight -2/],
    ["an infinite load", () => buildCsr(2, [0], [1], { vertices: [1, Infinity] }), /vertex 1 has the weight Infinity/],
    ["an edge to nowhere", () => buildCsr(2, [0], [2]), /edge 0: 2 is not a vertex from 0 to 1/],
  ];
  it.each(refused)("%s", (_, demand, message) => {
    expect(demand).toThrow(MyriadError);
    expect(demand).toThrow(message);
  });
});

describe("partition finds", () => {
  it("planted communities", () => {
    const { graph, planted } = plantedGraph(2000, 8, 12, 3, 9);
    const expected = edgeCut(graph, planted);
    for (const preset of ["fast", "eco", "best"] as const) {
      expect(partition(graph, 8, { preset }).cut).toBeLessThanOrEqual(1.02 * expected);
    }
  });

  it("short borders on a grid", () => {
    expect(partition(gridGraph(40), 2).cut).toBeLessThanOrEqual(44);
    expect(partition(gridGraph(40), 4, { preset: "best" }).cut).toBeLessThanOrEqual(88);
  });

  it("room for isolated agents as ballast", () => {
    const { graph: half } = plantedGraph(500, 1, 6, 0, 3);
    const rows = { targets: half.targets, edgeWeights: half.edgeWeights };
    const offsets = new Int32Array(1201).fill(half.offsets[500]!);
    offsets.set(half.offsets);
    const vertexWeights = new Float64Array(1200).fill(1);
    const { cut, imbalance } = partition(
      { ...half, ...rows, vertexCount: 1200, offsets, vertexWeights, totalLoad: 1200 },
      2,
    );
    expect(cut).toBe(0);
    expect(imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
  });

  it("less volume when asked for volume", () => {
    const { graph } = plantedGraph(2000, 20, 6, 4, 4);
    const byCut = partition(graph, 8);
    const byVolume = partition(graph, 8, { objective: "volume" });
    expect(volumeOf(graph, byVolume.parts, 8)).toBeLessThan(volumeOf(graph, byCut.parts, 8));
    expect(byVolume.imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
  });
});

describe("a time budget", () => {
  it("ends the improvements but not the first partition", () => {
    const { graph } = plantedGraph(2000, 20, 6, 4, 4);
    let calls = 0;
    const now = () => calls++ * 1000;
    const result = partition(graph, 4, { preset: "best", timeBudgetMs: 1, now });
    expect(result.imbalance).toBeLessThanOrEqual(0.03 + 1e-9);
    expect(result.seconds).toBeGreaterThan(0);
  });
});
