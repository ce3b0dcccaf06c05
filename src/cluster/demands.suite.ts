import fc from "fast-check";

/** Agents to be placed on workers of any shares, with limits that have room for them: sometimes just so, sometimes none. */
export interface Demand {
  readonly agents: number;
  readonly shares: Float64Array;
  readonly limits: Float64Array;
}

export const demands = (agentsMax = 400): fc.Arbitrary<Demand> =>
  fc
    .record({
      agents: fc.integer({ min: 0, max: agentsMax }),
      workers: fc.array(fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.integer({ min: -20, max: 200 })), {
        minLength: 1,
        maxLength: 8,
      }),
      spare: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ agents, workers, spare }) => {
      const limits = Float64Array.from(workers, ([, limit]) => (limit < 0 ? Infinity : limit));
      const room = limits.reduce((a, b) => a + b, 0);
      if (room < agents) limits[0]! += agents - room + spare;
      return { agents, shares: Float64Array.from(workers, ([share]) => share), limits };
    });
