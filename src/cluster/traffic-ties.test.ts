import fc from "fast-check";
import { expect, test } from "vitest";
import { Chance } from "../placement/shuffle.ts";
import { TIES_MAX, TrafficTies, WAYS } from "./traffic-ties.ts";

const key = (a: number, b: number): string => `${Math.min(a, b)}-${Math.max(a, b)}`;

/** The entries by tie: what is in the table. */
function entriesOf({ low, high, counts, errors }: TrafficTies): Map<string, { count: number; error: number }> {
  const entries = new Map<string, { count: number; error: number }>();
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! === 0) continue;
    expect(entries.has(key(low[i]!, high[i]!))).toBe(false);
    entries.set(key(low[i]!, high[i]!), { count: counts[i]!, error: errors[i]! });
  }
  return entries;
}

const agent = fc.nat(12);
const step = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(agent, agent).filter(([a, b]) => a !== b) },
  { weight: 1, arbitrary: fc.constant("halve" as const) },
);

test("counts are bounded from both sides, whatever comes, and add up", () => {
  fc.assert(
    fc.property(fc.constantFrom(8, 16, 32), fc.array(step, { maxLength: 600 }), (capacity, steps) => {
      const ties = new TrafficTies(capacity);
      const exact = new Map<string, { a: number; b: number; count: number }>();
      let total = 0;
      for (const each of steps) {
        if (each === "halve") {
          ties.halve();
          total /= 2;
          for (const tie of exact.values()) tie.count /= 2;
          continue;
        }
        const [a, b] = each;
        ties.note(a, b);
        total++;
        const known = exact.get(key(a, b)) ?? { a, b, count: 0 };
        known.count++;
        exact.set(key(a, b), known);
      }
      const entries = entriesOf(ties);
      expect([...entries.values()].reduce((sum, { count }) => sum + count, 0)).toBeCloseTo(total, 9);
      for (const [name, { a, b, count }] of exact) {
        const entry = entries.get(name);
        if (entry === undefined) expect(count).toBeLessThanOrEqual(ties.floorOf(a, b));
        else {
          expect(count).toBeLessThanOrEqual(entry.count);
          expect(count).toBeGreaterThanOrEqual(entry.count - entry.error);
        }
        expect(ties.floorOf(a, b)).toBeLessThanOrEqual(total / WAYS);
      }
    }),
  );
});

test("one set keeps the guarantee of Space-Saving: no tie of more than a WAYS-th of all events is lost", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 500 }), (stream) => {
      const ties = new TrafficTies(WAYS);
      const exact = new Map<number, number>();
      for (const other of stream) {
        ties.note(0, other);
        exact.set(other, (exact.get(other) ?? 0) + 1);
      }
      const entries = entriesOf(ties);
      for (const [other, count] of exact) {
        if (count > stream.length / WAYS) expect(entries.has(key(0, other))).toBe(true);
      }
    }),
  );
});

test("the heaviest of many ties are found, with counts near the truth", () => {
  const ties = new TrafficTies(1024);
  const chance = new Chance(3);
  const exact = new Map<string, number>();
  for (let i = 0; i < 200_000; i++) {
    // Tie r comes with a chance proportional to 1 / r: as in most societies, few are heavy and most light.
    const rank = Math.floor(20_000 ** chance.unit());
    ties.note(rank, 100_000 + rank);
    exact.set(key(rank, 100_000 + rank), (exact.get(key(rank, 100_000 + rank)) ?? 0) + 1);
  }
  const entries = entriesOf(ties);
  for (let rank = 1; rank <= 100; rank++) {
    const name = key(rank, 100_000 + rank);
    expect(entries.has(name), `tie ${rank}`).toBe(true);
    expect(entries.get(name)!.count - exact.get(name)!).toBeLessThan(0.5 * exact.get(name)!);
  }
});

test("capacities are powers of two from WAYS to TIES_MAX", () => {
  for (const capacity of [WAYS, TIES_MAX]) expect(new TrafficTies(capacity).counts).toHaveLength(capacity);
  for (const capacity of [WAYS / 2, WAYS + 1, 2 * TIES_MAX, Number.NaN]) {
    expect(() => new TrafficTies(capacity)).toThrow(
      `capacity is ${capacity}; it must be a power of two from 8 to 65536`,
    );
  }
});
