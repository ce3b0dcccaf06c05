import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { HOMELESS_BYTES_MAX } from "../base/limits.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Birth } from "./staged.ts";

/**
 * One worker's births of a window, as they ride on its closing: by parent, and those of one parent by child number. The
 * first `home` of them live where their parents live; where the rest will, nobody knows before the barrier, so that
 * their profiles go to all workers.
 */
export interface Births {
  readonly parent: Uint32Array;
  readonly type: Uint16Array;
  readonly home: number;
  /** Encoded profiles of all from row `home` on, one after the other: the end of each, and their bytes. Undefined takes none. */
  readonly profiles?: { readonly ends: Uint32Array; readonly bytes: Uint8Array };
}

/** Puts births into the order of the indices that they will get. */
export function sortBirths(births: Birth[]): void {
  births.sort((a, b) => a.parent - b.parent || a.child - b.child);
}

/** Sorted births as columns, of which the first `home` stay. Throws LIMIT when the profiles of the rest take too much. */
export function packBirths(births: readonly Birth[], home: number, bytesMax: number = HOMELESS_BYTES_MAX): Births {
  const parent = Uint32Array.from(births, (birth) => birth.parent);
  const type = Uint16Array.from(births, (birth) => birth.type);
  if (home === births.length) return { parent, type, home };
  const out = new ByteWriter();
  const ends = new Uint32Array(births.length - home);
  for (let row = home; row < births.length; row++) {
    const { profile } = births[row]!;
    if (profile !== undefined) out.raw(encodePlain(profile));
    if (out.length > bytesMax) throw tooLarge(births[row]!.parent, out.length, bytesMax);
    ends[row - home] = out.length;
  }
  return { parent, type, home, profiles: { ends, bytes: out.bytes() } };
}

/** The profile of a birth that has left home. */
export function profileAt({ home, profiles }: Births, row: number): unknown {
  const { ends, bytes } = profiles!;
  const start = row === home ? 0 : ends[row - home - 1]!;
  const end = ends[row - home]!;
  return start === end ? undefined : decodePlain(bytes.subarray(start, end));
}

/** Goes through the births of all workers in the order of their indices. */
export class BirthCursor {
  /** Where the parent lives, and which of that worker's births it is. */
  worker = -1;
  row = -1;
  readonly #lists: readonly { readonly worker: number; readonly parent: Uint32Array }[];
  /** By worker: births that have been passed. */
  readonly #passed: Uint32Array;

  /** The parents of the worker that it is at. */
  #here: Uint32Array = new Uint32Array(0);

  /** `parts`: by worker. */
  constructor(parts: readonly (Births | undefined)[]) {
    this.#lists = parts.flatMap((births, worker) => (births === undefined ? [] : [{ worker, parent: births.parent }]));
    this.#passed = new Uint32Array(parts.length);
  }

  /** Goes to the next birth; false after the last. */
  next(): boolean {
    const { row } = this;
    const again = row >= 0 && row + 1 < this.#here.length && this.#here[row] === this.#here[row + 1];
    // A parent lives on one worker, so its children follow each other there.
    if (!again && !this.#nextParent()) return false;
    this.row = this.#passed[this.worker]!++;
    return true;
  }

  #nextParent(): boolean {
    let first = Number.POSITIVE_INFINITY;
    for (const { worker, parent } of this.#lists) {
      const at = this.#passed[worker]!;
      if (at === parent.length || parent[at]! >= first) continue;
      first = parent[at]!;
      this.worker = worker;
      this.#here = parent;
    }
    return first < Number.POSITIVE_INFINITY;
  }
}

function tooLarge(parent: number, bytes: number, bytesMax: number): MyriadError {
  return new MyriadError(
    "LIMIT",
    `profiles of newborn that find no room with their parents take ${bytes} bytes at parent ${parent}; ` +
      `in one window at most ${bytesMax} are possible for each worker`,
  );
}
