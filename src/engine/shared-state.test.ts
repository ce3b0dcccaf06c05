import fc from "fast-check";
import { defineEvent, defineModel, f64, last, max, min, sum, text, union } from "myriad";
import { describe, expect, it } from "vitest";
import { ExactSum } from "../base/exact-sum.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Put = defineEvent("shared.put", { value: f64, word: text });
const Look = defineEvent("shared.look", {});
const Wait = defineEvent("shared.wait", {});
const model = defineModel({
  name: "shared",
  shared: { total: sum(1), least: min(0), most: max(-5), latest: last({ by: -1, value: 0 }), words: union(["m"]) },
});
interface Log {
  log: string[];
}
const Agent = model
  .agent("agent")
  .state((): Log => ({ log: [] }))
  .on(Put, (_self, { value, word }, { shared, id }) => {
    shared.put("total", value);
    shared.put("least", value);
    shared.put("most", value);
    shared.put("latest", { by: id, value });
    shared.put("words", word);
  })
  .on(Look, (self, _, { shared, now }) => {
    const { by, value } = shared.get("latest");
    const words = [...shared.get("words")].join("");
    self.log.push(
      `${now}: ${shared.get("total")} ${shared.get("least")} ${shared.get("most")} ${value} by ${by} ${words}`,
    );
  })
  .on(Wait, async (_self, _, ctx) => void (await ctx.effect("pause", 0, () => 0, { thinkTime: 4 })));

type Put = readonly [agent: number, time: number, value: number, word?: string];
const scenario = (puts: readonly Put[], looks: readonly number[], waits = false) =>
  model.scenario({
    agents: [Agent],
    populate(world) {
      const all = world.spawn(Agent, 6);
      if (waits) for (const agent of all) world.send(agent, Wait, {});
      for (const [agent, time, value, word = "m"] of puts) world.send(agent, Put, { value, word }, { time });
      for (const time of looks) world.send(5, Look, {}, { time });
    },
  });

const looks = async (...args: Parameters<typeof scenario>): Promise<string[]> =>
  statesOf<Log>(await runAnywhere(scenario(...args)))[5]!.log;

describe("shared state", () => {
  it("shows what was put from the next window on", async () => {
    const puts = [
      [5, 0.25, 2, "b"],
      [0, 0.5, -1, "z"],
      [1, 0.75, 7, "a"],
    ] as const;
    expect(await looks(puts, [0, 0.9, 1, 3])).toEqual([
      "0: 1 0 -5 0 by -1 m",
      "0.9: 1 0 -5 0 by -1 m",
      "1: 9 -1 7 7 by 1 abmz",
      "3: 9 -1 7 7 by 1 abmz",
    ]);
  });

  it("adds exactly, however the terms are grouped", async () => {
    const huge = [1e300, 1, 1e-300, -1e300, 2 ** 53, 1, -(2 ** 53), 0.1, 0.2, -0.3];
    const values = fc.array(
      fc.oneof(fc.constantFrom(...huge), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e308, max: 1e308 })),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(values, fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }), async (terms, spread) => {
        const exact = new ExactSum();
        exact.add(1);
        for (const term of terms) exact.add(term);
        const puts = terms.map((value, i): Put => [i % 6, i / 100, value]);
        const expected = exact.value();
        for (const [workers, placement] of [
          [1, new Uint16Array(6)],
          [3, Uint16Array.from(spread)],
        ] as const) {
          const { states } = await runPartitioned(scenario(puts, [1]), { workers, placement });
          expect((states[5]!.state as Log).log[0]!.split(" ")[1]).toBe(String(expected));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("keeps the last put in the order of events: time, then lots, then sender and number", async () => {
    expect(
      (
        await looks(
          [
            [3, 0.5, 3],
            [1, 0.25, 1],
            [0, 0.4, 9],
          ],
          [1],
        )
      )[0],
    ).toContain("3 by 3");
    // One agent's two puts at one time: the later event of the same sender.
    expect(
      (
        await looks(
          [
            [2, 0.5, 1],
            [2, 0.5, 2],
          ],
          [1],
        )
      )[0],
    ).toContain("2 by 2");
    const winners = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const result = await runAnywhere(
        scenario(
          [0, 1, 2, 3].map((agent) => [agent, 0.5, agent]),
          [1],
        ),
        { seed },
      );
      winners.add(statesOf<Log>(result)[5]!.log[0]!.split(" ")[4]!);
    }
    expect(winners.size).toBeGreaterThan(2);
  });

  it("keeps the last put of events that waited for their agent", async () => {
    for (let seed = 0; seed < 6; seed++) {
      const puts = [1, 2, 3].map((value): Put => [0, value, value]);
      const result = await runAnywhere(scenario(puts, [9], true), { seed });
      expect(statesOf<Log>(result)[5]!.log[0]).toContain("3 by 0");
    }
  });

  it("sorts a union by its elements, not by who came first", async () => {
    const puts = [..."hello world"].map((word, i): Put => [i % 6, i / 20, 0, word]);
    expect((await looks(puts, [1]))[0]).toMatch(/ dehlmorw$/);
  });

  it("hands out copies", async () => {
    const Vandal = model
      .agent("vandal")
      .state((): Log => ({ log: [] }))
      .on(Look, (self, _, { shared }) => {
        const latest = shared.get("latest");
        latest.by = 99;
        (shared.get("words") as Set<string>).add("x");
        self.log.push(`${shared.get("latest").by} ${shared.get("words").size}`);
      });
    const result = await runAnywhere(
      model.scenario({
        agents: [Vandal],
        populate(world) {
          for (const agent of world.spawn(Vandal, 3)) world.send(agent, Look, {});
        },
      }),
    );
    expect(statesOf<Log>(result).map(({ log }) => log)).toEqual(Array(3).fill(["-1 1"]));
  });

  it("refuses what is not its kind of value", async () => {
    expect(await failAnywhere(scenario([[0, 0, Number.NaN]], []))).toMatch(
      /^INVALID_PAYLOAD: .*shared "total": NaN is not a number/,
    );
  });
});
