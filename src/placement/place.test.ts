import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { naiveCut } from "./graphs.suite.ts";
import { graphOf, type Meter, type PlacementOutcome, type PlacementTask, place } from "./place.ts";
import { linkCosts } from "./topology.ts";

const AGENTS = 24;
const TREE = { cost: 10, children: [{ cost: 1, children: [0, 1] }, 2] };

/** A second and a half a look at the clock, half of it the processor's. */
function meter(): Meter {
  let looks = 0;
  return { now: () => 1500 * looks++, cpuSeconds: () => 0.75 * looks };
}

const run = (task: PlacementTask): PlacementOutcome => place(graphOf(task), task, meter());

const agent = fc.integer({ min: 0, max: AGENTS - 1 });
const edges = fc.array(fc.tuple(agent, agent, fc.integer({ min: 0, max: 9 })), { maxLength: 80 });
const perAgent = (value: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(value, { minLength: AGENTS, maxLength: AGENTS });

const tasks: fc.Arbitrary<PlacementTask> = fc
  .record({
    edges,
    loads: fc.option(perAgent(fc.integer({ min: 0, max: 5 })), { nil: undefined }),
    types: fc.option(perAgent(fc.integer({ min: 0, max: 3 })), { nil: undefined }),
    workers: fc.constantFrom(3, Float64Array.of(50, 60, 70)),
    topology: fc.constantFrom(undefined, TREE),
    present: fc.option(perAgent(fc.integer({ min: 0, max: 2 })), { nil: undefined }),
    seed: fc.nat(),
  })
  .map(({ edges, loads, types, workers, topology, present, seed }) => ({
    vertexCount: AGENTS,
    source: Uint32Array.from(edges, ([from]) => from),
    target: Uint32Array.from(edges, ([, to]) => to),
    edgeWeights: Float64Array.from(edges, ([, , weight]) => weight),
    loads: loads && Float64Array.from(loads),
    typeOf: types && Uint16Array.from(types),
    workers,
    topology: present === undefined ? topology : undefined,
    present: present && Uint16Array.from(present),
    options: { seed, imbalance: 0.2 },
  }));

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe("place", () => {
  test("figures are those of the parts, in the weights of the task", () => {
    const property = fc.property(tasks, (task) => {
      const outcome = run(task);
      const { parts, cut, loads, limits, typeCut, linkCost, change } = outcome;
      const [source, target, weights] = [[...task.source], [...task.target], [...task.edgeWeights!]];
      const proper = weights.filter((_, i) => source[i] !== target[i]);
      expect(parts.length).toBe(AGENTS);
      expect(cut).toBe(naiveCut(source, target, weights, parts));
      expect(outcome.edgeWeight).toBe(sum(proper));
      expect(outcome.edges).toBe(
        new Set(source.flatMap((a, i) => (a === target[i] || weights[i] === 0 ? [] : [`${[a, target[i]!].sort()}`])))
          .size,
      );
      expect(loads.every((load, b) => load <= limits[b]! * (1 + 1e-9))).toBe(true);
      expect(sum(loads)).toBe(task.loads === undefined ? AGENTS : sum(task.loads));
      expect(typeCut === undefined).toBe(task.typeOf === undefined);
      if (typeCut !== undefined) expect([sum(typeCut.cut), sum(typeCut.total)]).toEqual([cut, outcome.edgeWeight]);
      const { costs } = linkCosts(TREE);
      const links = sum(weights.map((weight, i) => weight * costs[3 * parts[source[i]!]! + parts[target[i]!]!]!));
      expect(linkCost).toBe(task.topology === undefined ? undefined : links);
      const moved = task.present && [...parts].filter((b, v) => b !== task.present![v]).length;
      expect(change?.moved).toBe(moved);
      expect([outcome.seconds > 0, outcome.cpuSeconds > 0]).toEqual([true, true]);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("gives the same for the same task", () => {
    const property = fc.property(tasks, (task) => {
      expect(run(task)).toEqual(run(task));
    });
    fc.assert(property, { numRuns: 50 });
  });

  test("the factor between types keeps them together, and is not in the figures", () => {
    // A square of which two opposite edges join types: each split cuts two edges, and the dear ones stay whole.
    const square = { vertexCount: 4, source: Uint32Array.of(0, 1, 2, 3), target: Uint32Array.of(1, 2, 3, 0) };
    const task = { ...square, workers: 2, typeOf: Uint16Array.of(0, 1, 1, 0), options: {} };
    const { cut, typeCut, parts } = run(task);
    expect([cut, typeCut]).toEqual([
      2,
      { types: 2, cut: Float64Array.of(1, 0, 0, 1), total: Float64Array.of(1, 2, 0, 1) },
    ]);
    expect([parts[0], parts[2]]).toEqual([parts[1], parts[3]]);
    const turned = run({ ...task, crossTypeFactor: 0.1 });
    expect(turned.typeCut!.cut).toEqual(Float64Array.of(0, 2, 0, 0));
  });

  test("the volume is counted where it is the objective", () => {
    const task = {
      vertexCount: 3,
      source: Uint32Array.of(0, 0),
      target: Uint32Array.of(1, 2),
      workers: 3,
      options: {},
    };
    expect(run(task)).not.toHaveProperty("volume");
    expect(run({ ...task, options: { objective: "volume" } }).volume).toBe(4);
  });

  test("pairs of types are shown up to 1024 of them", () => {
    const task = { vertexCount: 1, source: new Uint32Array(0), target: new Uint32Array(0), workers: 1, options: {} };
    expect(run({ ...task, typeOf: Uint16Array.of(1023) }).typeCut?.types).toBe(1024);
    expect(run({ ...task, typeOf: Uint16Array.of(1024) }).typeCut).toBeUndefined();
  });

  describe("refuses", () => {
    const task = {
      vertexCount: 3,
      source: Uint32Array.of(0, 1),
      target: Uint32Array.of(1, 2),
      workers: 3,
      options: {},
    };
    const present = Uint16Array.of(0, 1, 2);
    test.each<[string, Partial<PlacementTask>, RegExp]>([
      ["a topology of other workers", { workers: 2, topology: TREE }, /the topology has 3 workers, not 2/],
      ["as many capacities as there are not", { workers: Float64Array.of(9, 9), topology: TREE }, /2 capacities for 3/],
      ["volume on a topology", { topology: TREE, options: { objective: "volume" } }, /the link cost is the objective/],
      ["a present placement on a topology", { present, topology: TREE }, /with neither a topology, pins nor/],
      ["a present placement with pins", { present, options: { pinned: Int32Array.of(0, 1, 2) } }, /with neither/],
      ["a present placement for volume", { present, options: { objective: "volume" } }, /with neither/],
    ])("%s", (_name, more, message) => {
      expect(() => run({ ...task, ...more })).toThrow(message);
      expect(() => run({ ...task, ...more })).toThrow(expect.objectContaining({ code: "INVALID_PLACEMENT" }));
    });
  });
});
