import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Adjacency, TieRow } from "./adjacency.ts";
import { putColumn, takeF64, takeU32 } from "./section.ts";

/** Appends the rows of `slots`: how many ties all have, and if any, how many each has, whom to, and the weights unless all are 1. */
export function writeTies(out: ByteWriter, table: Adjacency, slots: Uint32Array): void {
  const degrees = new Uint32Array(slots.length);
  let total = 0;
  for (let i = 0; i < slots.length; i++) total += degrees[i] = table.degree(slots[i]!);
  out.u32(total);
  if (total === 0) return;
  const targets = new Uint32Array(total);
  let weights: Float64Array | undefined;
  let at = 0;
  for (let i = 0; i < slots.length; i++) {
    if (degrees[i] === 0) continue;
    const row = table.rowOf(slots[i]!);
    targets.set(row.targets, at);
    if (row.weights !== null) (weights ??= new Float64Array(total).fill(1)).set(row.weights, at);
    at += degrees[i]!;
  }
  putColumn(out, degrees);
  putColumn(out, targets);
  out.u8(weights === undefined ? 0 : 1);
  if (weights !== undefined) putColumn(out, weights);
}

/** The rows of `count` agents. */
export class TieRows {
  /** Where each row ends; undefined when nobody has ties. */
  readonly #ends: Uint32Array | undefined;
  readonly #targets: Uint32Array;
  readonly #weights: Float64Array | undefined;

  constructor(reader: ByteReader, count: number) {
    const total = reader.u32();
    this.#ends = total === 0 ? undefined : takeU32(reader, count);
    this.#targets = takeU32(reader, total);
    if (this.#ends === undefined) return;
    for (let i = 1; i < count; i++) this.#ends[i] = this.#ends[i]! + this.#ends[i - 1]!;
    if (reader.u8() === 1) this.#weights = takeF64(reader, total);
  }

  /** A view; undefined when nobody has ties. */
  at(i: number): TieRow | undefined {
    if (this.#ends === undefined) return undefined;
    const start = i === 0 ? 0 : this.#ends[i - 1]!;
    const end = this.#ends[i]!;
    return { targets: this.#targets.subarray(start, end), weights: this.#weights?.subarray(start, end) ?? null };
  }
}
