import { Born, defineEvent, defineModel, histogram, max, mean, RoundEnding, ref, sum, u32 } from "myriad";
import { z } from "zod";

/** A rumor reaches someone, `hop` messages after it began. */
export const Heard = defineEvent("heard", { rumor: ref, hop: u32 });
/** Someone believes a rumor: told to the rumor, which counts. */
export const Believed = defineEvent("believed", { hop: u32 });

const model = defineModel({
  name: "rumor",
  params: z.object({
    rumors: z.number().int().min(1).default(100),
    appeal: z.number().min(0).max(1).default(0.03),
  }),
  relations: ["contact"],
});

/** Believes a rumor with chance `appeal` each time it comes, and passes it on once, to everyone it writes to. */
export const Person = model
  .agent("person")
  .state(() => ({ believes: new Set<number>() }))
  .on(Heard, (self, { rumor, hop }, ctx) => {
    if (self.believes.has(rumor)) return;
    if (hop > 0 && ctx.random() >= ctx.params.appeal) return;
    self.believes.add(rumor);
    ctx.send(rumor, Believed, { hop });
    ctx.publish("contact", Heard, { rumor, hop: hop + 1 });
  });

/** Starts with one person, and keeps the size and the depth of its own cascade. */
export const Rumor = model
  .agent("rumor")
  .state((origin: number) => ({ origin, reach: 0, depth: 0 }))
  .on(Born, (self, _, ctx) => {
    ctx.send(self.origin, Heard, { rumor: ctx.id, hop: 0 });
  })
  .on(Believed, (self, { hop }) => {
    self.reach += 1;
    self.depth = Math.max(self.depth, hop);
  })
  .on(RoundEnding, (self, _, ctx) => {
    ctx.record("cascade", { origin: self.origin, reach: self.reach, depth: self.depth });
  });

export default model.scenario({
  agents: [Person, Rumor],
  async populate(world, params) {
    const contacts = await world.readEdges("data/contacts.el.gz");
    const people = world.spawn(Person, contacts.nodeCount);
    world.relate("contact", people, contacts);
    world.spawn(Rumor, params.rumors, () => people.at(world.randomInt(people.length)));
  },
  observe: {
    believed: sum(Rumor, (rumor) => rumor.reach),
    meanReach: mean(Rumor, (rumor) => rumor.reach),
    largest: max(Rumor, (rumor) => rumor.reach),
    deepest: max(Rumor, (rumor) => rumor.depth),
    reaches: histogram(Rumor, (rumor) => Math.log10(Math.max(1, rumor.reach)), { from: 0, to: 5, bins: 10 }),
  },
  until: { rounds: 1 },
});
