import { defineEvent, defineModel, sum, text } from "myriad";

/** A window of all agents together is some 8 MB. */
const AGENTS = 1_000;
const WORDS = "x".repeat(8_192);
const Parcel = defineEvent("bulky.parcel", { words: text });

const model = defineModel({ name: "bulky" });

/** Each sends the one opposite a parcel as soon as it has got one. */
const Porter = model
  .agent("porter")
  .state(() => ({ got: 0 }))
  .on(Parcel, (self, { words }, ctx) => {
    self.got += words.length;
    ctx.send(AGENTS - 1 - ctx.id, Parcel, { words });
  });

export default model.scenario({
  agents: [Porter],
  populate(world) {
    world.spawn(Porter, AGENTS);
    for (let i = 0; i < AGENTS; i++) world.send(i, Parcel, { words: WORDS });
  },
  observe: { got: sum(Porter, (self) => self.got) },
  placement: "contiguous",
  until: { time: 150 },
});
