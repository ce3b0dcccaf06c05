import { EdgeReader } from "./edge-reader.ts";
import { EdgeList } from "./edges.ts";

/**
 * Parses a list of ties from a file's bytes. `file` is named in errors. Throws INVALID_DATA with the number of the bad line.
 */
export function parseEdges(bytes: Uint8Array, file: string): EdgeList {
  const reader = new EdgeReader(file);
  reader.push(bytes);
  const { nodeCount, source, target, weight, labels } = reader.finish();
  const columns = [source.slice(), target.slice(), weight?.slice() ?? null] as const;
  return new EdgeList(nodeCount, ...columns, Array.from<string | number, string>(labels ?? [], String));
}
