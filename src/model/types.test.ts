import {
  Born,
  count,
  defineEvent,
  defineModel,
  f64,
  histogram,
  json,
  last,
  max,
  mean,
  type Plain,
  quantile,
  RoundStarted,
  reduce,
  sum,
  text,
  u32,
  union,
} from "myriad";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Context } from "./context.ts";
import type { Reducer } from "./reducer.ts";
import type { World } from "./world.ts";

/** Never run: `tsc --noEmit` is the test, and an unused `@ts-expect-error` its failure. */
const compileOnly = (_body: () => void): void => {};

const Answer = defineEvent("types.answer", { yes: f64 });
const Ask = defineEvent("types.ask", { topic: text }, { reply: Answer });
const Offer = defineEvent("types.offer", { wage: u32, terms: json<{ days: number[] }>() });
const Ping = defineEvent("types.ping", {});

const model = defineModel({
  name: "types",
  params: z.object({ initial: z.number().default(3), mode: z.enum(["a", "b"]).default("a") }),
  shared: {
    hired: sum(0),
    best: max(0),
    phase: last<"open" | "closed">("open"),
    seen: union<string>(),
    rates: last({ a: 1 }),
  },
  relations: ["knows", "employs"],
  lookahead: (params) => {
    expectTypeOf(params).toEqualTypeOf<{ initial: number; mode: "a" | "b" }>();
    return 0.5;
  },
});

interface Worker {
  wage: number;
  name: string;
  past: Map<string, number[]>;
}

const Seeker = model
  .agent("seeker")
  .state((profile: { name: string }): Worker => ({ wage: 0, name: profile.name, past: new Map() }))
  .on(Offer, (self, offer, ctx) => {
    expectTypeOf(self).toEqualTypeOf<Worker>();
    expectTypeOf(offer).toEqualTypeOf<{ wage: number; terms: { days: number[] } }>();
    expectTypeOf(ctx.params).toEqualTypeOf<{ initial: number; mode: "a" | "b" }>();
    expectTypeOf(ctx.shared.get("phase")).toEqualTypeOf<"open" | "closed">();
    expectTypeOf(ctx.shared.get("seen")).toEqualTypeOf<ReadonlySet<string>>();
    expectTypeOf(ctx.shared.get("hired")).toEqualTypeOf<number>();
    expectTypeOf(ctx.shared.get("rates")).toEqualTypeOf<{ a: number }>();
    expectTypeOf(ctx.neighbors("knows")).toEqualTypeOf<Uint32Array>();
    // its own type in its own handler: circular, and fine
    ctx.spawn(Seeker, { name: "child" });
    // @ts-expect-error wrong profile
    ctx.spawn(Seeker, { nme: "child" });
    // @ts-expect-error no profile
    ctx.spawn(Seeker);
    ctx.spawn(Firm);
  })
  .on(Born, (self, payload) => {
    expectTypeOf(payload).toEqualTypeOf<Record<string, never>>();
    self.wage = 1;
  })
  .on(RoundStarted, (self, { round }) => {
    self.wage = round;
  })
  .on(Ping, async (self, _payload, ctx) => {
    const answer = await ctx.request(ctx.from, Ask, { topic: "pay" }, { timeout: 3 });
    expectTypeOf(answer).toEqualTypeOf<{ yes: number }>();
    const shown = await ctx.effect("ask", { text: self.name }, async (input, { key, signal, attempt }) => {
      expectTypeOf(input).toEqualTypeOf<{ text: string }>();
      expectTypeOf(key).toEqualTypeOf<string>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return { length: input.text.length + attempt };
    });
    expectTypeOf(shown).toEqualTypeOf<{ length: number }>();
    const open = await ctx.request(ctx.from, Ping, {});
    expectTypeOf(open).toEqualTypeOf<Record<string, unknown>>();
  });

const Firm = model
  .agent("firm")
  .state(() => ({ jobs: 0, open: true }))
  .on(Ask, (self, _ask, ctx) => ctx.reply(Answer, { yes: self.jobs }));

compileOnly(() => {
  model
    .agent("wrong")
    .state(() => ({ jobs: 0 }))
    .on(Offer, (self, offer, ctx) => {
      // @ts-expect-error wrong state field
      self.job = 1;
      // @ts-expect-error wrong type of a state field
      self.jobs = "1";
      // @ts-expect-error wrong payload field
      offer.pay;
      // @ts-expect-error wrong payload
      ctx.send(1, Ask, { subject: "pay" });
      // @ts-expect-error wrong type in a payload
      ctx.send(1, Ask, { topic: 3 });
      // @ts-expect-error a field too many
      ctx.send(1, Ask, { topic: "pay", more: 1 });
      // @ts-expect-error a field missing
      ctx.schedule(Offer, { wage: 1 }, { delay: 1 });
      // @ts-expect-error a field for an event that has none
      ctx.send(1, Ping, { dose: 1 });
      // @ts-expect-error no options
      ctx.schedule(Ping, {});
      // @ts-expect-error unknown relation
      ctx.neighbors("know");
      // @ts-expect-error unknown relation
      ctx.publish("know", Ping, {});
      // @ts-expect-error wrong payload of a publish
      ctx.publish("knows", Ask, {});
      // @ts-expect-error unknown shared value
      ctx.shared.get("hire");
      // @ts-expect-error unknown shared value
      ctx.shared.put("hire", 1);
      // @ts-expect-error wrong type of a shared value
      ctx.shared.put("phase", "ended");
      ctx.shared.put("seen", "x");
      // @ts-expect-error an element, not a set
      ctx.shared.put("seen", new Set(["x"]));
      // @ts-expect-error unknown parameter
      ctx.params.intial;
      // @ts-expect-error parameters are read only where it counts: the context is
      ctx.now = 3;
      // @ts-expect-error wrong reply
      ctx.reply(Answer, { no: 1 });
      ctx.record("wages", 3);
      ctx.record("wages", { wage: 3, who: "x" });
      // @ts-expect-error nested record
      ctx.record("wages", { wage: { a: 1 } });
    });
  // @ts-expect-error a date is not plain data
  model.agent("date").state(() => ({ when: new Date() }));
  // @ts-expect-error a function is not plain data
  model.agent("method").state(() => ({ nested: { run: () => 1 } }));
  // @ts-expect-error a promise is not plain data
  model.agent("later").state(async () => ({ a: 1 }));
  // @ts-expect-error a date is not plain data
  defineEvent("types.date", { when: json<Date>() });
  expectTypeOf(json().type).toEqualTypeOf<Plain | undefined>();
  // @ts-expect-error not a field type
  defineEvent("types.kind", { when: "f64" });
  // @ts-expect-error a date is not plain data
  last(new Date());
});

interface Tree {
  readonly value?: number;
  readonly sons: readonly Tree[];
}

compileOnly(() => {
  // all of these are plain data
  model.agent("tree").state((profile: Tree): Tree => profile);
  model.agent("any").state(() => ({ plain: 1 as Plain, maybe: undefined as string | undefined, other: {} as unknown }));
  model
    .agent("many")
    .state(() => ({ set: new Set([1]), map: new Map([["a", { b: [1] }]]), array: new Float64Array(3) }));
  model.agent("tuple").state(() => ({ at: [1, 2] as [number, number], phase: "x" as "x" | "y", none: null }));
  // @ts-expect-error a date in a map is not plain data
  model.agent("mapped").state(() => ({ map: new Map([["a", new Date()]]) }));
  // @ts-expect-error a class instance with methods is not plain data
  model.agent("instance").state(() => ({ url: new URL("http://x") }));
});

compileOnly(() => {
  model.scenario({
    agents: [Seeker, Firm],
    populate(world, params) {
      expectTypeOf(params).toEqualTypeOf<{ initial: number; mode: "a" | "b" }>();
      expectTypeOf(world.params).toEqualTypeOf<{ initial: number; mode: "a" | "b" }>();
      const firms = world.spawn(Firm, 3);
      const people = world.spawn(Seeker, 3, (i) => ({ name: `s${i}` }), { name: (i) => `s${i}` });
      // @ts-expect-error no profile
      world.spawn(Seeker, 3);
      // @ts-expect-error wrong profile
      world.spawn(Seeker, 3, (i) => ({ name: i }));
      world.relate("knows", people, [[0, 1]]);
      world.relate("employs", firms, people, [[0, 1, 0.5]], { directed: true });
      // @ts-expect-error unknown relation
      world.relate("know", people, [[0, 1]]);
      // @ts-expect-error wrong payload
      world.send(people.at(0), Ask, { topic: 3 });
    },
    observe: {
      hired: count(Seeker, (s) => s.wage > 0),
      pay: mean(Seeker, (s) => s.wage),
      spread: histogram(Seeker, (s) => s.wage, { from: 0, to: 10, bins: 5 }),
      quartiles: quantile(Seeker, (s) => s.wage, [0.25, 0.75]),
      longest: reduce(Seeker, {
        initial: { name: "" },
        of: (s) => ({ name: s.name }),
        merge: (a, b) => (a.name.length > b.name.length ? a : b),
      }),
    },
    until: {
      any: [
        { rounds: 3 },
        {
          when: (observed) => {
            expectTypeOf(observed.hired).toEqualTypeOf<number>();
            expectTypeOf(observed.spread).toEqualTypeOf<readonly number[]>();
            expectTypeOf(observed.quartiles).toEqualTypeOf<readonly number[]>();
            expectTypeOf(observed.longest).toEqualTypeOf<{ name: string }>();
            // @ts-expect-error unknown observation
            observed.hird;
            return observed.pay > 3;
          },
        },
      ],
    },
  });
  // @ts-expect-error wrong state field in an observation
  count(Seeker, (s) => s.wages > 0);
  // @ts-expect-error not a number
  sum(Seeker, (s) => s.name);
  // @ts-expect-error unknown key
  model.scenario({ agents: [Seeker], observed: {} });
  // @ts-expect-error unknown choice
  model.scenario({ agents: [Seeker], onAgentError: "ignore" });
  // @ts-expect-error unknown key
  defineModel({ name: "x", parameters: {} });
});

/** A helper outside of a handler is typed by the model. */
function shout(ctx: Context<typeof model>): void {
  ctx.publish("knows", Ping, {});
  // @ts-expect-error unknown relation
  ctx.publish("likes", Ping, {});
}

const bare = defineModel({ name: "bare" });
const Lone = bare
  .agent("lone")
  .state(() => ({ n: 0 }))
  .on(Ping, (self, _payload, ctx) => {
    self.n += ctx.random();
    // @ts-expect-error a model without parameters
    ctx.params.beta;
    // @ts-expect-error a model without shared state
    ctx.shared.get("x");
    // @ts-expect-error a model without relations
    ctx.neighbors("x");
  });
compileOnly(() => {
  bare.scenario({
    agents: [Lone],
    populate: (world) => {
      const group = world.spawn(Lone, 2);
      // @ts-expect-error a model without relations
      world.relate("x", group, [[0, 1]]);
    },
  });
  Seeker.on(Ask, (_self, _payload, ctx) => shout(ctx));
});

describe("types of the model", () => {
  test("hold at compile time", () => {
    expectTypeOf(last(false)).toEqualTypeOf<Reducer<boolean, boolean>>();
    expectTypeOf(last("a")).toEqualTypeOf<Reducer<string, string>>();
    expectTypeOf<Parameters<World<typeof model>["relate"]>[0]>().toEqualTypeOf<"knows" | "employs">();
    expectTypeOf(Firm.create).parameter(0).toEqualTypeOf<undefined>();
    expectTypeOf(Firm.create).returns.toEqualTypeOf<{ jobs: number; open: boolean }>();
    expectTypeOf(Seeker.create).toEqualTypeOf<(profile: { name: string }) => Worker>();
  });
});
