import { MyriadError } from "../base/error.ts";
import type { EventBatch } from "../wire/event-batch.ts";

/** Everything that exists before time 0. */
export interface Population {
  readonly count: number;
  /** Agent type id by index; at least `count` long. */
  readonly typeOf: Uint16Array;
  /** Names of those agents that have one; the others are `type:index`. */
  readonly names: ReadonlyMap<number, string>;
  /** Encoded profiles by index; zero bytes for undefined. */
  readonly profiles: BlobList;
  /** What each agent costs its worker, relative to others, by index; null: all the same. */
  readonly costs: Float64Array | null;
  /** By relation id. */
  readonly relations: readonly RelationTies[];
  /** The first events: from NOBODY, with seq 0, 1, 2, ... */
  readonly events: EventBatch;
  /** Absolute paths of the data files that were read. */
  readonly dataFiles: readonly string[];
}

/** The ties of one relation, each once, in ascending order of (source, target). Undirected: source <= target. */
export interface RelationTies {
  readonly directed: boolean;
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** null: every tie weighs 1. */
  readonly weight: Float64Array | null;
}

const BLOB_BYTES_MAX = 2 ** 32 - 1;

/** A growing list of byte strings in one buffer. */
export class BlobList {
  #bytes: Uint8Array = new Uint8Array(1024);
  #ends: Uint32Array = new Uint32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes of all blobs together. */
  get byteLength(): number {
    return this.#length === 0 ? 0 : this.#ends[this.#length - 1]!;
  }

  push(blob: Uint8Array): void {
    const start = this.byteLength;
    const end = start + blob.length;
    if (end > this.#bytes.length) this.#growBytes(end);
    this.#bytes.set(blob, start);
    this.#pushEnd(end);
  }

  pushEmpty(): void {
    this.#pushEnd(this.byteLength);
  }

  /** A view, valid until the next push. */
  get(i: number): Uint8Array {
    return this.#bytes.subarray(i === 0 ? 0 : this.#ends[i - 1]!, this.#ends[i]!);
  }

  sizeOf(i: number): number {
    return this.#ends[i]! - (i === 0 ? 0 : this.#ends[i - 1]!);
  }

  #pushEnd(end: number): void {
    if (this.#length === this.#ends.length) {
      const ends = new Uint32Array(this.#length * 2);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#ends[this.#length++] = end;
  }

  #growBytes(needed: number): void {
    if (needed > BLOB_BYTES_MAX) {
      throw new MyriadError("LIMIT", `profiles take ${needed} bytes together; at most ${BLOB_BYTES_MAX} are possible`);
    }
    const bytes = new Uint8Array(Math.min(BLOB_BYTES_MAX, Math.max(needed, this.#bytes.length * 2)));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** The printable name of an agent. */
export const nameOf = (names: ReadonlyMap<number, string>, type: string, index: number): string =>
  names.get(index) ?? `${type}:${index}`;
