import { defineEvent, defineModel, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import type { Context } from "../model/context.ts";
import { runAnywhere, statesOf } from "./same.suite.ts";

const Go = defineEvent("cancel.go", { what: u32 });
const Later = defineEvent("cancel.later", {});
const Ring = defineEvent("cancel.ring", { what: u32 });
const model = defineModel({ name: "cancel" });
type Ctx = Context<typeof model>;
interface Log {
  log: (string | boolean)[];
  handles: number[];
}
type Step = (ctx: Ctx, self: Log) => unknown;

let types = 0;
/** Four agents, each of which runs `first` at 0.25, `then` at 6.25 and notes what rings. */
const scenario = (first: Step, then: Step = () => {}, late?: (ctx: Ctx, self: Log) => Promise<unknown>) => {
  const Agent = model
    .agent(`agent${types++}`)
    .state((): Log => ({ log: [], handles: [] }))
    .on(Go, (self, { what }, ctx) => void (what === 0 ? first : then)(ctx, self))
    .on(Later, async (self, _, ctx) => void (await late?.(ctx, self)))
    .on(Ring, (self, { what }, ctx) => void self.log.push(`${what} at ${ctx.now}`));
  return model.scenario({
    agents: [Agent],
    populate(world) {
      for (const agent of world.spawn(Agent, 4)) {
        world.send(agent, Go, { what: 0 }, { time: 0.25 });
        world.send(agent, Go, { what: 1 }, { time: 6.25 });
        if (late !== undefined) world.send(agent, Later, {}, { time: 0.5 });
      }
    },
  });
};

const logs = async (...steps: Parameters<typeof scenario>): Promise<Log["log"]> => {
  const states = statesOf<Log>(await runAnywhere(scenario(...steps)));
  for (const { log } of states) expect(log).toEqual(states[0]!.log);
  return states[0]!.log;
};

describe("cancel", () => {
  it.each([
    ["of this window", 0.5],
    ["of this instant", 0],
    ["of the next window", 1],
    ["of a later window", 5.5],
    ["of the far future", 5000],
  ])("takes back a timer %s, once", async (_what, delay) => {
    const log = await logs((ctx, self) => {
      ctx.schedule(Ring, { what: 1 }, { delay });
      const handle = ctx.schedule(Ring, { what: 2 }, { delay });
      ctx.schedule(Ring, { what: 3 }, { delay });
      self.log.push(ctx.cancel(handle), ctx.cancel(handle));
    });
    expect(log.slice(0, 2)).toEqual([true, false]);
    expect(log.slice(2)).toEqual([`1 at ${0.25 + delay}`, `3 at ${0.25 + delay}`]);
  });

  it.each([7, 1500, 5000])("takes back a timer set %i before by another event", async (delay) => {
    const log = await logs(
      (ctx, self) => {
        for (let what = 0; what < 5; what++)
          self.handles.push(ctx.schedule(Ring, { what }, { delay: delay + what / 4 }));
      },
      (ctx, self) => {
        for (const what of [3, 1, 3]) self.log.push(ctx.cancel(self.handles[what]!));
      },
    );
    expect(log).toEqual([true, true, false, `0 at ${0.25 + delay}`, `2 at ${0.75 + delay}`, `4 at ${1.25 + delay}`]);
  });

  it("says no when the timer has rung, and changes nothing", async () => {
    const log = await logs(
      (ctx, self) => void self.handles.push(ctx.schedule(Ring, { what: 1 }, { delay: 2 })),
      (ctx, self) => void self.log.push(ctx.cancel(self.handles[0]!)),
    );
    expect(log).toEqual(["1 at 2.25", false]);
  });

  it("takes back a send to another before it arrives", async () => {
    const log = await logs(
      (ctx, self) => {
        const next = (ctx.id + 1) % 4;
        const one = ctx.send(next, Ring, { what: 1 });
        ctx.send(next, Ring, { what: 2 });
        self.handles.push(ctx.send(next, Ring, { what: 3 }, { delay: 3000 }));
        ctx.cancel(one);
      },
      (ctx, self) => void ctx.cancel(self.handles[0]!),
    );
    expect(log).toEqual(["2 at 1.25"]);
  });

  it("of what would have been the last event ends the run at once", async () => {
    const far = scenario((ctx) => void ctx.cancel(ctx.send((ctx.id + 1) % 4, Ring, { what: 1 }, { delay: 3000 })));
    expect((await runAnywhere(far)).virtualTime).toBe(7);
    const farther = scenario(
      (ctx, self) => void self.handles.push(ctx.send((ctx.id + 1) % 4, Ring, { what: 1 }, { delay: 3000 })),
      (ctx, self) => void ctx.cancel(self.handles[0]!),
    );
    // One empty window finds out that nothing is left.
    expect((await runAnywhere(farther)).virtualTime).toBe(8);
  });

  it("takes back timers from an async handler: of its segment, of the window, and those that wait for it", async () => {
    const log = await logs(
      (ctx, self) => {
        self.handles.push(ctx.schedule(Ring, { what: 0 }, { delay: 1 }));
        self.handles.push(ctx.schedule(Ring, { what: 1 }, { delay: 3.5 }));
        self.handles.push(ctx.schedule(Ring, { what: 2 }, { delay: 9 }));
        self.handles.push(ctx.schedule(Ring, { what: 3 }, { delay: 1 }));
      },
      () => {},
      async (ctx, self) => {
        const own = ctx.schedule(Ring, { what: 4 }, { delay: 2 });
        self.log.push(ctx.cancel(own), ctx.cancel(own));
        await ctx.effect("pause", 0, () => 0, { thinkTime: 3 });
        // 0 waits for this handler, 1 comes later in this window, 2 in a later one.
        for (const handle of self.handles.slice(0, 3)) self.log.push(ctx.cancel(handle));
      },
    );
    expect(log).toEqual([true, false, true, true, true, "3 at 3.5"]);
  });
});
