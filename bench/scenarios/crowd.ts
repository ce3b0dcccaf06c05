import { defineEvent, defineModel, max, sum } from "myriad";
import { z } from "zod";
import { usedBytes } from "./used-bytes.ts";

const Look = defineEvent("look", {});

const model = defineModel({
  name: "crowd",
  params: z.object({
    agents: z.number().int().min(2).default(1_000_000),
    /** What those who get an event look at: the clock, or the memory of their process. */
    look: z.enum(["clock", "memory"]).default("clock"),
    /** Who gets an event: the first agent, or the first and the last, which contiguous placement puts on two workers. */
    lookers: z.number().int().min(1).max(2).default(1),
  }),
});

/** Does nothing; its state is as small as a state can be. */
const Member = model
  .agent("member")
  .state(() => ({ seen: 0 }))
  .on(Look, (self, _, ctx) => {
    self.seen = ctx.params.look === "memory" ? usedBytes() : performance.timeOrigin + performance.now();
  });

export default model.scenario({
  agents: [Member],
  populate(world, { agents, lookers }) {
    const members = world.spawn(Member, agents);
    world.send(members.at(0), Look, {});
    if (lookers > 1) world.send(members.at(agents - 1), Look, {});
  },
  observe: { latest: max(Member, (member) => member.seen), total: sum(Member, (member) => member.seen) },
  observeEvery: 1_000_000_000,
});
