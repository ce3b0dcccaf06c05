import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Adjacency } from "./adjacency.ts";

const ROWS = 8;
const TARGETS = 12;

/** The plainest model: a map of weights by slot and target. */
type Model = Map<number, number>[];

function build(model: Model, weighted: boolean): Adjacency {
  const ties = model.flatMap((row, slot) => [...row].map(([target, weight]) => ({ slot, target, weight })));
  const adjacency = new Adjacency();
  adjacency.build(
    ROWS,
    Uint32Array.from(ties, ({ slot }) => slot),
    Uint32Array.from(ties, ({ target }) => target),
    weighted ? Float64Array.from(ties, ({ weight }) => weight) : null,
  );
  return adjacency;
}

function check(adjacency: Adjacency, model: Model, withReverse: boolean): void {
  for (const [slot, row] of model.entries()) {
    const targets = [...row.keys()].sort((a, b) => a - b);
    expect([...adjacency.targets(slot)]).toEqual(targets);
    expect([...adjacency.weights(slot)]).toEqual(targets.map((target) => row.get(target)));
    expect(adjacency.degree(slot)).toBe(row.size);
  }
  if (!withReverse) return;
  for (let target = 0; target < TARGETS; target++) {
    const slots = [...model.keys()].filter((slot) => model[slot]!.has(target));
    expect([...adjacency.slotsWith(target)]).toEqual(slots);
  }
}

const WHAT = ["set", "remove", "clear", "give", "move", "compact"] as const;
const tie = fc.tuple(fc.nat(ROWS - 1), fc.nat(TARGETS - 1), fc.integer({ min: -3, max: 3 }));

describe("adjacency", () => {
  it.each([
    ["and its reverse is asked for at the end", false],
    ["and its reverse is kept up", true],
  ])("does what a map does, %s", (_what, reverseFirst) => {
    const change = fc.tuple(fc.constantFrom(...WHAT), tie);
    fc.assert(
      fc.property(
        fc.array(tie, { maxLength: 30 }),
        fc.boolean(),
        fc.array(change, { maxLength: 30 }),
        (ties, weighted, changes) => {
          const model: Model = Array.from({ length: ROWS }, () => new Map());
          for (const [slot, target, weight] of ties) model[slot]!.set(target, weighted ? weight : 1);
          const adjacency = build(model, weighted);
          check(adjacency, model, reverseFirst);
          for (const [what, [slot, target, weight]] of changes) {
            if (what === "set") {
              adjacency.set(slot, target, weight);
              model[slot]!.set(target, weight);
            } else if (what === "remove") {
              adjacency.remove(slot, target);
              model[slot]!.delete(target);
            } else if (what === "clear") {
              adjacency.clear(slot);
              model[slot]!.clear();
            } else if (what === "give") {
              const [targets, row] = [Uint32Array.of(target), new Map([[target, weighted ? weight : 1]])];
              adjacency.setRow(slot, { targets, weights: weighted ? Float64Array.of(weight) : null });
              model[slot] = row;
            } else if (what === "move") {
              const last = target % ROWS;
              adjacency.moveRow(last, slot);
              const moved = model[last]!;
              model[last] = new Map();
              if (last !== slot) model[slot] = moved;
            } else adjacency.compact(ROWS);
            check(adjacency, model, reverseFirst);
          }
          check(adjacency, model, true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("takes rows that were not there when it was built", () => {
    const adjacency = build([], false);
    expect([...adjacency.targets(20)]).toEqual([]);
    adjacency.set(20, 3, 2);
    expect([...adjacency.slotsWith(3)]).toEqual([20]);
    adjacency.set(21, 3, 1);
    adjacency.set(5, 3, 1);
    expect([...adjacency.slotsWith(3)]).toEqual([5, 20, 21]);
  });

  it("leaves views that were given out as they are", () => {
    const adjacency = build(
      [
        new Map([
          [1, 1],
          [4, 1],
        ]),
      ],
      true,
    );
    const [targets, weights] = [adjacency.targets(0), adjacency.weights(0)];
    adjacency.set(0, 4, 9);
    adjacency.set(0, 2, 5);
    adjacency.remove(0, 1);
    expect([[...targets], [...weights]]).toEqual([
      [1, 4],
      [1, 1],
    ]);
    expect([[...adjacency.targets(0)], [...adjacency.weights(0)]]).toEqual([
      [2, 4],
      [5, 9],
    ]);
  });
});
