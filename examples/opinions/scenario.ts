import { count, defineEvent, defineModel, f64, histogram, mean, RoundEnding, RoundStarted } from "myriad";
import { z } from "zod";

/** What a colleague thinks, between 0 and 1. */
export const Voiced = defineEvent("voiced", { opinion: f64 });

const model = defineModel({
  name: "opinions",
  params: z.object({
    confidence: z.number().min(0).max(1).default(0.3),
  }),
  relations: ["colleague"],
});

/** Moves, each round, to the mean of those opinions that are near enough to its own (which counts as one of them). */
export const Scientist = model
  .agent("scientist")
  .state((opinion: number) => ({ opinion, moved: 1, total: 0, voices: 0 }))
  .on(RoundStarted, (self, _, ctx) => {
    self.total = self.opinion;
    self.voices = 1;
    ctx.publish("colleague", Voiced, { opinion: self.opinion });
  })
  .on(Voiced, (self, { opinion }, ctx) => {
    if (Math.abs(opinion - self.opinion) > ctx.params.confidence) return;
    self.total += opinion;
    self.voices += 1;
  })
  .on(RoundEnding, (self) => {
    const opinion = self.total / self.voices;
    self.moved = Math.abs(opinion - self.opinion);
    self.opinion = opinion;
  });

export default model.scenario({
  agents: [Scientist],
  async populate(world) {
    const collaborations = await world.readEdges("data/collaborations.el.gz");
    const scientists = world.spawn(Scientist, collaborations.nodeCount, () => world.random());
    world.relate("colleague", scientists, collaborations);
  },
  observe: {
    opinion: mean(Scientist, (scientist) => scientist.opinion),
    spread: mean(Scientist, (scientist) => (scientist.opinion - 0.5) ** 2),
    restless: count(Scientist, (scientist) => scientist.moved > 0.01),
    opinions: histogram(Scientist, (scientist) => scientist.opinion, { from: 0, to: 1, bins: 20 }),
  },
  until: { any: [{ rounds: 100 }, { when: ({ restless }) => restless === 0 }] },
});
