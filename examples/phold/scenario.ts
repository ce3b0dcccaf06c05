import { defineEvent, defineModel, f64, sum } from "myriad";
import { z } from "zod";
import { spin } from "./grain.ts";

export const Ping = defineEvent("ping", { value: f64 });

const model = defineModel({
  name: "phold",
  params: z
    .object({
      lps: z.number().int().min(1).default(10_000),
      start: z.number().int().min(0).default(1),
      remote: z.number().min(0).max(1).default(0.25),
      mean: z.number().positive().default(1),
      lookahead: z.number().positive().default(0.1),
      grain: z.number().min(0).default(0),
    })
    .refine(({ mean, lookahead }) => mean > lookahead, { message: "mean must be above lookahead", path: ["mean"] }),
  lookahead: (params) => params.lookahead,
});

/** A logical process: every event it gets becomes one event to a random process, or to itself. */
export const Process = model
  .agent("process")
  .state(() => ({ count: 0 }))
  .on(Ping, (self, { value }, ctx) => {
    const { lps, remote, mean, lookahead, grain } = ctx.params;
    self.count += grain > 0 ? spin(grain) : 1;
    const to = ctx.random() < remote ? ctx.randomInt(lps) : ctx.id;
    ctx.send(to, Ping, { value }, { delay: lookahead + ctx.exponential(mean - lookahead) });
  });

export default model.scenario({
  agents: [Process],
  populate(world, { lps, start, mean, lookahead }) {
    const processes = world.spawn(Process, lps); // indices 0 to lps - 1
    for (let i = 0; i < lps * start; i++) {
      const time = lookahead - (mean - lookahead) * Math.log(1 - world.random());
      world.send(processes.at(i % lps), Ping, { value: i }, { time });
    }
  },
  observe: { events: sum(Process, (process) => process.count) },
  observeEvery: 10,
  until: { time: 100 },
});
