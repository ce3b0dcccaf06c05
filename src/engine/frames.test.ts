import { defineEvent, defineModel, sum, text, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_TARGET } from "../base/limits.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { runAnywhere } from "./same.suite.ts";

const Go = defineEvent("frames.go", { fail: u32 });
const Item = defineEvent("frames.item", { number: u32, word: text });
const News = defineEvent("frames.news", { word: text });
const model = defineModel({ name: "frames", relations: ["knows"] });

/** Far more than one frame holds. */
const ITEMS = (FRAME_BYTES_TARGET / 24) * 3;

const Agent = model
  .agent("agent")
  .state(() => ({ next: 0, wrong: 0, got: 0, sent: 0 }))
  .on(Go, (self, { fail }, ctx) => {
    for (let i = 0; i < ITEMS; i++) ctx.send((ctx.id + 1 + (i % 2)) % 3, Item, { number: self.sent++, word: `w${i}` });
    ctx.publish("knows", News, { word: "news" });
    if (fail === 1) throw new Error("after all that");
  })
  .on(Item, (self, { number, word }) => {
    self.got++;
    if (number < self.next || word !== `w${number % ITEMS}`) self.wrong++;
    self.next = number;
  })
  .on(News, (self) => void (self.got += 1_000_000));

const scenario = (goes: readonly (readonly [agent: number, fail: number])[]) =>
  model.scenario({
    agents: [Agent],
    onAgentError: "quarantine",
    populate(world) {
      const all = world.spawn(Agent, 3);
      world.relate("knows", all, [
        [0, 1],
        [0, 2],
      ]);
      for (const [agent, fail] of goes) world.send(agent, Go, { fail });
    },
    observe: { got: sum(Agent, (self) => self.got), wrong: sum(Agent, (self) => self.wrong) },
  });

describe("a window of more than a frame", () => {
  it("loses nothing and keeps the order of each sender", async () => {
    const { observations } = await runAnywhere(
      scenario([
        [0, 0],
        [0, 0],
      ]),
    );
    expect(observations).toEqual({ got: 2 * ITEMS + 4_000_000, wrong: 0 });
  });

  it("leaves no worker before the handler has ended well", async () => {
    const { observations, undeliverable } = await runAnywhere(scenario([[0, 1]]));
    expect(observations).toEqual({ got: 0, wrong: 0 });
    expect(undeliverable).toBe(0);
    const apart = await runPartitioned(
      scenario([
        [0, 0],
        [0, 1],
        [1, 0],
      ]),
      { workers: 3 },
    );
    // Agent 0 fails at its second event: what it sent at the first is on its way, and what is for itself is dropped.
    expect(apart.observations.got).toBe(1_000_000 * 2 + ITEMS + ITEMS / 2);
  });
});
