import { defineEvent, defineModel, max, u32 } from "myriad";

const Ball = defineEvent("ball", { left: u32 });
const WINDOWS = 40;

const model = defineModel({ name: "opening" });

/** When the first agent had its event, window by window; empty in the process that does not host it. */
const marksMs: number[] = [];
/** From the events of a window to those of the next one. */
const microseconds = (window: number): number => ((marksMs[window + 1] ?? 0) - (marksMs[window] ?? 0)) * 1000;

/** Two agents send each other a ball in every window, so each window waits for both links. */
const Player = model
  .agent("player")
  .state(() => ({ hits: 0 }))
  .on(Ball, (self, { left }, ctx) => {
    self.hits++;
    if (ctx.id === 0) marksMs.push(performance.now());
    if (left > 0) ctx.send(1 - ctx.id, Ball, { left: left - 1 });
  });

export default model.scenario({
  agents: [Player],
  populate(world) {
    const players = world.spawn(Player, 2);
    for (let i = 0; i < 2; i++) world.send(players.at(i), Ball, { left: WINDOWS });
  },
  observe: { first: max(Player, () => microseconds(0)), tenth: max(Player, () => microseconds(9)) },
  observeEvery: 1_000_000_000,
});
