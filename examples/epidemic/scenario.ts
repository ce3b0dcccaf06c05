import { count, defineEvent, defineModel, sum } from "myriad";
import { z } from "zod";

/** A sick friend came close enough to pass the disease on. */
export const Exposed = defineEvent("exposed", {});
/** The illness is over; one is immune from here on. */
export const Recovered = defineEvent("recovered", {});

const model = defineModel({
  name: "epidemic",
  params: z.object({
    initial: z.number().int().min(1).default(10),
    transmission: z.number().min(0).max(1).default(0.05),
    alarm: z.number().int().min(0).default(200),
    distancing: z.number().min(0).max(1).default(0),
  }),
  shared: { sick: sum(0) },
  relations: ["friend"],
});

type Health = "susceptible" | "infectious" | "recovered";

export const Person = model
  .agent("person")
  .state(() => ({ health: "susceptible" as Health }))
  .on(Exposed, (self, _, ctx) => {
    if (self.health !== "susceptible") return;
    const { transmission, alarm, distancing } = ctx.params;
    if (ctx.shared.get("sick") > alarm && ctx.random() < distancing) return; // stayed at home

    self.health = "infectious";
    ctx.shared.put("sick", 1);
    const days = 5 + ctx.randomInt(5);
    for (const friend of ctx.neighbors("friend")) {
      if (ctx.random() < transmission) ctx.send(friend, Exposed, {}, { delay: 1 + ctx.randomInt(days) });
    }
    ctx.schedule(Recovered, {}, { delay: days });
  })
  .on(Recovered, (self, _, ctx) => {
    self.health = "recovered";
    ctx.shared.put("sick", -1);
  });

export default model.scenario({
  agents: [Person],
  async populate(world, params) {
    const friendships = await world.readEdges("data/friendships.el.gz");
    const people = world.spawn(Person, friendships.nodeCount);
    world.relate("friend", people, friendships);
    for (let i = 0; i < params.initial; i++) {
      world.send(people.at(world.randomInt(people.length)), Exposed, {});
    }
  },
  observe: {
    susceptible: count(Person, (person) => person.health === "susceptible"),
    infectious: count(Person, (person) => person.health === "infectious"),
    recovered: count(Person, (person) => person.health === "recovered"),
  },
  until: { time: 120 },
});
