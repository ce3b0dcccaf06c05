import fc from "fast-check";
import { count, defineEvent, defineModel, f64, histogram, max, mean, min, quantile, reduce, sum } from "myriad";
import { describe, expect, it } from "vitest";
import { ExactSum } from "../base/exact-sum.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { runAnywhere } from "./same.suite.ts";

const Leave = defineEvent("sampler.leave", { x: f64 });
const model = defineModel({ name: "sampler" });
type Value = { x: number | null };
const Agent = model
  .agent("agent")
  .state((x: number | null): Value => ({ x }))
  .on(Leave, (_self, _, ctx) => ctx.retire());
const Other = model.agent("other").state((): Value => ({ x: 1e9 }));

const EDGES = [-10, 0, 0.5, 10];
const of = ({ x }: Readonly<Value>): number | undefined => x ?? undefined;
const scenario = (values: readonly (number | null)[], leaving: readonly number[] = []) =>
  model.scenario({
    agents: [Agent, Other],
    populate(world) {
      world.spawn(Agent, values.length, (i) => values[i]!);
      world.spawn(Other, 3);
      for (const agent of leaving) world.send(agent, Leave, { x: 0 });
    },
    observe: {
      all: count(Agent),
      known: count(Agent, ({ x }) => x !== null),
      sum: sum(Agent, of),
      mean: mean(Agent, of),
      min: min(Agent, of),
      max: max(Agent, of),
      bins: histogram(Agent, of, { edges: EDGES }),
      median: quantile(Agent, of, 0.5),
      ranks: quantile(Agent, of, [0, 0.25, 1]),
      both: reduce(Agent, {
        initial: [] as number[],
        of: ({ x }) => (x === null ? [] : [x]),
        merge: (a, b) => [...a, ...b].sort((c, d) => c - d),
      }),
    },
  });

/** The same, straight from the definitions. */
function naive(values: readonly (number | null)[]): Record<string, unknown> {
  const known = values.filter((x) => x !== null).sort((a, b) => a - b);
  const exact = new ExactSum();
  for (const x of known) exact.add(x);
  const rank = (q: number): number =>
    known.length === 0 ? Number.NaN : known[Math.max(0, Math.ceil(q * known.length) - 1)]!;
  const bounds = [Number.NEGATIVE_INFINITY, ...EDGES, Number.POSITIVE_INFINITY];
  return {
    all: values.length,
    known: known.length,
    sum: exact.value(),
    mean: exact.value() / known.length,
    min: known[0] ?? Number.NaN,
    max: known.at(-1) ?? Number.NaN,
    bins: EDGES.concat(0).map((_, i) => known.filter((x) => x >= bounds[i]! && x < bounds[i + 1]!).length),
    median: rank(0.5),
    ranks: [0, 0.25, 1].map(rank),
    both: known,
  };
}

describe("observations", () => {
  it("are what their definitions say, however the agents are spread", async () => {
    const value = fc.option(
      fc.oneof(
        fc.constantFrom(...EDGES, 0.1, 1e300, -1e300),
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }).map((x) => x + 0),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 12 }),
        fc.array(fc.nat(2), { minLength: 15, maxLength: 15 }),
        async (values, spread) => {
          const expected = naive(values);
          const placement = Uint16Array.from(spread.slice(0, values.length + 3));
          expect((await runPartitioned(scenario(values))).observations).toEqual(expected);
          expect((await runPartitioned(scenario(values), { workers: 3, placement })).observations).toEqual(expected);
        },
      ),
      { numRuns: 80 },
    );
  });

  it("do not see the retired", async () => {
    const { observations } = await runAnywhere(scenario([1, 2, 30], [2]));
    expect(observations).toEqual(naive([1, 2]));
  });
});
