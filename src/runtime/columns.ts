import type { Observation, ObservedValue } from "../model/observation.ts";

/** The columns of observations.csv: one per observation, several for a histogram and for quantiles of several ranks. */
export interface Column {
  name: string;
  value(values: Readonly<Record<string, ObservedValue>>): unknown;
}

export function columnsOf(observe: Readonly<Record<string, Observation>>): Column[] {
  return Object.entries(observe).flatMap(([name, observation]) => {
    const parts = partNames(observation);
    if (parts === undefined)
      return [{ name, value: (values: Readonly<Record<string, ObservedValue>>) => values[name] }];
    return parts.map((part, index) => ({
      name: `${name}${part}`,
      value: (values: Readonly<Record<string, ObservedValue>>) =>
        (values[name] as ArrayLike<number> | undefined)?.[index],
    }));
  });
}

/** Endings of the column names, or undefined when the observation is one column. */
function partNames(observation: Observation): string[] | undefined {
  if (observation.kind === "quantile") {
    return observation.single ? undefined : observation.ranks.map((rank) => `.q${rank}`);
  }
  if (observation.kind !== "histogram") return undefined;
  const { edges } = observation;
  const bins = edges.slice(0, -1).map((edge, i) => `[${edge}..${edges[i + 1]})`);
  return [`[..${edges[0]})`, ...bins, `[${edges.at(-1)}..]`];
}
