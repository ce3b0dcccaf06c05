import { defineEvent, defineModel, json, sum } from "myriad";
import { z } from "zod";

interface Message {
  hops: number;
  text: string;
  value: number;
}

const Ping = defineEvent("ping", { message: json<Message>() });

const LOOKAHEAD = 0.1;
const MEAN = 1;

const model = defineModel({
  name: "phold-json",
  params: z.object({ lps: z.number().int().min(1).default(10_000), remote: z.number().min(0).max(1).default(1) }),
  lookahead: LOOKAHEAD,
});

/** As in examples/phold, but that events carry a json field of three fields. */
const Process = model
  .agent("process")
  .state(() => ({ count: 0 }))
  .on(Ping, (self, { message }, ctx) => {
    const { lps, remote } = ctx.params;
    self.count++;
    const to = ctx.random() < remote ? ctx.randomInt(lps) : ctx.id;
    const { hops, text, value } = message;
    const delay = LOOKAHEAD + ctx.exponential(MEAN - LOOKAHEAD);
    ctx.send(to, Ping, { message: { hops: hops + 1, text, value } }, { delay });
  });

export default model.scenario({
  agents: [Process],
  populate(world, { lps }) {
    const processes = world.spawn(Process, lps);
    for (let i = 0; i < lps; i++) {
      const time = LOOKAHEAD - (MEAN - LOOKAHEAD) * Math.log(1 - world.random());
      world.send(processes.at(i), Ping, { message: { hops: 0, text: `process ${i}`, value: i / 7 } }, { time });
    }
  },
  observe: { events: sum(Process, (process) => process.count) },
  observeEvery: 10,
  until: { time: 100 },
});
