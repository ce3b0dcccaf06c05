import { defineEvent, defineModel, sum, text, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_TARGET } from "../base/limits.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { failAnywhere, runAnywhere } from "./same.suite.ts";

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

const Wait = defineEvent("frames.wait", { foreign: u32 });
const Flood = defineEvent("frames.flood", {});

const Waiting = model
  .agent("waiting")
  .state(() => ({ got: 0, answer: 0 }))
  .on(Wait, async (self, { foreign }, ctx) => {
    if (foreign === 1) await new Promise((resolve) => setImmediate(resolve));
    self.answer = await ctx.effect("one", 0, () => 1, { thinkTime: 1 });
  })
  .on(Flood, (_self, _payload, ctx) => {
    for (let i = 0; i < ITEMS; i++) ctx.send((ctx.id + 1 + (i % 5)) % 6, Item, { number: i, word: "" });
  })
  .on(Item, (self) => void self.got++);

/** In one window agents wait, and others send so much that it pauses. */
const pausing = (foreign: number) =>
  model.scenario({
    agents: [Waiting],
    populate(world) {
      world.spawn(Waiting, 6);
      world.send(0, Wait, { foreign });
      for (let agent = 1; agent < 6; agent++) {
        world.send(agent, Flood, {});
        world.send(agent, Wait, { foreign: 0 });
      }
    },
    observe: { got: sum(Waiting, (self) => self.got), answers: sum(Waiting, (self) => self.answer) },
  });

describe("a window that pauses until what it has sent could leave", () => {
  it("comes to the same, also with handlers that wait", async () => {
    const { observations } = await runAnywhere(pausing(0));
    expect(observations).toEqual({ got: 5 * ITEMS, answers: 6 });
  });

  it("gives no handler a turn of the event loop", async () => {
    expect(await failAnywhere(pausing(1))).toMatch(/^FOREIGN_AWAIT: agent "waiting:0"/);
  });
});
