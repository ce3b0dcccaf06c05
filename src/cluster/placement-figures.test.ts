import { expect, test } from "vitest";
import type { Population, RelationTies } from "../model/population.ts";
import { placementFigures } from "./placement-figures.ts";

const undirected = (pairs: readonly [number, number][], weight: number[] | null): RelationTies => ({
  directed: false,
  source: Uint32Array.from(pairs, ([a]) => a),
  target: Uint32Array.from(pairs, ([, b]) => b),
  weight: weight === null ? null : Float64Array.from(weight),
});

const population = (costs: number[] | null, ...relations: RelationTies[]): Population =>
  ({ count: 4, typeOf: Uint16Array.of(1, 0, 0, 1), costs: costs && Float64Array.from(costs), relations }) as never;

const friends = undirected(
  [
    [0, 1],
    [1, 2],
    [2, 3],
  ],
  [1, 1, 4],
);
const job = undirected([[0, 3]], null);
const placed = {
  method: "hash",
  placement: Uint16Array.of(0, 0, 1, 1),
  shares: Float64Array.of(0.5, 0.5),
  topology: undefined,
  seconds: 1,
} as const;

test("the weight of ties between workers over all, and by the types of their ends", () => {
  expect(placementFigures(population(null, friends, job), ["firm", "person"], placed)).toEqual({
    method: "hash",
    edgeCut: 1.5 / 4,
    imbalance: 0,
    cutByTypePair: [
      { types: ["firm", "person"], weight: 2.5, cut: 0 },
      { types: ["person", "person"], weight: 1, cut: 1 },
      { types: ["firm", "firm"], weight: 0.5, cut: 0.5 },
    ].sort((a, b) => b.weight - a.weight),
    seconds: 1,
  });
});

test("the imbalance is that of loads over shares", () => {
  const { imbalance } = placementFigures(population([1, 1, 1, 5], friends), ["firm", "person"], placed);
  expect(imbalance).toBeCloseTo(6 / 4 - 1);
  const shares = Float64Array.of(0.25, 0.75);
  expect(placementFigures(population(null, job), ["firm", "person"], { ...placed, shares }).imbalance).toBe(1);
});

test("with several hosts: what the links cost", () => {
  const topology = { cost: 10, children: [0, 1] };
  expect(placementFigures(population(null, friends, job), ["firm", "person"], { ...placed, topology }).linkCost).toBe(
    15,
  );
});

test("without ties nothing is cut", () => {
  const { edgeCut, cutByTypePair } = placementFigures(population(null), ["firm", "person"], placed);
  expect([edgeCut, cutByTypePair]).toEqual([0, []]);
});

test("of very many pairs of types the heaviest are shown", () => {
  const count = 1001;
  const many = { count, typeOf: Uint16Array.from({ length: count }, (_, i) => i), costs: null } as const;
  const star = undirected(
    Array.from({ length: 1000 }, (_, i): [number, number] => [0, i + 1]),
    Array.from({ length: 1000 }, (_, i) => i + 1),
  );
  const types = Array.from({ length: count }, (_, i) => `t${i}`);
  const placement = new Uint16Array(count);
  const figures = placementFigures({ ...many, relations: [star] } as never, types, { ...placed, placement });
  expect(figures.cutByTypePair).toHaveLength(100);
  expect(figures.cutByTypePair[0]!.types).toEqual(["t0", "t1000"]);
});
