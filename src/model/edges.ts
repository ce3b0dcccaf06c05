import { MyriadError } from "../base/error.ts";

/** A tie between nodes of a list, by number, and its weight if it has one. */
export type Pair =
  | readonly [source: number, target: number]
  | readonly [source: number, target: number, weight: number];

/** Ties between nodes numbered from 0. */
export class EdgeList {
  readonly nodeCount: number;
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** null: no weights were given. */
  readonly weight: Float64Array | null;
  /** What the nodes are called in the file they come from, by number. */
  readonly labels: readonly string[] | null;

  constructor(
    nodeCount: number,
    source: Uint32Array,
    target: Uint32Array,
    weight: Float64Array | null = null,
    labels: readonly string[] | null = null,
  ) {
    this.nodeCount = nodeCount;
    this.source = source;
    this.target = target;
    this.weight = weight;
    this.labels = labels;
  }

  get edgeCount(): number {
    return this.source.length;
  }

  /**
   * From pairs, or triples with a weight. `nodeCount` is by default one more than the largest number. Throws
   * INVALID_DATA naming the pair.
   */
  static from(pairs: Iterable<Pair>, nodeCount?: number): EdgeList {
    const list = Array.isArray(pairs) ? (pairs as readonly Pair[]) : [...pairs];
    const source = new Uint32Array(list.length);
    const target = new Uint32Array(list.length);
    const weighted = list.length > 0 && list[0]?.length === 3;
    const weight = weighted ? new Float64Array(list.length) : null;
    let largest = -1;
    for (let i = 0; i < list.length; i++) {
      const pair = list[i]!;
      checkPair(pair, i, weighted);
      source[i] = pair[0];
      target[i] = pair[1];
      if (weight !== null) weight[i] = pair[2]!;
      largest = Math.max(largest, pair[0], pair[1]);
    }
    if (nodeCount !== undefined && !(Number.isInteger(nodeCount) && nodeCount > largest)) {
      throw new MyriadError(
        "INVALID_DATA",
        `nodeCount ${String(nodeCount)} is not an integer above the largest node, ${largest}`,
      );
    }
    return new EdgeList(nodeCount ?? largest + 1, source, target, weight);
  }
}

const isNode = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;

function checkPair(pair: Pair, i: number, weighted: boolean): void {
  if (!Array.isArray(pair) || pair.length < 2 || !isNode(pair[0]) || !isNode(pair[1])) {
    throw new MyriadError(
      "INVALID_DATA",
      `pair ${i}, ${JSON.stringify(pair)}: nodes are not integers of 0 to 2147483647`,
    );
  }
  if (pair.length !== (weighted ? 3 : 2)) {
    throw new MyriadError("INVALID_DATA", `pair ${i}, ${JSON.stringify(pair)}: weights are given for some pairs only`);
  }
  if (weighted && !Number.isFinite(pair[2])) {
    throw new MyriadError("INVALID_DATA", `pair ${i}, ${JSON.stringify(pair)}: the weight is not a finite number`);
  }
}
