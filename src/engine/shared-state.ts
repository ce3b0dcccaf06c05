import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { ExactSum } from "../base/exact-sum.ts";
import { snapshot, writeCanonical } from "../base/plain.ts";
import type { Program } from "../model/program.ts";

/** Where in the order of all things a value was put; of two puts to `last` the later one stays. */
export type PutKey = readonly [
  now: number,
  /** Of the event: what waited for its agent is handled at one time, in the order of their own. */
  time: number,
  order: number,
  tie: number,
  from: number,
  seq: number,
  agent: number,
];

/** What one worker's agents put in one window, as it rides on the closing frame: plain data, by id. */
export type SharedPartial = [id: number, value: unknown][];

/**
 * Values shared by the whole run. Handlers read them as of the window's start; what they put is reduced per worker,
 * exchanged with the closing frames, and merged by every worker alike, so that grouping never shows.
 */
export class SharedState {
  readonly #keys: Program["shared"];
  readonly #sums: (ExactSum | undefined)[];
  readonly #values: unknown[];
  #partial: (Partial | undefined)[];

  constructor(keys: Program["shared"]) {
    this.#keys = keys;
    this.#sums = keys.map(({ reducer }) => (reducer.kind === "sum" ? exactly(reducer.initial as number) : undefined));
    this.#values = keys.map(({ name, reducer }) =>
      reducer.kind === "union" ? sorted([...(reducer.initial as Iterable<unknown>)]) : snapshot(reducer.initial, name),
    );
    this.#partial = new Array(keys.length).fill(undefined);
  }

  /** The value at the window's start. Objects are copies: nobody can change what others read. */
  get(id: number): unknown {
    const value = this.#values[id];
    if (this.#keys[id]!.reducer.kind === "union") return new Set(value as unknown[]);
    return typeof value === "object" && value !== null ? snapshot(value, "shared") : value;
  }

  /** The value to be put, checked: a number for sum, min and max, else a copy. */
  check(id: number, value: unknown): unknown {
    const { name, reducer } = this.#keys[id]!;
    if (reducer.kind === "last") return snapshot(value, `shared.${name}`);
    if (reducer.kind === "union") return element(name, value);
    if (typeof value === "number" && !Number.isNaN(value)) return value;
    throw new MyriadError(
      "INVALID_PAYLOAD",
      `shared "${name}": ${String(value)} is not a number (it is a ${reducer.kind})`,
    );
  }

  /** Adds a checked value to this window's partial. `key` is read for `last` alone. */
  put(id: number, value: unknown, key: () => PutKey): void {
    const kind = this.#keys[id]!.reducer.kind;
    const part = (this.#partial[id] ??= emptyPartial(kind));
    if (part.kind === "sum") part.sum.add(value as number);
    else if (part.kind === "last") takeLater(part, key(), value);
    else if (part.kind === "union") part.values.push(value);
    else part.value = extreme(part.kind, part.value, value as number);
  }

  /** This worker's part of the window, as plain data, and begins the next; undefined when nothing was put. */
  take(): SharedPartial | undefined {
    const out: SharedPartial = [];
    for (const [id, part] of this.#partial.entries()) {
      if (part === undefined) continue;
      if (part.kind === "sum") out.push([id, part.sum.toBytes()]);
      else if (part.kind === "last") out.push([id, [part.key, part.value]]);
      else out.push([id, part.kind === "union" ? sorted(part.values) : part.value]);
    }
    if (out.length === 0) return undefined;
    this.#partial = new Array(this.#keys.length).fill(undefined);
    return out;
  }

  /** Merges the parts of all workers into the values. The order of `partials` does not matter. */
  merge(partials: readonly SharedPartial[]): void {
    const latest = new Map<number, { kind: "last"; key: PutKey; value: unknown }>();
    for (const partial of partials) {
      for (const [id, value] of partial) {
        const kind = this.#keys[id]!.reducer.kind;
        if (kind === "sum") this.#sums[id]!.merge(ExactSum.fromBytes(value as Uint8Array));
        else if (kind === "union")
          this.#values[id] = sorted([...(this.#values[id] as unknown[]), ...(value as unknown[])]);
        else if (kind === "last") {
          const [key, last] = value as [PutKey, unknown];
          const found = latest.get(id);
          if (found === undefined) latest.set(id, { kind, key, value: last });
          else takeLater(found, key, last);
        } else this.#values[id] = extreme(kind, this.#values[id] as number, value as number);
      }
    }
    for (const [id, sum] of this.#sums.entries()) if (sum !== undefined) this.#values[id] = sum.value();
    for (const [id, { value }] of latest) this.#values[id] = value;
  }

  /** All values as plain data, by id; of a sum the exact one. Between windows: nothing that was put is under way. */
  save(): unknown[] {
    return this.#values.map((value, id) => this.#sums[id]?.toBytes() ?? value);
  }

  load(saved: readonly unknown[]): void {
    for (const [id, value] of saved.entries()) {
      const exact = this.#sums[id] === undefined ? undefined : ExactSum.fromBytes(value as Uint8Array);
      this.#sums[id] = exact;
      this.#values[id] = exact === undefined ? value : exact.value();
    }
  }

  /** For the state hash. */
  writeCanonical(out: ByteWriter): void {
    for (const [id, { name }] of this.#keys.entries()) writeCanonical(out, [name, this.#values[id]]);
  }
}

type Partial =
  | { kind: "sum"; sum: ExactSum }
  | { kind: "min" | "max"; value: number }
  | { kind: "last"; key: PutKey | undefined; value: unknown }
  | { kind: "union"; values: unknown[] };

function emptyPartial(kind: Program["shared"][number]["reducer"]["kind"]): Partial {
  switch (kind) {
    case "sum":
      return { kind, sum: new ExactSum() };
    case "min":
      return { kind, value: Number.POSITIVE_INFINITY };
    case "max":
      return { kind, value: Number.NEGATIVE_INFINITY };
    case "last":
      return { kind, key: undefined, value: undefined };
    case "union":
      return { kind, values: [] };
  }
}

function exactly(value: number): ExactSum {
  const sum = new ExactSum();
  sum.add(value);
  return sum;
}

const extreme = (kind: "min" | "max", a: number, b: number): number =>
  kind === "min" ? Math.min(a, b) : Math.max(a, b);

/** Keeps the value whose key is higher; of equal keys (one activation put twice) the one that comes later. */
function takeLater(kept: { key: PutKey | undefined; value: unknown }, key: PutKey, value: unknown): void {
  if (kept.key !== undefined && compareKeys(key, kept.key) < 0) return;
  kept.key = key;
  kept.value = value;
}

function compareKeys(a: PutKey, b: PutKey): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** An element of a union: equal ones must be one, whoever put them. */
function element(name: string, value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "boolean" || (typeof value === "number" && !Number.isNaN(value))) return value;
  const what = `${typeof value === "object" ? "an object" : String(value)} is not a string, number or boolean`;
  throw new MyriadError("INVALID_PAYLOAD", `shared "${name}": ${what} (it is a union)`);
}

/** The distinct values in the order of their canonical bytes. */
function sorted(values: readonly unknown[]): unknown[] {
  const distinct = new Map<string, unknown>();
  const out = new ByteWriter();
  for (const value of values) {
    out.reset();
    writeCanonical(out, value);
    distinct.set(Buffer.from(out.bytes()).toString("latin1"), value);
  }
  return [...distinct.keys()].sort().map((key) => distinct.get(key));
}
