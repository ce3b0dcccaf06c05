import { defineEvent, defineModel, sum, u32 } from "myriad";
import { z } from "zod";
import { Seating } from "./seating.ts";

/** A letter, the `number`-th of its chain. */
export const Letter = defineEvent("letter", { number: u32 });

const model = defineModel({
  name: "reshuffle",
  params: z
    .object({
      agents: z
        .number()
        .int()
        .min(1)
        .max(2 ** 30)
        .default(10_000),
      groups: z.number().int().min(1).default(100),
      changeAt: z.number().min(0).default(50),
      outside: z.number().min(0).max(1).default(0.05),
    })
    .refine(({ agents, groups }) => groups <= agents, {
      message: "groups must not be more than agents",
      path: ["groups"],
    }),
});

/** Seats `first` to `end` - 1 of a group. */
const seatsOf = (group: number, agents: number, groups: number) => ({
  first: Math.ceil((group * agents) / groups),
  end: Math.ceil(((group + 1) * agents) / groups),
});

/** Answers every letter with one to a member of the group that it now belongs to. Groups are neighbours by seat: at first the index, later drawn anew. */
export const Member = model
  .agent("member")
  .state((key: number) => ({ key, letters: 0, fromGroup: 0 }))
  .on(Letter, (self, { number }, ctx) => {
    const { agents, groups, changeAt, outside } = ctx.params;
    const seating = ctx.now < changeAt ? null : seatingOf(agents, self.key);
    const seatOf = (who: number): number => seating?.seatOf(who) ?? who;
    const group = Math.floor((seatOf(ctx.id) * groups) / agents);
    self.letters += 1;
    if (ctx.from < agents && Math.floor((seatOf(ctx.from) * groups) / agents) === group) self.fromGroup += 1;
    let to = ctx.randomInt(agents);
    if (ctx.random() >= outside) {
      const { first, end } = seatsOf(group, agents, groups);
      const seat = first + ctx.randomInt(end - first);
      to = seating?.whoSits(seat) ?? seat;
    }
    ctx.send(to, Letter, { number: number + 1 }, { delay: 1 + ctx.random() });
  });

let latest: { agents: number; key: number; seating: Seating } | undefined;

/** One for all agents: a pure function of its arguments, kept. */
function seatingOf(agents: number, key: number): Seating {
  if (latest?.agents !== agents || latest.key !== key) latest = { agents, key, seating: new Seating(agents, key) };
  return latest.seating;
}

export default model.scenario({
  agents: [Member],
  populate(world, { agents }) {
    const key = world.randomInt(2 ** 32);
    const members = world.spawn(Member, agents, () => key); // indices 0 to agents - 1
    for (let i = 0; i < agents; i++) world.send(members.at(i), Letter, { number: 0 }, { time: world.random() });
  },
  observe: {
    letters: sum(Member, (member) => member.letters),
    fromGroup: sum(Member, (member) => member.fromGroup),
  },
  observeEvery: 10,
  until: { time: 100 },
});
