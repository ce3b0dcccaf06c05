import { MyriadError } from "../base/error.ts";
import type { Plain } from "../base/plain.ts";
import { type AgentType, isAgentType } from "./agent.ts";
import { numberReducer, type Reducer } from "./reducer.ts";

/** A sample of an observation: a number, counts of bins, or what `reduce` made. */
export type ObservedValue = Plain;

interface Base<V> {
  readonly type: AgentType;
  /** Never set: carries the sample's type for inference. */
  readonly sample?: V;
}

/** Reads a number from an agent's state; an agent that gives `undefined` is left out. */
export type NumberOf<S = never> = (state: S) => number | undefined;

/** A value reduced over all agents of a type, alike on any number of workers. The state must not be changed. */
export type Observation<V = unknown> = Base<V> &
  (
    | { readonly kind: "count"; readonly of: ((state: never) => boolean) | undefined }
    | { readonly kind: "sum" | "mean" | "min" | "max"; readonly of: NumberOf }
    | { readonly kind: "histogram"; readonly of: NumberOf; readonly edges: readonly number[] }
    | { readonly kind: "quantile"; readonly of: NumberOf; readonly ranks: readonly number[]; readonly single: boolean }
    | {
        readonly kind: "reduce";
        readonly of: (state: never) => unknown;
        readonly merge: (a: never, b: never) => unknown;
        readonly initial: unknown;
      }
  );

/** The samples of a set of observations. */
export type SamplesOf<O> = { readonly [K in keyof O]: O[K] extends Observation<infer V> ? V : never };

/** How many agents of the type there are, or for how many `where` holds. */
export function count<S>(type: AgentType<S, never>, where?: (state: Readonly<S>) => boolean): Observation<number> {
  checkType("count", type);
  if (where !== undefined) checkFunction("count", where);
  return { kind: "count", type, of: where };
}

/**
 * `sum(0)` is a shared value that adds up what is written to it. `sum(Type, (state) => number)` observes the sum over
 * the agents of a type, exact and rounded once.
 */
export function sum(initial: number): Reducer<number, number>;
export function sum<S>(type: AgentType<S, never>, of: NumberOf<Readonly<S>>): Observation<number>;
export function sum(subject: number | AgentType, of?: NumberOf): Reducer<number, number> | Observation<number> {
  return either("sum", subject, of);
}

/** `min(1)` is a shared value, the least of all writes. `min(Type, of)` observes the least over a type, NaN for no agent. */
export function min(initial: number): Reducer<number, number>;
export function min<S>(type: AgentType<S, never>, of: NumberOf<Readonly<S>>): Observation<number>;
export function min(subject: number | AgentType, of?: NumberOf): Reducer<number, number> | Observation<number> {
  return either("min", subject, of);
}

/** `max(0)` is a shared value, the greatest of all writes. `max(Type, of)` observes the greatest over a type, NaN for no agent. */
export function max(initial: number): Reducer<number, number>;
export function max<S>(type: AgentType<S, never>, of: NumberOf<Readonly<S>>): Observation<number>;
export function max(subject: number | AgentType, of?: NumberOf): Reducer<number, number> | Observation<number> {
  return either("max", subject, of);
}

/** The mean over the agents of a type: the exact sum by the count, NaN for no agent. */
export function mean<S>(type: AgentType<S, never>, of: NumberOf<Readonly<S>>): Observation<number> {
  checkType("mean", type);
  checkFunction("mean", of);
  return { kind: "mean", type, of };
}

/** Where the bins of a histogram end: equal ones over [from, to), or ascending edges. */
export type Bins =
  | { readonly from: number; readonly to: number; readonly bins: number }
  | { readonly edges: readonly number[] };

/**
 * Counts by bin. The sample has one number more than there are edges: below the first edge, then the bins
 * (lower edge inside, upper outside), then at or above the last edge.
 */
export function histogram<S>(
  type: AgentType<S, never>,
  of: NumberOf<Readonly<S>>,
  bins: Bins,
): Observation<readonly number[]> {
  checkType("histogram", type);
  checkFunction("histogram", of);
  return { kind: "histogram", type, of, edges: edgesOf(bins) };
}

/**
 * The value of rank `q` in [0, 1]: the least that at least q of all values do not exceed (nearest rank, no
 * interpolation), NaN for no agent. Several ranks give an array.
 */
export function quantile<S>(type: AgentType<S, never>, of: NumberOf<Readonly<S>>, q: number): Observation<number>;
export function quantile<S>(
  type: AgentType<S, never>,
  of: NumberOf<Readonly<S>>,
  q: readonly number[],
): Observation<readonly number[]>;
export function quantile(type: AgentType, of: NumberOf, q: number | readonly number[]): Observation<never> {
  checkType("quantile", type);
  checkFunction("quantile", of);
  const single = typeof q === "number";
  const ranks = single ? [q] : [...q];
  for (const rank of ranks) {
    if (!(rank >= 0 && rank <= 1)) throw invalid("quantile", `rank ${String(rank)} is not a number of 0 to 1`);
  }
  return { kind: "quantile", type, of, ranks, single };
}

/**
 * Any other reduction: `of` maps an agent's state to plain data and `merge` joins two. `merge` must be associative and
 * commutative with `initial` as its neutral element: else the sample depends on how agents are spread.
 */
export function reduce<S, T>(
  type: AgentType<S, never>,
  parts: {
    readonly initial: T;
    readonly of: (state: Readonly<S>) => NoInfer<T>;
    readonly merge: (a: NoInfer<T>, b: NoInfer<T>) => NoInfer<T>;
  },
): Observation<T> {
  checkType("reduce", type);
  checkFunction("reduce", parts.of);
  checkFunction("reduce", parts.merge);
  return { kind: "reduce", type, of: parts.of, merge: parts.merge, initial: parts.initial };
}

function either(kind: "sum" | "min" | "max", subject: number | AgentType, of: NumberOf | undefined) {
  if (!isAgentType(subject)) return numberReducer(kind, subject);
  checkFunction(kind, of);
  return { kind, type: subject, of: of as NumberOf };
}

function edgesOf(bins: Bins): readonly number[] {
  if (!("edges" in bins)) {
    const { from, to, bins: n } = bins;
    if (!(Number.isFinite(from) && Number.isFinite(to) && from < to)) {
      throw invalid("histogram", `from ${from} and to ${to} are not finite numbers with from < to`);
    }
    if (!Number.isInteger(n) || n < 1 || n > BINS_MAX) {
      throw invalid("histogram", `bins ${n} is not an integer of 1 to ${BINS_MAX}`);
    }
    return Array.from({ length: n + 1 }, (_, i) => (i === n ? to : from + ((to - from) * i) / n));
  }
  const edges = [...bins.edges];
  if (
    edges.length < 1 ||
    edges.length > BINS_MAX + 1 ||
    !edges.every((edge, i) => (i === 0 ? !Number.isNaN(edge) : edge > edges[i - 1]!))
  ) {
    throw invalid(
      "histogram",
      `edges [${edges.slice(0, 8).join(", ")}] are not 1 to ${BINS_MAX + 1} ascending numbers`,
    );
  }
  return edges;
}

/** Bins of one histogram: every sample carries them all. */
export const BINS_MAX = 10_000;

const invalid = (kind: string, what: string): MyriadError => new MyriadError("INVALID_SCENARIO", `${kind}: ${what}`);

function checkType(kind: string, type: unknown): void {
  if (!isAgentType(type)) throw invalid(kind, "the first argument is not an agent type");
}

function checkFunction(kind: string, of: unknown): void {
  if (typeof of !== "function") throw invalid(kind, `${String(of)} is not a function of the agent's state`);
}

const KINDS: ReadonlySet<string> = new Set(["count", "sum", "mean", "min", "max", "histogram", "quantile", "reduce"]);

/** True for what the functions here return for an agent type. */
export const isObservation = (value: unknown): value is Observation =>
  typeof value === "object" &&
  value !== null &&
  KINDS.has((value as Observation).kind) &&
  isAgentType((value as Observation).type);
