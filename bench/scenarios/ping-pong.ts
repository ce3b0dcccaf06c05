import { defineEvent, defineModel, max, u32 } from "myriad";
import { z } from "zod";
import { Gaps } from "./gaps.ts";

const Ball = defineEvent("ball", { turn: u32 });

const model = defineModel({
  name: "ping-pong",
  params: z.object({ turns: z.number().int().positive().default(10_000) }),
});

const roundTrips = new Gaps();

/** Two players send one event to and fro; nothing else happens, so each throw is a window. */
const Player = model
  .agent("player")
  .state(() => ({ turns: 0 }))
  .on(Ball, (self, { turn }, ctx) => {
    self.turns++;
    if (ctx.id === 0) roundTrips.mark();
    if (turn < ctx.params.turns) ctx.send(1 - ctx.id, Ball, { turn: turn + 1 });
  });

export default model.scenario({
  agents: [Player],
  populate(world) {
    const players = world.spawn(Player, 2);
    world.send(players.at(0), Ball, { turn: 1 });
  },
  observe: { microseconds: max(Player, () => roundTrips.median()) },
  observeEvery: 1_000_000_000,
});
