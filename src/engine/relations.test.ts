import fc from "fast-check";
import { defineEvent, defineModel, json, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { runAnywhere, statesOf } from "./same.suite.ts";

type Step = ["relate", to: number, weight: number] | ["unrelate", to: number] | ["publish", what: number] | ["look"];
const Do = defineEvent("relations.do", { steps: json<Step[]>() });
const News = defineEvent("relations.news", { what: u32, parts: json<number[]>() });
const model = defineModel({ name: "relations", relations: ["follows", "knows"] });
interface Log {
  log: string[];
}
const Agent = model
  .agent("agent")
  .state((): Log => ({ log: [] }))
  .on(Do, (self, { steps }, ctx) => {
    for (const [what, to = 0, weight] of steps as [string, number?, number?][]) {
      if (what === "relate") for (const name of ["follows", "knows"] as const) ctx.relate(name, to, weight);
      if (what === "unrelate") for (const name of ["follows", "knows"] as const) ctx.unrelate(name, to);
      if (what === "publish") ctx.publish("follows", News, { what: to, parts: [to] });
      if (what === "look") {
        const ties = [...ctx.neighbors("follows")].map((id, i) => `${id}*${ctx.weights("follows")[i]}`);
        self.log.push(`${ctx.now}: ${ties.join(" ")} / ${ctx.neighbors("knows").join()} (${ctx.degree("knows")})`);
      }
    }
  })
  .on(News, (self, { what, parts }, ctx) => {
    // The payload is this agent's own: to change it changes nobody else's.
    parts.push(ctx.id);
    self.log.push(`${what} from ${ctx.from} at ${ctx.now}: ${parts.join()}`);
  });
const Deaf = model.agent("deaf").state((): Log => ({ log: [] }));

type Plan = readonly (readonly [agent: number, time: number, ...steps: Step[]])[];
const scenario = (
  plan: Plan,
  ties: readonly (readonly [number, number])[] = [
    [0, 1],
    [0, 2],
  ],
) =>
  model.scenario({
    agents: [Agent, Deaf],
    events: [News],
    populate(world) {
      const all = world.spawn(Agent, 5);
      world.spawn(Deaf, 1);
      world.relate("follows", all, ties, { directed: true });
      world.relate("knows", all, ties);
      for (const [agent, time, ...steps] of plan) world.send(agent, Do, { steps }, { time });
    },
  });

const logs = async (plan: Plan): Promise<string[][]> =>
  statesOf<Log>(await runAnywhere(scenario(plan))).map(({ log }) => log);

describe("ties", () => {
  it("change at the edge: directed ones for the one, the others for both", async () => {
    const [first, second, , fourth] = await logs([
      [0, 0.25, ["relate", 3, 2.5], ["unrelate", 1], ["look"]],
      [0, 0.5, ["look"]],
      [0, 1, ["look"]],
      [1, 1, ["look"]],
      [3, 1, ["look"]],
    ]);
    expect(first).toEqual(["0.25: 1*1 2*1 / 1,2 (2)", "0.5: 1*1 2*1 / 1,2 (2)", "1: 2*1 3*2.5 / 2,3 (2)"]);
    expect(second).toEqual(["1:  /  (0)"]);
    expect(fourth).toEqual(["1:  / 0 (1)"]);
  });

  it("are changed in the order of time, then of agents, then as each agent says", async () => {
    const [first] = await logs([
      [0, 0, ["relate", 3, 1], ["relate", 4, 1], ["relate", 4, 7]],
      [0, 0, ["unrelate", 3]],
      [0, 0.5, ["relate", 3, 8]],
      [3, 0.25, ["unrelate", 0]],
      [0, 1, ["look"]],
    ]);
    expect(first).toEqual(["1: 1*1 2*1 3*8 4*7 / 1,2,3,4 (4)"]);
    const [, , third] = await logs([
      [2, 0.5, ["unrelate", 0]],
      [0, 0.5, ["relate", 2, 5]],
      [2, 1, ["look"]],
    ]);
    expect(third).toEqual(["1:  /  (0)"]);
  });

  it("can be made anywhere, and come to the same everywhere", async () => {
    const step = fc.oneof(
      fc.tuple(fc.constant("relate" as const), fc.nat(4), fc.integer({ min: 1, max: 3 })),
      fc.tuple(fc.constant("unrelate" as const), fc.nat(4)),
      fc.tuple(fc.constant("publish" as const), fc.nat(9)),
      fc.tuple(fc.constant("look" as const)),
    );
    const plan = fc.array(fc.tuple(fc.nat(4), fc.constantFrom(0, 0.5, 1, 1.5, 2), step, step), { maxLength: 12 });
    const ties = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        plan,
        ties,
        fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }),
        async (steps, edges, spread) => {
          const one = await runPartitioned(scenario(steps as Plan, edges));
          const three = await runPartitioned(scenario(steps as Plan, edges), {
            workers: 3,
            placement: Uint16Array.from(spread),
          });
          expect(three.states).toEqual(one.states);
          expect(three.stateHash).toBe(one.stateHash);
          expect(three.virtualTime).toBe(one.virtualTime);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("publish", () => {
  it("reaches those who are tied in the window of sending, not of arrival", async () => {
    const heard = await logs([
      [0, 0, ["unrelate", 1], ["relate", 3, 1], ["publish", 7]],
      [0, 1, ["publish", 8]],
    ]);
    expect(heard.map((log) => log.length)).toEqual([0, 1, 2, 1, 0, 0]);
    expect(heard[2]).toEqual(["7 from 0 at 1: 7,2", "8 from 0 at 2: 8,2"]);
    expect(heard[3]).toEqual(["8 from 0 at 2: 8,3"]);
  });

  it("to those who do not listen comes to the same as to others, wherever they are", async () => {
    const result = await runAnywhere(
      scenario([
        [0, 0, ["relate", 5, 1], ["unrelate", 1], ["unrelate", 2]],
        [0, 1, ["publish", 7]],
      ]),
    );
    expect(result.virtualTime).toBe(3);
  });

  it("is counted where it is spread", async () => {
    const hub = (workers: number) =>
      runPartitioned(
        scenario(
          [[0, 0, ["publish", 1]]],
          [
            [0, 1],
            [0, 2],
            [0, 3],
            [0, 4],
          ],
        ),
        { workers, placement: (i) => (i === 0 ? 0 : workers - 1) },
      );
    expect((await hub(2)).remoteEvents).toBe(4);
    expect((await hub(2)).stateHash).toBe((await hub(1)).stateHash);
  });
});
