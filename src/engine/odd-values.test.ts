import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { oddValues, restoreOddValues } from "./odd-values.ts";

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(-0, 0, "\udc00", "a\ud800b", "\ud83d\ude00", null, true, 0.5),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 3, noNullPrototype: true },
    ),
    fc.array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie("value")), { maxLength: 3 }).map((all) => new Map(all)),
    fc.float64Array({ maxLength: 2 }),
    fc.array(fc.integer(), { maxLength: 2 }).map((all) => new Set(all)),
  ),
})).value;

describe("odd values", () => {
  it("come through bytes as they were, wherever they are", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (rows) => {
        const odd = decodePlain(encodePlain(oddValues(rows))) as ReturnType<typeof oddValues>;
        const back = decodePlain(encodePlain(rows)) as unknown[];
        restoreOddValues(back, odd);
        expect(back).toStrictEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  it("are few", () => {
    expect(oddValues([{ a: 1, b: [true, { c: "text" }] }, 0, new Map([["a", 1]]), null])).toEqual([]);
    expect(oddValues([{ a: 1 }, { a: 1, b: [0, { c: -0 }] }])).toEqual([[1, ["b", 1, "c"], null]]);
  });
});
