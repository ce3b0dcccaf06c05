import { defineEvent, defineModel, f64, sum, u32 } from "myriad";
import { z } from "zod";

const Begin = defineEvent("begin", {});
const Ask = defineEvent("ask", { value: f64 });
const Answer = defineEvent("answer", { round: u32 });

const model = defineModel({
  name: "fan",
  params: z.object({
    leaves: z.number().int().positive().default(1000),
    turns: z.number().int().positive().default(10),
    publish: z.boolean().default(false),
  }),
  relations: ["leaf"],
});

/** Asks all leaves, by one event each or by one publish; when all have answered, again. */
const Hub = model
  .agent("hub")
  .state(() => ({ answers: 0, turn: 0 }))
  .on(Begin, (self, _, ctx) => {
    self.turn++;
    self.answers = 0;
    if (ctx.params.publish) ctx.publish("leaf", Ask, { value: self.turn });
    else for (let leaf = 1; leaf <= ctx.params.leaves; leaf++) ctx.send(leaf, Ask, { value: self.turn });
  })
  .on(Answer, (self, _, ctx) => {
    self.answers++;
    if (self.answers === ctx.params.leaves && self.turn < ctx.params.turns) ctx.schedule(Begin, {}, { delay: 1 });
  });

const Leaf = model
  .agent("leaf")
  .state(() => ({ asked: 0 }))
  .on(Ask, (self, { value }, ctx) => {
    self.asked++;
    ctx.send(ctx.from, Answer, { round: value });
  });

export default model.scenario({
  agents: [Hub, Leaf],
  populate(world, { leaves, publish }) {
    const hub = world.spawn(Hub, 1);
    const all = world.spawn(Leaf, leaves);
    if (publish)
      world.relate(
        "leaf",
        hub,
        all,
        Array.from({ length: leaves }, (_, i) => [0, i] as const),
      );
    world.send(hub.at(0), Begin, {});
  },
  observe: { asked: sum(Leaf, (leaf) => leaf.asked) },
  observeEvery: 1_000_000_000,
});
