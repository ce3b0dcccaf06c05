import { type Scenario, simulate } from "myriad";

type Options = NonNullable<Parameters<typeof simulate>[1]>;
type Out = NonNullable<Options["out"]>;
type Rows<K extends "samples" | "records" | "states"> =
  Parameters<NonNullable<Out[K]>>[0] extends Iterable<infer Row> ? Row[] : never;

/** Runs a scenario in this process and keeps everything that it puts out, for the tests of the examples. */
export async function collect(scenario: Scenario, options: Options = {}) {
  const samples: Rows<"samples"> = [];
  const records: Rows<"records"> = [];
  const states: Rows<"states"> = [];
  const result = await simulate(scenario, {
    workers: 0,
    ...options,
    out: {
      samples: (rows) => void samples.push(...rows),
      records: (rows) => void records.push(...rows),
      states: (rows) => {
        for (const row of rows) states.push(row);
      },
      finish: () => {},
    },
  });
  return { result, samples, records, states };
}
