import fc from "fast-check";
import { defineEvent, defineModel } from "myriad";
import { type PartitionedResult, runPartitioned } from "myriad/testing";
import { describe, expect, it } from "vitest";
import { All, chaos } from "./chaos.ts";

const comparable = ({ remoteEvents: _, ...rest }: PartitionedResult): unknown => rest;

describe("one seed", () => {
  it("has one result, on any number of workers, however the agents are spread", async () => {
    const seeds = fc.integer({ min: 0, max: 2 ** 40 });
    const spreads = fc.integer({ min: 2, max: 4 }).chain((workers) =>
      fc.record({
        workers: fc.constant(workers),
        spread: fc.array(fc.nat(workers - 1), { minLength: 24, maxLength: 24 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(seeds, spreads, async (seed, { workers, spread }) => {
        const alone = await runPartitioned(chaos, { seed });
        const apart = await runPartitioned(chaos, { seed, workers, placement: Uint16Array.from(spread) });
        expect(comparable(apart)).toEqual(comparable(alone));
        // Room for all, but not for all with their parents.
        const agentLimits = new Array<number>(workers).fill(Math.ceil(alone.agents / workers));
        const crowded = await runPartitioned(chaos, {
          seed,
          workers,
          placement: Uint16Array.from(spread),
          agentLimits,
        });
        expect(comparable(crowded)).toEqual(comparable(alone));
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("has one result each time, and another seed another", async () => {
    const hash = async (seed: number): Promise<string> => (await runPartitioned(chaos, { seed })).stateHash;
    expect(await hash(5)).toBe(await hash(5));
    expect(new Set(await Promise.all([5, 6, 7].map(hash))).size).toBe(3);
  });

  it("does a bit of everything in this test", async () => {
    const result = await runPartitioned(chaos, { seed: 1, workers: 3, placement: "hash" });
    expect(result.ended).toBe("time");
    expect(result.events).toBeGreaterThan(500);
    expect(result.remoteEvents).toBeGreaterThan(200);
    expect(result.agents).toBeGreaterThan(24);
    expect(result.records.length).toBeGreaterThan(10);
    expect(new Set(result.states.map(({ flag }) => flag)).size).toBe(3);
    expect(result.undeliverable).toBeGreaterThan(0);
  });
});

describe("an event of any payload", () => {
  const Send = defineEvent("determinism.send", {});
  const plain = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(null, true, -0, Number.NaN, 1e308, "\ud83d\ude00\udc00"),
      fc.double(),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 3, noNullPrototype: true },
      ),
      fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(fc.double(), { maxLength: 3 }).map((values) => new Set(values)),
    ),
  })).value;
  const payload = fc.record({
    a: fc.integer({ min: 0, max: 255 }),
    b: fc.integer({ min: 0, max: 65_535 }),
    c: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    d: fc.integer(),
    e: fc.double(),
    f: fc.double(),
    g: fc.boolean(),
    h: fc.string({ unit: "binary" }),
    i: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    j: plain,
  });

  it("is the same to an agent next door and to one on another worker", async () => {
    const model = defineModel({ name: "payloads" });
    let given: unknown;
    const Agent = model
      .agent("agent")
      .state(() => ({ got: null as never }))
      .on(Send, (_self, _, ctx) => {
        for (const to of [0, 1]) ctx.send(to, All, given as never);
      })
      .on(All, (self, got) => {
        self.got = got as never;
      });
    const scenario = model.scenario({
      agents: [Agent],
      populate: (world) => world.send(world.spawn(Agent, 2).at(0), Send, {}),
    });
    await fc.assert(
      fc.asyncProperty(payload, async (value) => {
        given = value;
        const alone = await runPartitioned(scenario);
        const apart = await runPartitioned(scenario, { workers: 2 });
        expect(apart.stateHash).toBe(alone.stateHash);
        const [near, far] = apart.states.map(({ state }) => (state as { got: unknown }).got);
        expect(far).toEqual(near);
        expect(near).not.toBe(given);
      }),
      { numRuns: 150 },
    );
  });
});
