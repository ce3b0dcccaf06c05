import {
  Born,
  bool,
  type Context,
  count,
  defineEvent,
  defineModel,
  f32,
  f64,
  histogram,
  i32,
  json,
  last,
  max,
  mean,
  min,
  quantile,
  ref,
  sum,
  text,
  u8,
  u16,
  u32,
  union,
} from "myriad";
import { z } from "zod";

/** One field of each kind. */
export const All = defineEvent("chaos.all", {
  a: u8,
  b: u16,
  c: u32,
  d: i32,
  e: f32,
  f: f64,
  g: bool,
  h: text,
  i: ref,
  j: json<{ path: number[]; tags: Set<string> }>(),
});
const Beat = defineEvent("chaos.beat", {});
const Tick = defineEvent("chaos.tick", {});
const Wonder = defineEvent("chaos.wonder", { about: u8 });
const Answer = defineEvent("chaos.answer", { score: f64 });
const Ask = defineEvent("chaos.ask", { about: u8 }, { reply: Answer });

const STEP = 0.125;

const model = defineModel({
  name: "chaos",
  params: z.object({ agents: z.number().int().default(24), boldness: z.number().default(1) }),
  shared: { mood: sum(0), worst: min(0), best: max(0), latest: last({ by: -1, at: 0 }), words: union<string>() },
  relations: ["knows", "follows"],
  // A power of two: times are exact, and many events come at one time.
  lookahead: STEP,
});
type Ctx = Context<typeof model>;

interface Self {
  energy: number;
  path: number[];
  heard: Map<string, number>;
  timers: number[];
}

const SCALES = [1, 1e-9, 1e9, 0.1, 1e15];
const someone = (ctx: Ctx): number => ctx.randomInt(24);

function tell(self: Self, ctx: Ctx, to: number): void {
  ctx.send(
    to,
    All,
    {
      a: ctx.randomInt(256),
      b: ctx.randomInt(65_536),
      c: ctx.randomInt(2 ** 32),
      d: ctx.randomInt(2 ** 32) - 2 ** 31,
      e: ctx.normal(),
      f: self.energy,
      g: ctx.random() < 0.5,
      h: `${ctx.name} \ud800 ${"\u00e9".repeat(ctx.randomInt(4))}`,
      i: ctx.id,
      j: { path: self.path, tags: new Set([ctx.name]) },
    },
    { delay: STEP * (1 + ctx.randomInt(4)) },
  );
}

const ACTS: readonly ((self: Self, ctx: Ctx) => void)[] = [
  (self, ctx) => tell(self, ctx, someone(ctx)),
  (self, ctx) => tell(self, ctx, ctx.id),
  (self, ctx) =>
    void self.timers.push(
      ctx.schedule(Tick, {}, { delay: ctx.random() < 0.5 ? ctx.exponential(0.3) : STEP * ctx.randomInt(5) }),
    ),
  (_self, ctx) => void ctx.schedule(Wonder, { about: ctx.randomInt(4) }, { delay: 0 }),
  (_self, ctx) => ctx.publish("knows", Tick, {}, { delay: 2 * STEP }),
  (_self, ctx) => ctx.publish("follows", Wonder, { about: 1 }),
  (_self, ctx) => ctx.relate("knows", someone(ctx), ctx.random()),
  (_self, ctx) => ctx.unrelate("knows", ctx.neighbors("knows")[0] ?? 0),
  (_self, ctx) => ctx.relate("follows", someone(ctx)),
  (self, ctx) => ctx.shared.put("mood", self.energy),
  (self, ctx) => ctx.shared.put("worst", self.energy),
  (_self, ctx) => ctx.shared.put("latest", { by: ctx.id, at: ctx.now }),
  (_self, ctx) => ctx.shared.put("words", ctx.name),
  (self, ctx) => void ctx.cancel(self.timers.shift() ?? 0),
  (_self, ctx) => void ctx.cancel(ctx.send(someone(ctx), Tick, {}, { delay: 0.5 })),
  (self, ctx) =>
    ctx.record("energy", { energy: self.energy, mood: ctx.shared.get("mood"), known: ctx.degree("knows") }),
];

/** Agents that do everything there is, by chance, and take all of it into their state. */
const Agent = model
  .agent("agent")
  .state((energy: number | undefined): Self => ({ energy: energy ?? 1, path: [], heard: new Map(), timers: [] }))
  .on(Born, (self, _, ctx) => {
    self.energy *= SCALES[ctx.id % SCALES.length]!;
    ctx.schedule(Beat, {}, { delay: STEP * ctx.randomInt(4) });
  })
  .on(Beat, (_self, _, ctx) => {
    ctx.schedule(Beat, {}, { delay: 2 * STEP });
    ctx.send(someone(ctx), Tick, {});
  })
  .on(All, (self, p, ctx) => {
    p.j.path.push(ctx.from);
    self.path = p.j.path.slice(-5);
    self.energy += p.f * 0.1 + p.e - (p.g ? p.d : p.c) * 1e-9;
    self.heard.set(p.h, p.a + p.b + p.i + p.j.tags.size);
    if (self.heard.size > 4) self.heard.clear();
  })
  .on(Tick, (self, _, ctx) => {
    self.energy += ctx.shared.get("best") + ctx.shared.get("latest").by * 1e-3 + ctx.neighbors("knows").length / 7;
    const acts = 1 + ctx.randomInt(3) * ctx.params.boldness;
    for (let i = 0; i < acts; i++) ACTS[ctx.randomInt(ACTS.length)]!(self, ctx);
    if (ctx.random() < 0.03) ctx.spawn(Agent as never, self.energy as never);
    if (ctx.random() < 0.005) ctx.retire();
    if (ctx.random() < 0.005) throw new Error("tired");
  })
  .on(Ask, (self, { about }, ctx) => {
    if (about !== 3) ctx.reply(Answer, { score: self.energy });
  })
  .on(Wonder, async (self, { about }, ctx) => {
    const before = ctx.shared.get("mood");
    const score = await ctx.effect("score", { who: ctx.id, about }, ({ who }) => who / 3, {
      thinkTime: 0.2 + 0.1 * about,
    });
    const asked = await ctx
      .request(someone(ctx), Ask, { about }, { timeout: 0.5 })
      .then((answer) => answer.score)
      .catch((reason: { code: string }) => reason.code.length);
    self.energy += score + asked + before * 1e-6 + ctx.normal();
    ctx.shared.put("best", ctx.random());
    tell(self, ctx, someone(ctx));
    if (about === 2 && ctx.random() < 0.05) throw new Error("lost");
  });

export const chaos = model.scenario({
  agents: [Agent],
  onAgentError: "quarantine",
  populate(world, { agents }) {
    const all = world.spawn(Agent, agents, (i) => 1 / (i + 1));
    const pairs = Array.from({ length: agents * 2 }, () => [world.randomInt(agents), world.randomInt(agents)] as const);
    world.relate("knows", all, pairs, { weights: pairs.map(() => world.random()) });
    world.relate("follows", all, pairs.slice(0, agents), { directed: true });
  },
  observe: {
    alive: count(Agent),
    energy: sum(Agent, (self) => self.energy),
    mean: mean(Agent, (self) => self.energy),
    least: min(Agent, (self) => self.energy),
    bins: histogram(Agent, (self) => self.energy, { from: -10, to: 10, bins: 7 }),
    ranks: quantile(Agent, (self) => self.energy, [0, 0.5, 0.9]),
  },
  observeEvery: 3 * STEP,
  until: { time: 4 },
});
