import { count, defineEvent, defineModel, f64, last, sum } from "myriad";
import { expect, test } from "vitest";
import { z } from "zod";
import { compile } from "./program.ts";

const Exposed = defineEvent("exposed", { dose: f64 }); // fields: u8 u16 u32 i32 f32 f64 bool text ref json<T>()
const Recovered = defineEvent("recovered", {});

const model = defineModel({
  name: "epidemic",
  params: z.object({ initial: z.number().int().positive().default(10), beta: z.number().min(0).max(1).default(0.03) }),
  shared: { sick: sum(0), lockdown: last(false) }, // shared state with its reducers: sum min max last union
  relations: ["contact"],
  lookahead: 1, // smallest delay between two agents, or (params) => number; default 1
});

type Health = "susceptible" | "infectious" | "recovered";

const Person = model
  .agent("person")
  .state((profile: { age: number }) => ({ health: "susceptible" as Health, age: profile.age }))
  .on(Exposed, (self, { dose }, ctx) => {
    if (self.health !== "susceptible" || ctx.random() > dose) return;
    self.health = "infectious";
    ctx.shared.put("sick", 1);
    const reach = ctx.shared.get("lockdown") ? 0.2 : 1;
    for (const friend of ctx.neighbors("contact")) ctx.send(friend, Exposed, { dose: ctx.params.beta * reach });
    ctx.schedule(Recovered, {}, { delay: 5 + ctx.randomInt(5) }); // an event to oneself
  })
  .on(Recovered, (self) => {
    self.health = "recovered";
  });

const scenario = model.scenario({
  agents: [Person],
  async populate(world, params) {
    // runs once, on the master
    const contacts = await world.readEdges("data/contacts.csv.gz"); // csv or whitespace pairs, gz allowed; relative to the scenario; node labels become names
    const people = world.spawn(Person, contacts.nodeCount, (i) => ({ age: 20 + (i % 60) }));
    world.relate("contact", people, contacts); // also relate(name, from, to, edges, { directed, weights })
    for (let i = 0; i < params.initial; i++)
      world.send(people.at(world.randomInt(people.length)), Exposed, { dose: 1 });
  },
  observe: { infectious: count(Person, (p) => p.health === "infectious") }, // also sum mean min max histogram quantile reduce
  until: { time: 120 }, // or rounds, when: (observed) => boolean, any: [...]; default quiescence
});

test("the example of the documentation compiles", () => {
  const program = compile(scenario, { params: { initial: 3 } });
  expect(program.params).toEqual({ initial: 3, beta: 0.03 });
  expect(program.events.slice(8, 10)).toEqual([Exposed, Recovered]);
  expect(program.lookahead).toBe(1);
});
