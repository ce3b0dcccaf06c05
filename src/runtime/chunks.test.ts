import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHUNK_BYTES, CONTROL_BYTES_MAX } from "../base/limits.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { encodeRows } from "./chunks.ts";

describe("rows in pieces", () => {
  it("come back whole and in order, no piece over the size unless it is one row", () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(200_000), fc.constant(CHUNK_BYTES + 1)), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.nat(3), (lengths, times) => {
        const rows = Array.from({ length: times + 1 }, () =>
          lengths.map((length, i) => ({ i, text: "x".repeat(length) })),
        ).flat();
        const pieces = [...encodeRows(rows, "a row")];
        const back = pieces.map((piece) => decodePlain(piece) as unknown[]);
        expect(back.flat()).toEqual(rows);
        for (const [i, piece] of pieces.entries())
          expect(piece.length <= CHUNK_BYTES || back[i]!.length === 1).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("are few when rows are small", () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => i);
    expect([...encodeRows(rows, "a row")].length).toBeLessThan(20);
  });

  it("refuse a row that does not fit a message, by name", () => {
    expect(() => [...encodeRows(["x".repeat(CONTROL_BYTES_MAX)], "the state of an agent")]).toThrow(
      /^LIMIT: the state of an agent takes \d+ bytes; at most \d+ fit a control message$/,
    );
  });
});
