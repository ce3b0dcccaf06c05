import { defineEvent, defineModel, sum, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import type { Context } from "../model/context.ts";
import type { Scenario } from "../model/scenario.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Think = defineEvent("busy.think", { time: u32 });
const Note = defineEvent("busy.note", { what: u32 });
const Answer = defineEvent("busy.answer", { what: u32 });
const Ask = defineEvent("busy.ask", { what: u32 }, { reply: Answer });

const model = defineModel({ name: "busy", shared: { total: sum(0) } });
type Ctx = Context<typeof model>;

interface Log {
  seen: (number | string)[];
}

/** Agents whose async handler does `think` and then notes the time; each event is noted with the time it was handled. */
function agents(
  name: string,
  think: (ctx: Ctx, self: Log, time: number) => Promise<unknown>,
  events: readonly Start[],
): Scenario {
  const Agent = model
    .agent(name)
    .state((): Log => ({ seen: [] }))
    .on(Think, async (self, { time }, ctx) => {
      self.seen.push(`thinks at ${ctx.now}`);
      const answer = await think(ctx, self, time);
      self.seen.push(`${answer} at ${ctx.now}`);
    })
    .on(Note, (self, { what }, ctx) => void self.seen.push(`${what} at ${ctx.now}`))
    .on(Ask, (_self, { what }, ctx) => {
      if (what === 9) ctx.retire();
      else if (what !== 8) ctx.reply(Answer, { what: what + 1 }, { delay: what === 7 ? 5 : 1 });
    });
  return model.scenario({
    agents: [Agent],
    populate(world) {
      world.spawn(Agent, 4);
      for (const [to, time, event, value] of events) {
        if (event === "think") world.send(to, Think, { time: value }, { time });
        else world.send(to, Note, { what: value }, { time });
      }
    },
  });
}
type Start = readonly [to: number, time: number, event: "think" | "note", value: number];

const effect = (ctx: Ctx, _self: Log, time: number): Promise<unknown> =>
  ctx.effect("busy", time, async (t) => `thought ${t}`, { thinkTime: time });

const seen = async (scenario: Scenario, agent = 0): Promise<unknown> =>
  statesOf<Log>(await runAnywhere(scenario))[agent]!.seen;

describe("a busy agent", () => {
  it("handles what came meanwhile at the end of its handler, in the order of the events", async () => {
    const scenario = agents("b1", effect, [
      [0, 0.5, "think", 4],
      [0, 3, "note", 3],
      [0, 1, "note", 1],
      [0, 2.25, "note", 2],
      [0, 4.75, "note", 4],
      [1, 1, "note", 7],
    ]);
    expect(await seen(scenario)).toEqual([
      "thinks at 0.5",
      "thought 4 at 4.5",
      "1 at 4.5",
      "2 at 4.5",
      "3 at 4.5",
      "4 at 4.75",
    ]);
    expect(await seen(scenario, 1)).toEqual(["7 at 1"]);
  });

  it("goes on before any event of the same time", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const notes = [1, 2, 3].map((what): Start => [0, 2, "note", what]);
      const result = await runAnywhere(agents(`b2.${seed}`, effect, [[0, 0, "think", 2], ...notes]), { seed });
      expect(statesOf<Log>(result)[0]!.seen.slice(0, 2)).toEqual(["thinks at 0", "thought 2 at 2"]);
    }
  });

  it("starts the next handler only then, and that one's waiting events wait on", async () => {
    const scenario = agents("b3", effect, [
      [0, 0, "think", 3],
      [0, 1, "think", 2],
      [0, 2, "note", 1],
      [0, 4, "note", 2],
      [0, 6, "note", 3],
    ]);
    const expected = ["thinks at 0", "thought 3 at 3", "thinks at 3", "thought 2 at 5", "1 at 5", "2 at 5", "3 at 6"];
    expect(await seen(scenario)).toEqual(expected);
  });

  it("counts delays from when it goes on", async () => {
    const scenario = agents(
      "b4",
      async (ctx, self, time) => {
        await effect(ctx, self, time);
        ctx.schedule(Note, { what: 1 }, { delay: 0 });
        ctx.schedule(Note, { what: 2 }, { delay: 0.5 });
        ctx.send(1, Note, { what: 3 });
        return "done";
      },
      [[0, 0, "think", 3]],
    );
    expect(await seen(scenario)).toEqual(["thinks at 0", "done at 3", "1 at 3", "2 at 3.5"]);
    expect(await seen(scenario, 1)).toEqual(["3 at 4"]);
  });

  it("waits for several answers at once, each in its time", async () => {
    const both = async (ctx: Ctx): Promise<unknown> => {
      const one = ctx.effect("one", 1, (x) => x, { thinkTime: 5 }).then((x) => `${x} at ${ctx.now}`);
      const two = ctx.effect("two", 2, (x) => x, { thinkTime: 2 }).then((x) => `${x} at ${ctx.now}`);
      return (await Promise.all([one, two])).join(", ");
    };
    expect(await seen(agents("b5", both, [[0, 0, "think", 0]]))).toEqual(["thinks at 0", "1 at 5, 2 at 2 at 5"]);
  });

  it("asks others, whose answers it gets in their time", async () => {
    const ask = async (ctx: Ctx, _self: Log, what: number): Promise<unknown> =>
      (await ctx.request(2, Ask, { what })).what;
    expect(await seen(agents("b6", ask, [[0, 0, "think", 3]]))).toEqual(["thinks at 0", "4 at 2"]);
    expect(await seen(agents("b7", ask, [[0, 0, "think", 7]]))).toEqual(["thinks at 0", "8 at 6"]);
  });

  it("is told when the one it asked is gone, at once or later", async () => {
    const ask = async (ctx: Ctx): Promise<unknown> => {
      const first = await ctx.request(2, Ask, { what: 9 }).catch((reason: { code: string }) => reason.code);
      return first;
    };
    const message = await failAnywhere(agents("b8", ask, [[0, 0, "think", 0]]));
    expect(message).toMatch(
      /^STALLED: nothing can happen any more at time \d+, but agent "b8:0" waits for request "busy.ask" to agent 2$/,
    );
    const again = async (ctx: Ctx): Promise<unknown> => {
      ctx.send(2, Ask, { what: 9 });
      await ctx.effect("pause", 0, () => 0, { thinkTime: 3 });
      return ctx.request(2, Ask, { what: 1 }).catch((reason: Error & { code: string }) => reason.message);
    };
    expect(await seen(agents("b9", again, [[0, 0, "think", 0]]))).toEqual([
      "thinks at 0",
      "AGENT_GONE: agent 2 is gone at 5",
    ]);
  });

  it("gives up a request at its time-out, and a late answer is dropped", async () => {
    const ask = async (ctx: Ctx, _self: Log, what: number): Promise<unknown> =>
      ctx.request(2, Ask, { what }, { timeout: 4 }).catch((reason: Error & { code: string }) => reason.code);
    const late = agents("b10", ask, [
      [0, 0, "think", 7],
      [0, 9, "note", 1],
    ]);
    expect(await seen(late)).toEqual(["thinks at 0", "REQUEST_TIMEOUT at 4", "1 at 9"]);
    // In time: the time-out is gone, and the run is quiescent right after the answer.
    const result = await runAnywhere(agents("b11", ask, [[0, 0, "think", 3]]));
    expect(result.virtualTime).toBe(3);
  });

  it("that can never go on is reported with what it waits for", async () => {
    const ask = (ctx: Ctx): Promise<unknown> =>
      Promise.all([ctx.request(3, Ask, { what: 8 }), ctx.request(0, Ask, { what: 1 })]);
    const message = await failAnywhere(
      agents("b12", ask, [
        [0, 0, "think", 0],
        [2, 0, "think", 0],
      ]),
    );
    expect(message).toBe(
      'STALLED: nothing can happen any more at time 2, but agent "b12:0" waits for request "busy.ask" to agent 3, request "busy.ask" to agent 0; ' +
        'agent "b12:2" waits for request "busy.ask" to agent 3, request "busy.ask" to agent 0',
    );
  });
});

describe("a handler that awaits something of its own", () => {
  const foreign =
    /^FOREIGN_AWAIT: agent "f\d:0", handler "busy.think", time 0: the handler awaits something that is not/;
  it("fails when that is all it waits for", async () => {
    const forever = (): Promise<void> => new Promise(() => {});
    expect(await failAnywhere(agents("f1", forever, [[0, 0, "think", 0]]))).toMatch(foreign);
    const timer = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 5).unref());
    expect(await failAnywhere(agents("f2", timer, [[0, 0, "think", 0]]))).toMatch(foreign);
  });

  it("fails after its calls are answered as well", async () => {
    const later = async (ctx: Ctx, self: Log): Promise<void> => {
      await effect(ctx, self, 2);
      await new Promise(() => {});
    };
    const message = await failAnywhere(agents("f3", later, [[0, 0, "think", 0]]));
    expect(message).toMatch(/^FOREIGN_AWAIT: agent "f3:0", handler "busy.think", time 2/);
  });

  it("may await what is settled already", async () => {
    const settled = async (): Promise<number> => {
      await Promise.resolve();
      await null;
      return Promise.resolve(1);
    };
    expect(await seen(agents("f4", settled, [[0, 0, "think", 0]]))).toEqual(["thinks at 0", "1 at 0"]);
  });

  it("is refused when it is not an async function", async () => {
    const Plain = model
      .agent("plain")
      .state(() => ({}))
      .on(Think, (_self, _payload, ctx) => Promise.resolve(ctx.id));
    const scenario = model.scenario({
      agents: [Plain],
      populate: (world) => world.send(world.spawn(Plain, 1).at(0), Think, { time: 0 }),
    });
    expect(await failAnywhere(scenario)).toMatch(/^FOREIGN_AWAIT: .*not an async function/);
  });
});
