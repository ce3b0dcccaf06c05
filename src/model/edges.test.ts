import { describe, expect, test } from "vitest";
import { EdgeList } from "./edges.ts";
import { parseEdges } from "./edges-file.ts";

const parse = (text: string): EdgeList => parseEdges(new TextEncoder().encode(text), "ties.csv");
const pairs = (edges: EdgeList): number[][] => Array.from(edges.source, (from, i) => [from, edges.target[i]!]);

describe("EdgeList.from", () => {
  test("takes pairs and weighted triples", () => {
    const edges = EdgeList.from([
      [0, 5],
      [2, 1],
    ]);
    expect([edges.nodeCount, edges.edgeCount, edges.weight, edges.labels]).toEqual([6, 2, null, null]);
    expect(EdgeList.from([[0, 1, 0.5]]).weight).toEqual(Float64Array.of(0.5));
    expect(EdgeList.from([]).nodeCount).toBe(0);
    expect(EdgeList.from([[0, 1]], 10).nodeCount).toBe(10);
  });

  test.each([
    [[[0, -1]], undefined, /pair 0, \[0,-1\]: nodes are not integers/],
    [
      [
        [0, 1],
        [0, 1.5],
      ],
      undefined,
      /pair 1/,
    ],
    [[[0, 2 ** 31]], undefined, /0 to 2147483647/],
    [
      [
        [0, 1, 1],
        [0, 2],
      ],
      undefined,
      /pair 1.*some pairs only/,
    ],
    [[[0, 1, Number.NaN]], undefined, /the weight is not a finite number/],
    [[3], undefined, /pair 0, 3/],
    [[[0, 3]], 3, /nodeCount 3 is not an integer above the largest node, 3/],
  ])("refuses %j", (given, nodeCount, message) => {
    expect(() => EdgeList.from(given as never, nodeCount)).toThrow(message);
  });
});

describe("parseEdges", () => {
  test("numbers integer labels in ascending order, whatever the order of lines", () => {
    const edges = parse("# a comment\n10 2\n\n% another\n2\t7\r\n7   10");
    expect(edges.labels).toEqual(["2", "7", "10"]);
    expect(pairs(edges)).toEqual([
      [2, 0],
      [0, 1],
      [1, 2],
    ]);
    expect([edges.nodeCount, edges.weight]).toEqual([3, null]);
  });

  test("numbers far apart integers alike", () => {
    expect(parse("900000000000000 1\n5 1").labels).toEqual(["1", "5", "900000000000000"]);
  });

  test("numbers other labels by first appearance", () => {
    const edges = parse('zoe,adam\nadam,"mary ann"\n');
    expect(edges.labels).toEqual(["zoe", "adam", "mary ann"]);
    expect(pairs(edges)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(parse("1 x\n0 1").labels).toEqual(["1", "x", "0"]);
    expect(parse("007 7").labels).toEqual(["007", "7"]);
  });

  test.each(["source,target\n1,2\n", "node_1,node_2\n1,2\n", "person a,person b\n1,2\n", "\ufeffFrom,To\r\n1,2\r\n"])(
    "leaves out the header of %j",
    (text) => expect(parse(text).labels).toEqual(["1", "2"]),
  );

  test("leaves out a header beside text labels and weights", () => {
    expect(parse("source,target\nann,bob").labels).toEqual(["ann", "bob"]);
    const edges = parse("who,whom,strength\nann,bob,0.5\nbob,cy,2e1");
    expect(edges.labels).toEqual(["ann", "bob", "cy"]);
    expect(edges.weight).toEqual(Float64Array.of(0.5, 20));
  });

  test.each([
    ["1 2\n3\n", /ties.csv line 2: 1 column; 2 are needed/],
    ["# c\n\n1 2\n1 2 3 4\n", /line 4: 4 columns/],
    ["1 2\n1 2 3\n", /line 2: 3 columns, 2 in the lines before/],
    ["1 2 0.5\n1 2 heavy\n", /line 2: the weight "heavy" is not a finite number/],
    ["1 2 0.5\n1 2 Infinity\n", /line 2: the weight "Infinity"/],
    ["1,2\n1,\n", /line 2: column 2 is empty/],
    ["1,2\n,1\n", /line 2: column 1 is empty/],
    ["a,b\nc\n", /line 2: 1 column;/],
    ["# nothing\n", /ties.csv: there are no edges/],
    ["", /there are no edges/],
  ])("refuses %j with the line", (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "INVALID_DATA", usage: true }));
  });

  test("reads more lines than its columns begin with", () => {
    const text = Array.from({ length: 3000 }, (_, i) => `${i} ${i + 1} ${i / 2}`).join("\n");
    const edges = parse(text);
    expect([edges.nodeCount, edges.edgeCount]).toEqual([3001, 3000]);
    expect(edges.weight?.[2999]).toBe(1499.5);
  });
});
