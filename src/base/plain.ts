import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { describe, KIND, kindOf, notPlain, type PlainTypedArray, type Step } from "./plain-kind.ts";

export { writeCanonical } from "./canonical.ts";
export { checkPlain } from "./plain-check.ts";
export type { Plain, PlainTypedArray } from "./plain-kind.ts";

type WellFormed = { isWellFormed(): boolean; toWellFormed(): string };

/**
 * A deep copy of plain data, validated: a tree that shares nothing with the original. Properties that are undefined are left out, -0 becomes 0, lone
 * surrogates become U+FFFD, records get the ordinary prototype.
 *
 * Throws NOT_PLAIN_DATA that names the path (which starts with `path`) of the first thing that is not plain: functions, symbols, bigints, dates and other
 * instances, accessors, hidden properties, symbol keys, a key `__proto__`, holes, undefined elements, named properties of arrays, a second way to the same
 * object or memory, shared memory, more than PLAIN_DEPTH_MAX levels.
 */
export function snapshot<T>(value: T, path: string): T {
  return new Snapshot(value, path).copy(value, 0) as T;
}

class Snapshot {
  readonly #root: unknown;
  readonly #path: string;
  readonly #steps: Step[] = [];
  /** Objects and memory met so far. The root alone needs no set. */
  #seen: Set<object> | undefined;

  constructor(root: unknown, path: string) {
    this.#root = root;
    this.#path = path;
  }

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "number":
        return value + 0;
      case "boolean":
        return value;
      case "string":
        return (value as unknown as WellFormed).toWellFormed();
      case "object":
        return value === null ? null : this.#copyObject(value, depth);
      default:
        return this.#refuse(depth, describe(value));
    }
  }

  #copyObject(value: object, depth: number): unknown {
    this.#meet(value, depth);
    const kind = kindOf(value);
    if (kind === KIND.OTHER) this.#refuse(depth, describe(value));
    if (kind >= KIND.TYPED) return this.#copyTyped(value as PlainTypedArray, depth);
    if (depth >= PLAIN_DEPTH_MAX) this.#refuse(depth, `is more than ${PLAIN_DEPTH_MAX} levels deep`);
    if (kind === KIND.RECORD) return this.#copyRecord(value, depth);
    if (kind === KIND.ARRAY) return this.#copyArray(value as unknown[], depth);
    return kind === KIND.MAP
      ? this.#copyMap(value as Map<unknown, unknown>, depth)
      : this.#copySet(value as Set<unknown>, depth);
  }

  #copyRecord(value: object, depth: number): unknown {
    const copy: Record<string, unknown> = {};
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length > 0) this.#refuse(depth, `has the key ${String(symbols[0])}`);
    for (const key of Object.getOwnPropertyNames(value)) {
      this.#steps[depth] = key;
      if (key === "__proto__") this.#refuse(depth + 1, "is a key that plain data cannot have");
      if (!(key as unknown as WellFormed).isWellFormed())
        this.#refuse(depth + 1, "is a key that is not well-formed text");
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      if (!("value" in property)) this.#refuse(depth + 1, "is an accessor");
      if (!property.enumerable) this.#refuse(depth + 1, "is not enumerable");
      if (property.value !== undefined) copy[key] = this.copy(property.value, depth + 1);
    }
    return copy;
  }

  #copyArray(value: readonly unknown[], depth: number): unknown {
    const copy: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      this.#steps[depth] = i;
      copy.push(this.copy(value[i], depth + 1));
    }
    const keys = Object.keys(value);
    if (keys.length !== value.length) this.#refuse(depth, `is an array with the named property ${keys[value.length]}`);
    return copy;
  }

  #copyMap(value: ReadonlyMap<unknown, unknown>, depth: number): unknown {
    const copy = new Map<unknown, unknown>();
    let step = 0;
    for (const [key, element] of value) {
      this.#steps[depth] = step++;
      const copied = this.copy(key, depth + 1);
      this.#steps[depth] = step++;
      copy.set(copied, this.copy(element, depth + 1));
    }
    if (copy.size !== value.size) this.#refuse(depth, "has two keys that are the same once well formed");
    return copy;
  }

  #copySet(value: ReadonlySet<unknown>, depth: number): unknown {
    const copy = new Set<unknown>();
    let step = 0;
    for (const element of value) {
      this.#steps[depth] = step++;
      copy.add(this.copy(element, depth + 1));
    }
    if (copy.size !== value.size) this.#refuse(depth, "has two members that are the same once well formed");
    return copy;
  }

  #copyTyped(value: PlainTypedArray, depth: number): unknown {
    if (value.buffer instanceof SharedArrayBuffer) this.#refuse(depth, "is a view of shared memory");
    this.#meet(value.buffer, depth);
    return value.slice();
  }

  #meet(value: object, depth: number): void {
    if (depth === 0 && this.#seen === undefined && value === this.#root) return;
    this.#seen ??= new Set([this.#root as object]);
    if (this.#seen.has(value)) this.#refuse(depth, "can be reached in two ways: plain data is a tree");
    this.#seen.add(value);
  }

  #refuse(depth: number, reason: string): never {
    throw notPlain(this.#root, this.#path, this.#steps, depth, reason);
  }
}
