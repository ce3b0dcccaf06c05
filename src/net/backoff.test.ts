import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff } from "./backoff.ts";

describe("backoff", () => {
  it("doubles the limit of its pauses up to the greatest, and starts anew after a success", () => {
    const backoff = new Backoff({ firstMs: 50, maxMs: 300, chance: () => 1 });
    expect([1, 2, 3, 4, 5].map(() => backoff.nextMs())).toEqual([50, 100, 200, 300, 300]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(50);
  });

  it("spreads each pause over all of its range", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (draws) => {
          let turn = 0;
          const backoff = new Backoff({ firstMs: 10, maxMs: 1_000, chance: () => draws[turn++]! });
          for (const [i, draw] of draws.entries()) expect(backoff.nextMs()).toBe(draw * Math.min(1_000, 10 * 2 ** i));
        },
      ),
    );
  });
});
