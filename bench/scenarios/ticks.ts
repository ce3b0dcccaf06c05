import { defineEvent, defineModel, max, u32 } from "myriad";
import { z } from "zod";
import { Gaps } from "./gaps.ts";

const Tick = defineEvent("tick", { left: u32 });

const model = defineModel({
  name: "ticks",
  params: z.object({ windows: z.number().int().positive().default(10_000) }),
});

const windows = new Gaps();

/** One agent has one event in every window, so that no window is passed over; with two workers the other one has none. */
const Clock = model
  .agent("clock")
  .state(() => ({ ticks: 0 }))
  .on(Tick, (self, { left }, ctx) => {
    self.ticks++;
    windows.mark();
    if (left > 0) ctx.schedule(Tick, { left: left - 1 }, { delay: 1 });
  });

export default model.scenario({
  agents: [Clock],
  populate(world, params) {
    const clocks = world.spawn(Clock, 2);
    world.send(clocks.at(0), Tick, { left: params.windows });
  },
  observe: { microseconds: max(Clock, () => windows.median()) },
  observeEvery: 1_000_000_000,
});
