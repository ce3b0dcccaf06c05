import type { Until } from "../model/until.ts";

/** When a run ends, whatever else there is to do. */
export interface Limits {
  readonly time: number;
  readonly rounds: number;
  readonly when: readonly NonNullable<Until["when"]>[];
}

/** The stopping rule laid flat: each of its parts ends the run. */
export function limitsOf(until: Until | undefined): Limits {
  if (until === undefined) return { time: Number.POSITIVE_INFINITY, rounds: Number.POSITIVE_INFINITY, when: [] };
  const inner = (until.any ?? []).map(limitsOf);
  const least = (values: (number | undefined)[]): number =>
    Math.min(...values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return {
    time: least([until.time, ...inner.map(({ time }) => time)]),
    rounds: least([until.rounds, ...inner.map(({ rounds }) => rounds)]),
    when: [...(until.when === undefined ? [] : [until.when]), ...inner.flatMap(({ when }) => when)],
  };
}
