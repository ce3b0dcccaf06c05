import { MyriadError } from "../base/error.ts";
import { ExactSum } from "../base/exact-sum.ts";
import { snapshot } from "../base/plain.ts";
import type { Observation, ObservedValue } from "../model/observation.ts";
import type { Program } from "../model/program.ts";
import { type AgentTable, RETIRED } from "./agent-table.ts";

/** What one worker's agents amount to, one entry an observation, as it rides on the closing frame: plain data. */
export type SamplePartial = unknown[];

/** Values of all observations at one virtual time: of the state after all events before it. */
export interface Sample {
  readonly time: number;
  readonly values: Record<string, ObservedValue>;
}

/** Reduces the own agents' states to a partial. Retired agents are not seen. */
export function samplePartial(program: Program, table: AgentTable): SamplePartial {
  return program.observations.map(({ name, observation, typeId }) => {
    const { count, type, flags, state, index } = table;
    let slot = 0;
    try {
      const reduce = reduction(observation);
      for (; slot < count; slot++) {
        if (type[slot] === typeId && (flags[slot]! & RETIRED) === 0) reduce.see(state[slot]);
      }
      return reduce.partial();
    } catch (reason) {
      const whose = slot < count ? ` of agent ${index[slot]}` : "";
      throw new MyriadError("OBSERVATION_FAILED", `observation "${name}"${whose}: ${messageOf(reason)}`, {
        cause: reason,
      });
    }
  });
}

const messageOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

/** Merges the partials of all workers to the values; which worker held an agent does not show. */
export function mergeSamples(program: Program, partials: readonly SamplePartial[]): Record<string, ObservedValue> {
  const values: Record<string, ObservedValue> = {};
  for (const [id, { name, observation }] of program.observations.entries()) {
    values[name] = merged(
      observation,
      partials.map((partial) => partial[id]),
    );
  }
  return values;
}

interface Reduction {
  see(state: unknown): void;
  partial(): unknown;
}

function reduction(observation: Observation): Reduction {
  switch (observation.kind) {
    case "count": {
      const where = observation.of as ((state: unknown) => boolean) | undefined;
      let count = 0;
      const see = (state: unknown): void => {
        if (where === undefined || where(state)) count++;
      };
      return { see, partial: () => count };
    }
    case "sum":
    case "mean": {
      const sum = new ExactSum();
      let count = 0;
      const see = numbers(observation.of, (value) => {
        sum.add(value);
        count++;
      });
      return { see, partial: () => [sum.toBytes(), count] };
    }
    case "min":
    case "max": {
      const pick = observation.kind === "min" ? Math.min : Math.max;
      let value: number | null = null;
      const see = numbers(observation.of, (next) => {
        value = value === null ? next : pick(value, next);
      });
      return { see, partial: () => value };
    }
    case "histogram": {
      const { edges } = observation;
      const bins = new Float64Array(edges.length + 1);
      const see = numbers(observation.of, (value) => {
        const bin = edgesUpTo(edges, value);
        bins[bin] = bins[bin]! + 1;
      });
      return { see, partial: () => bins };
    }
    case "quantile": {
      const values: number[] = [];
      return { see: numbers(observation.of, (value) => values.push(value)), partial: () => Float64Array.from(values) };
    }
    case "reduce": {
      const { of, merge, initial } = observation as unknown as UserReduction;
      // Copies: a merge may change what it is given, which must be neither a state nor the next sample's beginning.
      let value = snapshot(initial, "initial");
      const see = (state: unknown): void => {
        value = merge(value, snapshot(of(state), "value"));
      };
      return { see, partial: () => snapshot(value, "value") };
    }
  }
}

interface UserReduction {
  of: (state: unknown) => unknown;
  merge: (a: unknown, b: unknown) => unknown;
  initial: unknown;
}

/** Passes on the number that `of` reads from a state; `undefined` and NaN leave the agent out. */
function numbers(of: unknown, take: (value: number) => void): (state: unknown) => void {
  const read = of as (state: unknown) => number | undefined;
  return (state) => {
    const value = read(state);
    if (value !== undefined && !Number.isNaN(value)) take(value);
  };
}

/** How many of the ascending edges are at most `value`. */
function edgesUpTo(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(observation: Observation, parts: readonly unknown[]): ObservedValue {
  switch (observation.kind) {
    case "count":
      return (parts as number[]).reduce((a, b) => a + b, 0);
    case "sum":
    case "mean": {
      const sum = new ExactSum();
      let count = 0;
      for (const [bytes, seen] of parts as [Uint8Array, number][]) {
        sum.merge(ExactSum.fromBytes(bytes));
        count += seen;
      }
      return observation.kind === "sum" ? sum.value() : sum.value() / count;
    }
    case "min":
    case "max": {
      const seen = (parts as (number | null)[]).filter((part) => part !== null);
      if (seen.length === 0) return Number.NaN;
      return seen.reduce((a, b) => (observation.kind === "min" ? Math.min(a, b) : Math.max(a, b)));
    }
    case "histogram": {
      const bins = new Array<number>(observation.edges.length + 1).fill(0);
      for (const part of parts as Float64Array[]) for (const [i, n] of part.entries()) bins[i] = bins[i]! + n;
      return bins;
    }
    case "quantile": {
      const values = ranked(parts as Float64Array[], observation.ranks);
      return observation.single ? values[0]! : values;
    }
    case "reduce": {
      const { merge, initial } = observation as unknown as UserReduction;
      return parts.reduce((a, b) => merge(a, b), snapshot(initial, "initial")) as ObservedValue;
    }
  }
}

/** The values of the given ranks, by nearest rank: each is one of the values, so nothing is rounded. */
function ranked(parts: readonly Float64Array[], ranks: readonly number[]): number[] {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  return ranks.map((q) => (all.length === 0 ? Number.NaN : all[Math.max(0, Math.ceil(q * all.length) - 1)]!));
}
