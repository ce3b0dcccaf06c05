import { count, defineEvent, defineModel, last, sum, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { OnAgentError } from "../model/scenario.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Do = defineEvent("errors.do", { what: u32 });
const Late = defineEvent("errors.late", {});
const Tell = defineEvent("errors.tell", {});

const model = defineModel({
  name: "errors",
  params: z.object({ fail: z.boolean().default(true) }),
  shared: { puts: sum(0), latest: last(-1) },
  relations: ["knows"],
});
interface Log {
  done: number;
  told: number;
}

/** Does a bit of everything, then throws. */
const Agent = model
  .agent("agent")
  .state((): Log => ({ done: 0, told: 0 }))
  .on(Do, (self, { what }, ctx) => {
    self.done++;
    if (what === 0) return;
    const timer = ctx.schedule(Tell, {}, { delay: 3.5 });
    if (what === 1) return;
    for (let to = 0; to < 4; to++) ctx.send(to, Tell, {});
    ctx.schedule(Tell, {}, { delay: 0 });
    ctx.schedule(Tell, {}, { delay: 0.25 });
    ctx.schedule(Tell, {}, { delay: 5000 });
    ctx.publish("knows", Tell, {});
    ctx.shared.put("puts", 1);
    ctx.shared.put("latest", ctx.id);
    ctx.spawn(Agent as never);
    ctx.relate("knows", 2);
    ctx.unrelate("knows", 1);
    ctx.record("rows", 1);
    ctx.cancel(timer);
    if (what === 3) ctx.retire();
    if (ctx.params.fail) throw new Error(`cannot do ${what}\nand more`);
  })
  .on(Late, async (self, _, ctx) => {
    self.done++;
    ctx.shared.put("puts", 10);
    ctx.send(1, Tell, {});
    await ctx.effect("pause", 0, () => 0, { thinkTime: 2 });
    self.done++;
    ctx.shared.put("puts", 100);
    ctx.send(1, Tell, {});
    ctx.spawn(Agent as never);
    if (ctx.params.fail) throw new Error("late");
  })
  .on(Tell, (self) => void self.told++);

const scenario = (
  onAgentError: OnAgentError,
  starts: readonly (readonly [to: number, what: number | "late", time: number])[],
) =>
  model.scenario({
    agents: [Agent],
    onAgentError,
    populate(world) {
      const all = world.spawn(Agent, 4);
      world.relate("knows", all, [
        [0, 1],
        [0, 3],
      ]);
      for (const [to, what, time] of starts) {
        if (what === "late") world.send(to, Late, {}, { time });
        else world.send(to, Do, { what }, { time });
      }
    },
    observe: { told: sum(Agent, (self) => self.told), agents: count(Agent) },
  });

describe("a handler that throws", () => {
  it("leaves nothing but its state and counters, and its agent gets no more events", async () => {
    const starts = [
      [0, 0, 0],
      [0, 2, 0.5],
      [0, 0, 0.75],
      [1, 0, 2],
    ] as const;
    const result = await runAnywhere(scenario("quarantine", starts));
    expect(statesOf<Log>(result)).toEqual([
      { done: 2, told: 0 },
      { done: 1, told: 0 },
      { done: 0, told: 0 },
      { done: 0, told: 0 },
    ]);
    expect(result.states.map(({ flag }) => flag)).toEqual(["quarantined", undefined, undefined, undefined]);
    expect(result).toMatchObject({ records: [], agents: 4, virtualTime: 3, observations: { told: 0, agents: 4 } });
    // The same without the throw, to see that each of these shows.
    const well = await runAnywhere(scenario("quarantine", starts), { params: { fail: false } });
    expect(well.observations).toEqual({ told: 8 + 1, agents: 5 });
    expect(well.records).toHaveLength(1);
    expect(well.virtualTime).toBe(5001);
  });

  it("takes back no more than its own", async () => {
    // Agent 1's timer is set in the same window; agent 0's timer was set by an event before.
    const starts = [
      [0, 1, 0],
      [1, 1, 0.25],
      [2, 2, 0.5],
    ] as const;
    const { observations } = await runAnywhere(scenario("quarantine", starts));
    expect(observations).toEqual({ told: 2, agents: 4 });
  });

  it("does not retire its agent", async () => {
    const { states, observations } = await runAnywhere(scenario("quarantine", [[0, 3, 0]]));
    expect(states[0]!.flag).toBe("quarantined");
    expect(observations.agents).toBe(4);
  });

  it("loses the segment that threw, not those before", async () => {
    const result = await runAnywhere(
      scenario("quarantine", [
        [0, "late", 0.5],
        [0, 0, 1],
      ]),
    );
    expect(statesOf<Log>(result).slice(0, 2)).toEqual([
      { done: 2, told: 0 },
      { done: 0, told: 1 },
    ]);
    expect(result.agents).toBe(4);
    expect(result.states[0]!.flag).toBe("quarantined");
  });

  it("ends the run, named with agent, event and time, unless told otherwise", async () => {
    expect(await failAnywhere(scenario("fail", [[2, 2, 4.5]]))).toBe(
      'HANDLER_FAILED: agent "agent:2", handler "errors.do", time 4.5: cannot do 2',
    );
    expect(await failAnywhere(scenario("fail", [[3, "late", 1]]))).toBe(
      'HANDLER_FAILED: agent "agent:3", handler "errors.late", time 3: late',
    );
  });

  it.each([
    [
      [
        [3, 2, 0.9],
        [1, 2, 0.5],
        [2, 2, 0.5],
      ],
      "agent:1",
      0.5,
    ],
    [
      [
        [0, 2, 0.9],
        [1, 2, 0.8],
        [3, 2, 0.7],
      ],
      "agent:3",
      0.7,
    ],
    [
      [
        [0, 2, 1],
        [3, 2, 0.9],
      ],
      "agent:3",
      0.9,
    ],
  ] as const)("is, of several, the earliest, then the lowest", async (starts, name, time) => {
    expect(await failAnywhere(scenario("fail", starts))).toContain(
      `agent "${name}", handler "errors.do", time ${time}`,
    );
  });
});

describe("errors that are never quarantined", () => {
  const deep = defineModel({ name: "deep" });
  const endless = (n: number): number => (n < 0 ? 0 : 1 + endless(n + 1));
  it("a stack overflow ends the run, also in an async handler", async () => {
    const Deep = deep
      .agent("deep")
      .state(() => ({ n: 0 }))
      .on(Do, (self) => void (self.n = endless(0)))
      .on(Late, async (self, _, ctx) => {
        await ctx.effect("pause", 0, () => 0);
        self.n = endless(0);
      });
    const falls = (event: typeof Do | typeof Late) =>
      deep.scenario({
        agents: [Deep],
        onAgentError: "quarantine",
        populate: (world) => {
          const all = world.spawn(Deep, 2);
          if (event === Do) world.send(all.at(1), Do, { what: 0 });
          else world.send(all.at(1), Late, {});
        },
      });
    await expect(runPartitioned(falls(Do))).rejects.toThrow(/HANDLER_FAILED: agent "deep:1", .*call stack/);
    await expect(runPartitioned(falls(Late))).rejects.toThrow(/HANDLER_FAILED: agent "deep:1", .*time 1: .*call stack/);
  });

  it.each([false, true])("neither is a state that is no plain data: it cannot be hashed (async: %s)", async (later) => {
    const Careless = deep
      .agent(`careless${later}`)
      .state((): Record<string, unknown> => ({}) as never)
      .on(Do, (self) => {
        self.when = new Map([[1, new Date(0)]]);
        throw new Error("and more");
      })
      .on(Late, async (self) => void (self.when = new Date(0)));
    const careless = deep.scenario({
      agents: [Careless as never],
      onAgentError: "quarantine",
      populate(world) {
        const agent = world.spawn(Careless as never, 1 as never).at(0);
        if (later) world.send(agent, Late, {});
        else world.send(agent, Do, { what: 0 });
      },
    });
    await expect(runPartitioned(careless)).rejects.toThrow(
      /^NOT_PLAIN_DATA: agent "careless\w+:0", .*time 0: state.when.* Date/,
    );
  });
});

describe("what handlers may not do", () => {
  const bad = defineModel({ name: "bad", relations: ["knows"], shared: { n: sum(0) } });
  const cases: [what: string, act: (self: Record<string, unknown>, ctx: Ctx) => unknown, message: RegExp][] = [
    [
      "send to nobody",
      (_s, ctx) => ctx.send(99, Tell, {}),
      /^UNKNOWN_AGENT: .*"errors.tell": no agent has index 99; they are 0 to 1$/,
    ],
    ["send to half an agent", (_s, ctx) => ctx.send(0.5, Tell, {}), /^UNKNOWN_AGENT: .*index 0.5/],
    [
      "send what the other does not handle",
      (_s, ctx) => ctx.send(1, Late, {}),
      /^UNHANDLED_EVENT: agent "bad\d+:1", handler "errors.late", time 1/,
    ],
    [
      "send a bad payload",
      (_s, ctx) => ctx.send(1, Do, { what: -1 }),
      /^INVALID_PAYLOAD: .*event "errors.do", field "what": -1 is not/,
    ],
    ["keep a date in its state", (s) => (s.when = { at: new Date(0) }), /^NOT_PLAIN_DATA: .*state.when.at/],
    ["keep a function in its state", (s) => (s.f = () => 0), /^NOT_PLAIN_DATA: .*state.f/],
    ["put what is no number", (_s, ctx) => ctx.shared.put("n", Number.NaN), /^INVALID_PAYLOAD: .*shared "n": NaN/],
    [
      "name an unknown relation",
      (_s, ctx) => ctx.neighbors("hates" as never),
      /^UNKNOWN_NAME: .*no relation is named "hates"; there are: knows$/,
    ],
    [
      "name an unknown observation",
      (_s, ctx) => ctx.observed("x"),
      /^UNKNOWN_NAME: .*no observation is named "x"; there are: none$/,
    ],
    [
      "await in a synchronous handler",
      (_s, ctx) => ctx.effect("x", 0, () => 0),
      /^NOT_ALLOWED: .*ctx.effect: only async handlers can wait/,
    ],
    [
      "answer what is no request",
      (_s, ctx) => ctx.reply(Tell, {}),
      /^NOT_ALLOWED: .*the event being handled is not a request$/,
    ],
    ["roll a die without sides", (_s, ctx) => ctx.randomInt(0), /^INVALID_PAYLOAD: .*randomInt: 0 is not an integer/],
  ];
  type Ctx = import("../model/context.ts").Context<typeof bad>;
  let types = 0;
  it.each(cases)("%s", async (_what, act, message) => {
    const Bad = bad
      .agent(`bad${types++}`)
      .state((): Record<string, never> => ({}))
      .on(Do, (self, _, ctx) => void act(self, ctx))
      .on(Tell, () => {});
    const scenario = bad.scenario({
      agents: [Bad],
      events: [Late],
      populate: (world) => world.send(world.spawn(Bad, 2).at(0), Do, { what: 0 }),
    });
    expect(await failAnywhere(scenario)).toMatch(message);
  });

  it("use a context after its handler has ended", async () => {
    let kept: Ctx | undefined;
    const Keeper = bad
      .agent("keeper")
      .state(() => ({}))
      .on(Do, (_self, { what }, ctx) => {
        if (what === 0) kept = ctx;
      })
      .on(Late, async (_self, _, ctx) => {
        kept!.record("x", 1);
        await ctx.effect("never", 0, () => 0);
      });
    const scenario = bad.scenario({
      agents: [Keeper],
      populate(world) {
        world.send(world.spawn(Keeper, 1).at(0), Do, { what: 0 });
        world.send(0, Late, {}, { time: 1 });
      },
    });
    await expect(runPartitioned(scenario)).rejects.toThrow(
      /NOT_ALLOWED: .*ctx.record: the handler that this ctx was given to has ended/,
    );
  });
});
