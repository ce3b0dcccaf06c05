import { describe, expect, test } from "vitest";
import { checkTopology } from "./topology-file.ts";

/** A chain of groups around worker 0, `levels` deep. */
const chain = (levels: number): unknown => {
  let tree: unknown = 0;
  for (let i = 0; i < levels; i++) tree = { cost: 1, children: [tree] };
  return tree;
};
const flat = (count: number): unknown => ({ cost: 1, children: Array.from({ length: count }, (_, i) => i) });

describe("checkTopology", () => {
  test("takes a worker alone, groups of groups, and a cost of 0", () => {
    for (const tree of [0, flat(2), { cost: 0, children: [flat(2), 2] }]) expect(checkTopology(tree, "t")).toBe(tree);
  });

  test("64 levels and 1024 workers are taken, one more is not", () => {
    expect(checkTopology(chain(64), "t")).toBeDefined();
    expect(() => checkTopology(chain(65), "t")).toThrow(/is more than 64 levels deep/);
    expect(checkTopology(flat(1024), "t")).toBeDefined();
    expect(() => checkTopology(flat(1025), "t")).toThrow(
      /children\[1024\] is 1024; a worker is an integer of 0 to 1023/,
    );
    const twice = { cost: 1, children: [flat(1024), 0] };
    expect(() => checkTopology(twice, "t")).toThrow("t: the tree has more than 1024 workers");
  });

  test.each<[unknown, RegExp]>([
    [null, /INVALID_DATA: t: the tree is neither a worker's number nor a group/],
    ["0", /the tree is neither/],
    [[0, 1], /the tree is neither/],
    [1.5, /the tree is 1\.5; a worker is an integer/],
    [{ children: [0] }, /the tree has the cost undefined/],
    [{ cost: 1, children: [] }, /with children/],
    [{ cost: Infinity, children: [0] }, /has the cost Infinity/],
    [{ cost: 1, children: [0, { cost: 1, children: [1, -2] }] }, /children\[1\]\.children\[1\] is -2/],
    [{ cost: 1, children: [0], name: "x" }, /has "name"; a group has cost and children/],
  ])("refuses %j", (tree, message) => {
    expect(() => checkTopology(tree, "t")).toThrow(message);
    expect(() => checkTopology(tree, "t")).toThrow(expect.objectContaining({ code: "INVALID_DATA" }));
  });
});
