import { MyriadError } from "../base/error.ts";
import { snapshot } from "../base/plain.ts";
import type { IfPlain } from "./plain-type.ts";

/** How the writes of one window, from anywhere, become the next window's value. */
export type ReducerKind = "sum" | "min" | "max" | "last" | "union";

/** A shared value: `V` is what `ctx.shared.get` returns, `W` what `ctx.shared.put` takes. */
export interface Reducer<V = unknown, W = never> {
  readonly kind: ReducerKind;
  /** The value before the first write; the elements for a union. */
  readonly initial: unknown;
  /** Never set: carry `V` and `W` for inference. */
  readonly value?: V;
  readonly put?: (value: W) => void;
}

/** What can be an element of a union: it is sorted and compared by value. */
export type UnionElement = string | number | boolean;

export const numberReducer = (kind: "sum" | "min" | "max", initial: number): Reducer<number, number> => {
  if (typeof initial !== "number" || Number.isNaN(initial)) {
    throw new MyriadError("INVALID_SCENARIO", `${kind}(${String(initial)}): the initial value is not a number`);
  }
  return Object.freeze({ kind, initial });
};

/** Shared value: the write that is last in event order, whatever worker it comes from. `initial` is plain data. */
export function last<T>(initial: T, ..._refused: IfPlain<T, [], [reason: "it is not plain data"]>): Reducer<T, T> {
  return Object.freeze({ kind: "last" as const, initial: snapshot(initial, "initial") });
}

/** Shared value: a set; each write adds one element. Reads iterate in canonical order. */
export function union<T extends UnionElement>(initial: Iterable<T> = []): Reducer<ReadonlySet<T>, T> {
  const elements = [...new Set(initial)];
  const odd = elements.find((element) => !["string", "number", "boolean"].includes(typeof element));
  if (odd !== undefined) {
    throw new MyriadError("INVALID_SCENARIO", `union: ${String(odd)} is not a string, number or boolean`);
  }
  return Object.freeze({ kind: "union" as const, initial: elements });
}

/** True for what the constructors here return. */
export const isReducer = (value: unknown): value is Reducer =>
  typeof value === "object" && value !== null && "kind" in value && "initial" in value && !("type" in value);
