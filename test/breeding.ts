import { Born, count, defineEvent, defineModel, mean, sum, u32 } from "myriad";
import { z } from "zod";

const Breed = defineEvent("breeding.breed", {});
const Muse = defineEvent("breeding.muse", {});
const Greet = defineEvent("breeding.greet", { age: u32 });

const model = defineModel({
  name: "breeding",
  params: z.object({
    founders: z.number().int().default(40),
    /** Only so many of the founders, the first ones, ever have children; so do their descendants. */
    fertile: z.number().int().default(40),
    births: z.number().default(0.3),
    deaths: z.number().default(0.12),
    /** The chance that a child cannot be made. */
    curses: z.number().default(0.05),
  }),
  relations: ["kin"],
});

interface Heritage {
  genes: Float64Array;
  traits: Map<string, { strength: number; marks: Set<number> }>;
  lineage: { path: number[]; note: string | null };
  fertile: boolean;
  cursed: boolean;
}
interface Life extends Heritage {
  mother: number;
  heard: number;
}

const bare = (): Heritage => ({
  genes: new Float64Array(1),
  traits: new Map(),
  lineage: { path: [], note: null },
  fertile: true,
  cursed: false,
});

/** Agents that are born, breed and retire, and have much from their mothers. */
const Being = model
  .agent("being")
  .state((heritage: Partial<Heritage> | null | undefined): Life => {
    if (heritage?.cursed === true) throw new Error(`cursed after ${heritage.lineage?.path.join(" ")}`);
    return { ...bare(), ...heritage, mother: -1, heard: 0 };
  })
  .on(Born, (self, _, ctx) => {
    self.mother = ctx.from;
    if (self.fertile) ctx.schedule(Breed, {}, { delay: ctx.random() });
    if (self.lineage.path.length === 0) return;
    ctx.relate("kin", ctx.from, self.genes[0]);
    ctx.send(ctx.from, Greet, { age: self.lineage.path.length });
  })
  .on(Breed, (self, _, ctx) => {
    ctx.schedule(Breed, {}, { delay: 1 });
    if (ctx.random() < ctx.params.deaths) ctx.retire();
    while (ctx.random() < ctx.params.births) {
      const traits = new Map([...self.traits].slice(-2));
      traits.set(ctx.name, { strength: ctx.normal(), marks: new Set([ctx.id, ctx.degree("kin")]) });
      const path = [...self.lineage.path, ctx.id].slice(-4);
      const heritage: Heritage = {
        genes: Float64Array.of(ctx.random(), -0, ...self.genes.subarray(0, 2)),
        traits,
        lineage: { path, note: ctx.random() < 0.5 ? null : `by \ud83d\ude00 at ${ctx.now}` },
        fertile: true,
        cursed: ctx.random() < ctx.params.curses,
      };
      ctx.spawn(Being as never, (ctx.random() < 0.1 ? undefined : heritage) as never);
    }
    if (ctx.random() < 0.1) ctx.schedule(Muse, {}, { delay: 0 });
    if (ctx.random() < 0.05) ctx.publish("kin", Greet, { age: 0 });
  })
  .on(Muse, async (self, _, ctx) => {
    self.heard += await ctx.effect("muse", ctx.id, (id) => id / 3, { thinkTime: 1.5 });
    ctx.spawn(Being as never, null as never);
  })
  .on(Greet, (self, { age }, ctx) => {
    self.heard += age + ctx.from / 7;
  });

export const breeding = model.scenario({
  agents: [Being],
  onAgentError: "quarantine",
  populate(world, { founders, fertile }) {
    world.spawn(Being as never, founders, (i) => ({ fertile: i < fertile }) as never);
  },
  observe: {
    alive: count(Being),
    heard: sum(Being, (self) => self.heard),
    depth: mean(Being, (self) => self.lineage?.path.length),
  },
  until: { time: 8 },
});
