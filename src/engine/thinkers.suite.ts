import { count, defineEvent, defineModel, f64, last, sum, u32 } from "myriad";
import type { MyriadError } from "../base/error.ts";

const Think = defineEvent("restore.think", { depth: u32 });
const Note = defineEvent("restore.note", { value: f64 });
const Answer = defineEvent("restore.answer", { value: f64 });
const Ask = defineEvent("restore.ask", {}, { reply: Answer });
const Bad = defineEvent("restore.bad", { small: u32 });

const model = defineModel({
  name: "restore",
  relations: ["knows"],
  shared: { total: sum(0), latest: last({ by: -1 }) },
});

interface Mind {
  notes: number[];
  log: string[];
  handles: number[];
}

/** A handler that uses everything there is, over many windows. */
const Thinker = model
  .agent("thinker")
  .state((): Mind => ({ notes: [], log: [], handles: [] }))
  .on(Think, async (self, { depth }, ctx) => {
    const total = ctx.shared.get("total");
    const before = [...ctx.neighbors("knows")].join();
    const friends = ctx.neighbors("knows");
    self.handles.push(
      ctx.schedule(Note, { value: -1 }, { delay: 3.5 }),
      ctx.schedule(Note, { value: -2 }, { delay: 2 }),
    );
    ctx.shared.put("total", ctx.random());
    const first = await ctx.effect("score", { who: ctx.id, total }, (): number => 0, {
      thinkTime: 2 + ctx.randomInt(3),
    });
    self.log.push(`${first} at ${ctx.now}, ${before}, ${friends.length}, ${ctx.observed("notes")}`);
    ctx.relate("knows", (ctx.id + depth + 2) % 8, ctx.random());
    const list = await ctx.effect("list", depth, (): number[] => [], { thinkTime: 1 });
    list.push(ctx.id);
    ctx.publish("knows", Note, { value: ctx.normal() });
    ctx.record("score", first);
    const [one, two, three] = await Promise.all([
      ctx.effect("score", { who: 1, total: 1 }, (): number => 0, { thinkTime: 3 }),
      ctx.request(8 + (ctx.id % 4), Ask, {}).then(({ value }) => value),
      ctx.effect("refused", 0, (): number => 0, { thinkTime: 1 }).catch((reason: Error) => reason.message),
    ]);
    self.log.push(
      `${one} ${two} ${three}, ${ctx.cancel(self.handles[0]!)}, ${ctx.cancel(self.handles[1]!)} ${ctx.degree("knows")}`,
    );
    try {
      ctx.send(0, Bad, { small: -1 });
      self.log.push("sent");
    } catch (reason) {
      self.log.push((reason as MyriadError).code);
    }
    ctx.shared.put("latest", { by: ctx.id });
    if (depth > 0) ctx.spawn(Thinker as never);
    const slow = await ctx
      .request(8 + (ctx.id % 3), Ask, {}, { timeout: 3.5 })
      .catch((reason: MyriadError) => reason.code);
    self.log.push(`${list.join()} ${slow} ${JSON.stringify(ctx.shared.get("latest"))} ${ctx.random()}`);
    if (depth > 0) ctx.schedule(Think, { depth: depth - 1 }, { delay: 0 });
    else if (ctx.id === 5) ctx.retire();
  })
  .on(Note, (self, { value }) => void self.notes.push(value))
  .on(Bad, () => {});
/** Answers, but not always in time. */
const Oracle = model
  .agent("oracle")
  .state(() => ({ asked: 0 }))
  .on(Ask, (self, _, ctx) => {
    self.asked++;
    ctx.reply(Answer, { value: ctx.random() }, { delay: 1 + ctx.randomInt(4) });
  });

/** Handlers that are suspended over many windows. */
export const thinkers = model.scenario({
  agents: [Thinker, Oracle],
  populate(world) {
    const all = world.spawn(Thinker, 8);
    world.spawn(Oracle, 4);
    world.relate("knows", all, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
    for (const agent of all) world.send(agent, Think, { depth: agent % 3 }, { time: agent / 3 });
  },
  observe: { notes: sum(Thinker, (self) => self.notes.length), agents: count(Thinker) },
});

/** Answers for them. */
export const stubs = {
  score: ({ who, total }: { who: number; total: number }) => who * 10 + total,
  list: (depth: number) => [depth],
  refused: () => {
    throw new Error("not today");
  },
};
