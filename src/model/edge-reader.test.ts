import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EdgeColumns, EdgeReader, type EdgeReaderOptions } from "./edge-reader.ts";

const encoder = new TextEncoder();

/** Reads a text in pieces of the given lengths, over and over, all in one buffer. */
function read(text: string, options: EdgeReaderOptions = {}, lengths: readonly number[] = [1000]): EdgeColumns {
  const bytes = encoder.encode(text);
  const buffer = Buffer.alloc(1000);
  const reader = new EdgeReader("ties.el", options);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const piece = bytes.subarray(at, at + lengths[i % lengths.length]!);
    buffer.fill(55).set(piece);
    reader.push(buffer.subarray(0, piece.length));
    at += piece.length;
  }
  return reader.finish();
}

const label = fc.constantFrom("0", "1", "2", "17", "4294967295", "4294967296", "999999999999999", "007", "zoë", "a.b");
const tie = fc.tuple(label, label, fc.constantFrom("1", "0.5", "-2", "3e2", "12345678901234567890"));

describe("EdgeReader", () => {
  test("reads the same in pieces of any lengths, and what the lines say", () => {
    const property = fc.property(
      fc.array(tie, { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      fc.constantFrom("\n", "\r\n", "\n\n# note\n"),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (ties, csv, end, lengths) => {
        const text = ties.map((cells) => cells.join(csv ? "," : " \t") + end).join("");
        const edges = read(`# front${end}${csv ? "from,to,weight\n" : ""}${text}`, {}, lengths);
        const labels = edges.labels!;
        const back = ties.map((_, i) =>
          [labels[edges.source[i]!], labels[edges.target[i]!], edges.weight![i]].map(String),
        );
        expect(back).toEqual(ties.map(([from, to, weight]) => [from, to, String(Number(weight))]));
        expect(new Set<unknown>(labels).size).toBe(edges.nodeCount);
      },
    );
    fc.assert(property);
  });

  test("numbers integers ascending and text by appearance, wherever the first text stands", () => {
    expect(read("9 4\n4 7\n").labels).toEqual(Float64Array.of(4, 7, 9));
    expect(read("9 4\n4 x\n").labels).toEqual(["9", "4", "x"]);
    expect(read("5000000000 4\n4 x\n").labels).toEqual(["5000000000", "4", "x"]);
  });

  test("a first csv line of text is a header before integers, an edge before text", () => {
    const header = read("ann,bob,2\n1,2,3\n");
    expect([header.labels, header.weight]).toEqual([Float64Array.of(1, 2), Float64Array.of(3)]);
    const edge = read("ann,bob,2\n1,2,3\ncy,1,4\n");
    expect([edge.labels, edge.weight]).toEqual([["ann", "bob", "1", "2", "cy"], Float64Array.of(2, 3, 4)]);
    expect(() => read("ann,bob\n1,2,3\ncy,1,4\n")).toThrow("ties.el line 2: 3 columns, 2 in the lines before");
  });

  describe("with a count of nodes in front", () => {
    const counted = { heedCount: true };

    test("nodes are 0 to n - 1, those without edges too", () => {
      const edges = read("# power n=6 m=2 \n3 1\n1 0\n", counted);
      expect(edges).toMatchObject({ nodeCount: 6, labels: null, weight: null });
      expect([...edges.source, ...edges.target]).toEqual([3, 1, 1, 0]);
    });

    test("heeds it only if asked to, and in front only", () => {
      expect(read("# n=6\n3 1\n").nodeCount).toBe(2);
      expect(read("3 1\n# n=6\n", counted).nodeCount).toBe(2);
      expect(read("% mean=6 edges\n3 1\n", counted).nodeCount).toBe(2);
    });

    test.each([
      ["# n=6\n3 1\n6 1\n", "ties.el line 3: there is no node 6; n=6 above says 0 to 5"],
      ["# n=6\n3 1\n3 x\n", "ties.el line 3: nodes are 0 to 5, as n=6 above says"],
      ["# n=0\n3 1\n", "ties.el line 1: n=0 nodes are announced; it must be 1 to 1073741824"],
      ["# n=1073741825\n3 1\n", "ties.el line 1: n=1073741825 nodes"],
      ["# n=6\n", "ties.el: there are no edges in it"],
    ])("refuses %j", (text, message) => {
      expect(() => read(text, counted)).toThrow(message);
    });
  });

  test.each([
    ["1 2 0\n1 2 -0.5\n", 'line 2: the weight "-0.5" is below 0'],
    ["ann,bob,-1\nbob,cy,1\n", 'line 1: the weight "-1" is below 0'],
    ["1 2 NaN\n", 'line 1: the weight "NaN" is not a finite number'],
    ["1 2 1e999\n", 'line 1: the weight "1e999" is not a finite number'],
  ])("refuses negative weights when told so, and always what is not finite: %j", (text, message) => {
    expect(() => read(text, { refuseNegative: true })).toThrow(`INVALID_DATA: ties.el ${message}`);
  });

  test("a line as long as a line may be, and one byte longer", () => {
    const long = (bytes: number): string => `1 2\n3${" ".repeat(bytes - 2)}4\n`;
    expect(read(long(65_536)).nodeCount).toBe(4);
    expect(() => read(long(65_537))).toThrow("line 2: it is longer than 65536 bytes");
    expect(() => read(`1 2\n${"3".repeat(70_000)}`)).toThrow("line 2: it is longer than 65536 bytes");
  });
});
