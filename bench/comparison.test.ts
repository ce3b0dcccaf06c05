import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, type Pair, SLOWER_FROM } from "./comparison.ts";

/** A machine whose speed wanders: both readings of a pair are of one moment. */
const moments = [1, 0.5, 0.9, 1.7, 1.1, 0.8, 1.3];
const rates = (slowdown: number): Pair[] =>
  moments.map((speed) => ({ before: 1e6 * speed, after: (1e6 * speed) / slowdown }));
const times = (slowdown: number): Pair[] =>
  moments.map((speed) => ({ before: 200 / speed, after: (200 / speed) * slowdown }));

describe("a planted slow-down", () => {
  test.each([
    { unit: "events/s", pairs: rates },
    { unit: "us", pairs: times },
  ] as const)("of a fifth is named, of a twentieth is not, in $unit", ({ unit, pairs }) => {
    expect(compare("planted", unit, pairs(1.2))).toMatchObject({ name: "planted", slower: true });
    expect(compare("planted", unit, pairs(1.2)).median).toBeCloseTo(1.2, 10);
    expect(compare("planted", unit, pairs(1.05)).slower).toBe(false);
    expect(compare("planted", unit, pairs(1)).median).toBe(1);
  });

  /** Other work that makes one of a pair three times as slow, in the first `count` pairs. */
  const disturbed = (side: "before" | "after", count: number, slowdown: number): Pair[] =>
    rates(slowdown).map((pair, i) => (i < count ? { ...pair, [side]: pair[side] / 3 } : pair));

  test("is not hidden or made up by a few noisy pairs", () => {
    expect(compare("noisy", "events/s", disturbed("after", 3, 1.05)).slower).toBe(false);
    expect(compare("noisy", "events/s", disturbed("before", 3, 1.2)).slower).toBe(true);
  });

  test("is not made up by noise in most pairs: the best readings tell", () => {
    const best = 3;
    const noisy = (slowdown: number): Pair[] =>
      rates(slowdown).map((pair, i) => (i === best ? pair : { ...pair, after: pair.after / 3 }));
    const equal = compare("noisy", "events/s", noisy(1));
    expect(equal).toMatchObject({ best: 1, slower: false });
    expect(equal.median).toBeCloseTo(3, 10);
    expect(compare("noisy", "events/s", noisy(1.2)).slower).toBe(true);
  });

  test("counts from above the limit, and what got faster never does", () => {
    const one = (after: number): boolean => compare("limit", "s", [{ before: 1, after }]).slower;
    expect([one(SLOWER_FROM - 0.001), one(SLOWER_FROM), one(SLOWER_FROM + 0.001), one(0.2)]).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });
});

test("processor time is compared beside, and does not decide", () => {
  const pairs = [1.4, 1.2, 1.3].map((cpu) => ({ before: 1, after: 1, cpu }));
  expect(compare("x", "s", pairs)).toMatchObject({ cpu: 1.3, slower: false });
  expect(compare("x", "s", [{ before: 1, after: 1 }])).not.toHaveProperty("cpu");
});

const pairsArbitrary = fc
  .array(
    fc.record({
      before: fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      after: fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
    }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .filter((pairs) => pairs.length % 2 === 1);

test("what is slower one way is faster the other way, and units of time do not matter", () => {
  fc.assert(
    fc.property(pairsArbitrary, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (pairs, factor) => {
      const there = compare("x", "us", pairs);
      const back = compare(
        "x",
        "us",
        pairs.map(({ before, after }) => ({ before: after, after: before })),
      );
      expect(there.median * back.median).toBeCloseTo(1, 6);
      const scaled = compare(
        "x",
        "us",
        pairs.map(({ before, after }) => ({ before: before * factor, after: after * factor })),
      );
      expect(scaled.median / there.median).toBeCloseTo(1, 6);
      const asRates = pairs.map(({ before, after }) => ({ before: 1 / before, after: 1 / after }));
      expect(compare("x", "events/s", asRates).median / there.median).toBeCloseTo(1, 6);
    }),
  );
});
