import { parse } from "yaml";
import { MyriadError } from "../base/error.ts";
import { PLAIN_DEPTH_MAX, WORKERS_MAX } from "../base/limits.ts";
import type { TopologyNode } from "../placement/topology.ts";
import { dataFiles } from "../store/data-file.ts";

/**
 * Reads a tree of links from a yaml or json file: a worker's number, or `{ cost, children: [...] }`, the cost of a unit of edge weight between any two of the
 * children. Throws INVALID_DATA naming file and place.
 */
export async function readTopology(path: string, absolute: string): Promise<TopologyNode> {
  const text = new TextDecoder().decode(await dataFiles.read(absolute, path));
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (reason) {
    const line = (reason instanceof Error ? reason.message : String(reason)).split("\n", 1)[0]!.replace(/:$/, "");
    throw new MyriadError("INVALID_DATA", `${path}: ${line}`, { cause: reason });
  }
  return checkTopology(tree, path);
}

/** The tree as it is, if it is one. `file` is named in errors. Throws INVALID_DATA. */
export function checkTopology(tree: unknown, file: string): TopologyNode {
  let workers = 0;
  const bad = (at: string, what: string): MyriadError =>
    new MyriadError("INVALID_DATA", `${file}: ${at === "" ? "the tree" : at} ${what}`);
  const visit = (node: unknown, at: string, depth: number): void => {
    if (depth > PLAIN_DEPTH_MAX) throw bad(at, `is more than ${PLAIN_DEPTH_MAX} levels deep`);
    if (typeof node === "number") {
      if (!(Number.isInteger(node) && node >= 0 && node < WORKERS_MAX))
        throw bad(at, `is ${node}; a worker is an integer of 0 to ${WORKERS_MAX - 1}`);
      if (++workers > WORKERS_MAX) throw bad("", `has more than ${WORKERS_MAX} workers`);
      return;
    }
    const group = (isRecord(node) ? node : {}) as Record<string, unknown>;
    const { cost, children, ...rest } = group;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw bad(at, `has "${unknown}"; a group has cost and children`);
    if (!Array.isArray(children) || children.length === 0)
      throw bad(at, "is neither a worker's number nor a group { cost, children: [...] } with children");
    if (!(typeof cost === "number" && cost >= 0 && cost < Infinity))
      throw bad(at, `has the cost ${String(cost)}; it must be a finite number of 0 or more`);
    for (const [i, child] of children.entries()) visit(child, `${at === "" ? "" : `${at}.`}children[${i}]`, depth + 1);
  };
  visit(tree, "", 0);
  return tree as TopologyNode;
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
