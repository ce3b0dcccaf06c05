import fc from "fast-check";
import { expect, test } from "vitest";
import type { Population, RelationTies } from "../model/population.ts";
import { hasTies, tieGraph } from "./tie-graph.ts";

type Tie = [source: number, target: number, weight?: number];

const relation = (...ties: Tie[]): RelationTies => ({
  directed: false,
  source: Uint32Array.from(ties, ([source]) => source),
  target: Uint32Array.from(ties, ([, target]) => target),
  weight: ties.some(([, , weight]) => weight !== undefined) ? Float64Array.from(ties, ([, , w]) => w ?? 1) : null,
});
const population = (...relations: RelationTies[]): Population => ({ count: 10, relations }) as unknown as Population;

test("all relations are added up, ties to oneself left out", () => {
  const graph = tieGraph(population(relation([0, 1], [2, 2]), relation(), relation([1, 0], [3, 4])));
  expect(graph).toEqual({
    agents: 10,
    source: Uint32Array.of(0, 1, 3),
    target: Uint32Array.of(1, 0, 4),
    weights: null,
  });
});

test("weights count relative to the mean of their relation, by amount, and none is lost", () => {
  const wages = relation([0, 1, 1000], [0, 2, 3000], [0, 3, -2000]);
  const { weights } = tieGraph(population(wages, relation([0, 1])));
  expect([...weights!]).toEqual([0.5, 1.5, 1, 1]);
  const wide = tieGraph(population(relation([0, 1, 0], [0, 2, 1e-300], [0, 3, 1.5])));
  expect([...wide.weights!]).toEqual([1e-3, 1e-3, 3]);
  expect([...tieGraph(population(relation([0, 1, 0], [0, 2, 0]))).weights!]).toEqual([1, 1]);
  const tiny = tieGraph(population(relation([0, 1, 0], [0, 2, 5e-324], [0, 3, 5e-324])));
  expect([...tiny.weights!]).toEqual([1e-3, 1.5, 1.5]);
  const vast = tieGraph(population(relation([0, 1, 1.7e308], [0, 2, -1.7e308])));
  expect([...vast.weights!]).toEqual([1, 1]);
});

test("any finite weights give finite, positive ones", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (list) => {
      const { weights } = tieGraph(population(relation(...list.map((w, i): Tie => [0, i + 1, w]))));
      expect(weights!.every((weight) => weight >= 1e-3 && weight <= list.length * (1 + 1e-9))).toBe(true);
    }),
  );
});

test("what is changed later does not change the population", () => {
  const ties = relation([0, 1]);
  tieGraph(population(ties)).source[0] = 7;
  expect(ties.source[0]).toBe(0);
});

test("a population has ties when two agents do", () => {
  expect([[], [[1, 1] as Tie], [[1, 2] as Tie]].map((ties) => hasTies(population(relation(...ties))))).toEqual([
    false,
    false,
    true,
  ]);
});
