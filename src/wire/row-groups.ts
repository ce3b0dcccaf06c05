import { MyriadError } from "../base/error.ts";
import { COLUMN_BYTES, columnLength } from "./column.ts";
import { FLAG_REPLY } from "./event-batch.ts";
import { alignTo } from "./frame-header.ts";
import type { PayloadCodec } from "./payload.ts";

/** Set in the meta of replies and gone-notices, which have a hidden word before their payload. */
export const HIDDEN_MASK = FLAG_REPLY << 16;

/** The rows of a frame by event type, found with one counting pass; used again for frame after frame. */
export class RowGroups {
  /** Event types present, ascending. */
  types: number[] = [];
  /** Some type present has text or json. */
  variable = false;
  #counts = new Uint32Array(0);
  #hidden = new Uint32Array(0);
  #ends = new Uint32Array(0);
  #order = new Uint32Array(0);

  /** Counts rows [first, end). Throws UNKNOWN_EVENT for a type without a codec. */
  count(meta: Uint32Array, first: number, end: number, codecs: readonly (PayloadCodec | undefined)[]): void {
    const size = codecs.length;
    if (this.#counts.length < size) {
      this.#counts = new Uint32Array(size);
      this.#hidden = new Uint32Array(size);
      this.#ends = new Uint32Array(size);
    }
    for (const type of this.types) this.#counts[type] = this.#hidden[type] = 0;
    const counts = this.#counts;
    const hidden = this.#hidden;
    this.types = [];
    this.variable = false;
    for (let row = first; row < end; row++) {
      const type = meta[row]! & 0xffff;
      if (type >= size) throw unknown(type);
      if (counts[type]!++ === 0) this.types.push(type);
      if ((meta[row]! & HIDDEN_MASK) !== 0) hidden[type]!++;
    }
    this.types.sort((a, b) => a - b);
    for (const type of this.types) {
      const codec = codecs[type];
      if (codec === undefined) throw unknown(type);
      if (!codec.numeric) this.variable = true;
    }
  }

  /** As `count`, and sorts the rows, so that `rowsOf` can be asked. */
  group(meta: Uint32Array, first: number, end: number, codecs: readonly (PayloadCodec | undefined)[]): void {
    this.count(meta, first, end, codecs);
    if (this.#order.length < end - first) this.#order = new Uint32Array(Math.max(end - first, this.#order.length * 2));
    const order = this.#order;
    const next = this.#ends;
    let start = 0;
    for (const type of this.types) {
      next[type] = start;
      start += this.#counts[type]!;
    }
    if (this.types.length === 1) {
      for (let row = first; row < end; row++) order[row - first] = row;
      next[this.types[0]!] = end - first;
    } else for (let row = first; row < end; row++) order[next[meta[row]! & 0xffff]!++] = row;
  }

  countOf(type: number): number {
    return this.#counts[type]!;
  }

  /** Rows of this type that have a hidden word: replies and gone-notices. */
  hiddenOf(type: number): number {
    return this.#hidden[type]!;
  }

  /** Rows of this type, ascending; a view that lasts until the next `group`. */
  rowsOf(type: number): Uint32Array {
    const end = this.#ends[type]!;
    return this.#order.subarray(end - this.#counts[type]!, end);
  }

  /** Where the payload columns end when they start at `start`. */
  measure(start: number, codecs: readonly PayloadCodec[]): number {
    let at = start;
    for (const type of this.types) {
      const count = this.#counts[type]!;
      if (this.#hidden[type]! > 0) at = alignTo(at, 4) + this.#hidden[type]! * 4;
      for (const { kind } of codecs[type]!.fields) {
        at = alignTo(at, COLUMN_BYTES[kind]) + columnLength(kind, count) * COLUMN_BYTES[kind];
      }
    }
    return at;
  }
}

const unknown = (type: number): MyriadError =>
  new MyriadError("UNKNOWN_EVENT", `event type ${type} is not one of the scenario's`);
