import { bool, defineEvent, defineModel, f64, json, last, sum } from "myriad";
import { describe, expect, it } from "vitest";
import type { Context } from "../model/context.ts";
import type { World } from "../model/world.ts";
import { runAnywhere } from "./same.suite.ts";

const Do = defineEvent("hash.do", { what: json<string>() });
const Other = defineEvent("hash.other", { x: f64, data: json() });
const Pause = defineEvent("hash.pause", {});
const Call = defineEvent("hash.call", { waits: bool });
const model = defineModel({ name: "hash", relations: ["knows"], shared: { n: sum(0), v: last(0) } });
type Ctx = Context<typeof model>;

interface State {
  data: unknown;
}
type Act = (ctx: Ctx, self: State) => unknown;
const acts: Record<string, Act> = { idle: () => {}, spawn: (ctx) => ctx.spawn(Same as never) };
const Agent = model
  .agent("agent")
  .state((data: unknown): State => ({ data: data as never }))
  .on(Do, (self, { what }, ctx) => void acts[what]!(ctx, self))
  .on(Other, () => {})
  .on(Call, async (_self, { waits }, ctx) => {
    if (waits) void ctx.request(1, Other, { x: 1, data: null });
    else ctx.send(1, Other, { x: 1, data: null });
  })
  .on(Pause, async (_self, _, ctx) => {
    await ctx.effect("first", 0, () => 0, { thinkTime: 2 });
    ctx.shared.get("n");
    await ctx.effect("second", 0, () => 0, { thinkTime: 100 });
  });
const Same = model
  .agent("same")
  .state((data: unknown): State => ({ data: data as never }))
  .on(Do, () => {})
  .on(Other, () => {});

type Fill = (world: World<typeof model>) => void;
const hashOf = async (fill: Fill, act?: Act): Promise<string> => {
  if (act !== undefined) acts.act = act;
  const scenario = model.scenario({
    agents: [Agent, Same],
    onAgentError: "quarantine",
    populate(world) {
      fill(world);
      if (act !== undefined) world.send(0, Do, { what: "act" });
    },
    until: { time: 10 },
  });
  return (await runAnywhere(scenario)).stateHash;
};

const three: Fill = (world) => void world.spawn(Agent, 3);
const spawn =
  (data: unknown): Fill =>
  (world) =>
    void world.spawn(Agent, 3, () => data as never);

/** Each differs from a run of three agents in which nothing but one empty event happens. */
const fills: Record<string, Fill> = {
  "an agent more": (world) => void world.spawn(Agent, 4),
  "another type": (world) => {
    world.spawn(Agent, 2);
    world.spawn(Same, 1);
  },
  "another state": spawn({ a: 1 }),
  "a tie": (world) => world.relate("knows", world.spawn(Agent, 3), [[0, 1]]),
  "another tie": (world) => world.relate("knows", world.spawn(Agent, 3), [[0, 2]]),
  "a directed tie": (world) => world.relate("knows", world.spawn(Agent, 3), [[0, 1]], { directed: true }),
  "a heavier tie": (world) => world.relate("knows", world.spawn(Agent, 3), [[0, 1]], { weights: [2] }),
};
const changes: Record<string, Act> = {
  "a draw": (ctx) => ctx.random(),
  "a pending event": (ctx) => ctx.send(1, Other, { x: 1, data: null }, { delay: 50 }),
  "another payload": (ctx) => ctx.send(1, Other, { x: 2, data: null }, { delay: 50 }),
  "another json payload": (ctx) => ctx.send(1, Other, { x: 1, data: [1] }, { delay: 50 }),
  "another time": (ctx) => ctx.send(1, Other, { x: 1, data: null }, { delay: 51 }),
  "another receiver": (ctx) => ctx.send(2, Other, { x: 1, data: null }, { delay: 50 }),
  "an event handled": (ctx) => ctx.send(1, Other, { x: 1, data: null }),
  "a cancelled event": (ctx) => ctx.cancel(ctx.schedule(Other, { x: 1, data: null }, { delay: 50 })),
  "a shared sum": (ctx) => ctx.shared.put("n", 1),
  "a shared value": (ctx) => ctx.shared.put("v", 1),
  "a newborn": (ctx) => ctx.spawn(Same as never),
  "a newborn of another agent": (ctx) => ctx.send(1, Do, { what: "spawn" }),
  "a newborn, and an event to another agent": (ctx) => {
    ctx.send(1, Do, { what: "idle" });
    ctx.spawn(Same as never);
  },
  "a send of an async handler": (ctx) => ctx.schedule(Call, { waits: false }, { delay: 0 }),
  "a call of an async handler": (ctx) => ctx.schedule(Call, { waits: true }, { delay: 0 }),
  "a retired agent": (ctx) => ctx.retire(),
  "a quarantined agent": () => {
    throw new Error("enough");
  },
  "a suspended handler": (ctx) => ctx.schedule(Pause, {}, { delay: 0 }),
  "a suspended handler that read what another did not": (ctx) => {
    ctx.schedule(Pause, {}, { delay: 0 });
    ctx.shared.put("n", 1);
  },
  "a suspended handler for which an event waits": (ctx) => {
    ctx.schedule(Pause, {}, { delay: 0 });
    ctx.schedule(Other, { x: 1, data: null }, { delay: 5 });
  },
  "a suspended handler for which another event waits": (ctx) => {
    ctx.schedule(Pause, {}, { delay: 0 });
    ctx.schedule(Other, { x: 2, data: null }, { delay: 5 });
  },
};

describe("the state hash", () => {
  it("differs with everything that makes up a run's state, and is the same on any number of workers", async () => {
    const hashes = new Map<string, string>();
    const add = (name: string, hash: string): void => {
      expect(hashes.get(hash), `"${name}"`).toBe(undefined);
      hashes.set(hash, name);
    };
    const idle: Act = () => {};
    add("nothing", await hashOf(three, idle));
    for (const [name, fill] of Object.entries(fills)) add(name, await hashOf(fill, idle));
    for (const [name, act] of Object.entries(changes)) add(name, await hashOf(three, act));
    expect(hashes.size).toBe(1 + Object.keys(fills).length + Object.keys(changes).length);
  });

  it("does not tell between what is the same plain data", async () => {
    const one = await hashOf(
      spawn({
        a: 1,
        b: [0, Number.NaN],
        c: new Map([
          ["x", 1],
          ["y", 2],
        ]),
        d: new Set([1, 2]),
      }),
    );
    const other = {
      d: new Set([2, 1]),
      c: new Map([
        ["y", 2],
        ["x", 1],
      ]),
      b: [-0, Number.NaN],
      a: 1,
      e: undefined,
    };
    expect(await hashOf(spawn(other))).toBe(one);
    expect(
      await hashOf(
        spawn({
          a: 1,
          b: [0, 0],
          c: new Map([
            ["x", 1],
            ["y", 2],
          ]),
          d: new Set([1, 2]),
        }),
      ),
    ).not.toBe(one);
  });

  it("differs with the seed as soon as chance has a say", async () => {
    const draw: Act = (ctx, self) => void (self.data = ctx.random());
    acts.act = draw;
    const scenario = model.scenario({
      agents: [Agent],
      populate: (world) => world.send(world.spawn(Agent, 2).at(0), Do, { what: "act" }),
    });
    const hashes = await Promise.all(
      [1, 2, 2 ** 32 + 1].map(async (seed) => (await runAnywhere(scenario, { seed })).stateHash),
    );
    expect(new Set(hashes).size).toBe(3);
  });
});
