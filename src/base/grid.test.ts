import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WINDOWS_MAX, WindowGrid } from "./grid.ts";

/** The double next above a positive one. */
function above(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
}

/** The double next below a positive one. */
function below(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) - 1n);
  return view.getFloat64(0);
}

function expectDefinition(lookahead: number, time: number): void {
  const grid = new WindowGrid(lookahead);
  const k = grid.windowOf(time);
  if (Number.isInteger(k) && k * lookahead <= time && time < (k + 1) * lookahead) return;
  throw new Error(`lookahead ${lookahead}: ${time} is not in window ${k}`);
}

const LOOKAHEADS = [0.1, 0.3, 1 / 3, 1, 1e-3, 7, Math.PI, 2 ** -1022, 1e-300, 1e300];

describe("WindowGrid", () => {
  test.each(LOOKAHEADS)(
    "lookahead %d: edges and their neighbours are in the windows that the definition gives",
    (lookahead) => {
      const grid = new WindowGrid(lookahead);
      const numbers = Array.from({ length: 20_000 }, (_, k) => k);
      for (let power = 15; power < 51; power++) for (let i = -50; i < 50; i++) numbers.push(2 ** power + i);
      for (let i = 1; i < 1000; i++) numbers.push(WINDOWS_MAX - 2 * i);
      for (const k of numbers) {
        const edge = grid.edge(k);
        if (edge === Infinity) continue;
        if (edge !== k * lookahead || grid.windowOf(edge) !== k)
          throw new Error(`edge ${k} is in window ${grid.windowOf(edge)}`);
        if (k === 0) continue;
        if (grid.windowOf(below(edge)) !== k - 1) throw new Error(`below edge ${k}: ${grid.windowOf(below(edge))}`);
        if (below(edge) > 0) expectDefinition(lookahead, above(edge));
      }
    },
  );

  test("any usable time of any lookahead is in its window", () => {
    const lookahead = fc.oneof(
      fc.constantFrom(...LOOKAHEADS),
      fc.double({ min: 2 ** -1022, noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(
        lookahead,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat({ max: 51 }),
        (step, fraction, power) => {
          const time = fraction * step * 2 ** power;
          if (time < new WindowGrid(step).timeMax) expectDefinition(step, time);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test("neither division alone nor repeated addition would do", () => {
    const grid = new WindowGrid(0.1);
    expect(grid.windowOf(0.5)).toBe(5);
    expect(grid.windowOf(0.6)).toBe(5); // the sixth edge is 0.6000000000000001
    expect(Math.floor(grid.edge(43) / 0.1)).toBe(42);
    expect(Math.floor(below(grid.edge(17)) / 0.1)).toBe(17);
    let drifted = 0;
    let sum = 0;
    for (let k = 0; k < 1000; k++, sum += 0.1) if (sum !== grid.edge(k)) drifted++;
    expect(drifted).toBe(984);
  });

  test.each([0.1, 0.3, 1 / 3, 1, 1e-3])(
    "lookahead %d: the last usable time has a window, the next one is refused",
    (lookahead) => {
      const grid = new WindowGrid(lookahead);
      const last = below(grid.timeMax);
      expect(() => grid.assertUsable(last)).not.toThrow();
      expectDefinition(lookahead, last);
      expect(grid.edge(WINDOWS_MAX + 1)).toBeGreaterThan(grid.edge(WINDOWS_MAX));
      for (const time of [grid.timeMax, above(grid.timeMax), Number.MAX_VALUE, Infinity, Number.NaN]) {
        expect(() => grid.assertUsable(time)).toThrow("LIMIT: time");
      }
    },
  );

  test("a lookahead so large that the grid has few edges still has no infinite window", () => {
    const grid = new WindowGrid(Number.MAX_VALUE);
    expect(grid.windowOf(below(Number.MAX_VALUE))).toBe(0);
    expect(grid.windowOf(Number.MAX_VALUE)).toBe(1);
    expect(() => grid.assertUsable(Infinity)).toThrow("LIMIT");
  });

  test.each([0, -1, Number.NaN, Infinity, 2 ** -1023, Number.MIN_VALUE])("refuses the lookahead %d", (lookahead) => {
    expect(() => new WindowGrid(lookahead)).toThrow("INVALID_SCENARIO: lookahead must be");
  });
});
