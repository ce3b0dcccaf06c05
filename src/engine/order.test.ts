import { Born, defineEvent, defineModel, RoundStarted, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { GENERATION_MAX } from "../base/limits.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Tell = defineEvent("order.tell", { what: u32 });
const Go = defineEvent("order.go", { what: u32 });

const model = defineModel({ name: "order" });
const Listener = model
  .agent("listener")
  .state(() => ({ heard: [] as number[] }))
  .on(Tell, (self, { what }, ctx) => {
    self.heard.push(ctx.from * 100 + what);
  });
const Speaker = model
  .agent("speaker")
  .state(() => ({}))
  .on(Go, (_self, _payload, ctx) => {
    for (let what = 0; what < 3; what++) ctx.send(0, Tell, { what });
  });

const speakers = (n: number) =>
  model.scenario({
    agents: [Listener, Speaker],
    populate(world) {
      world.spawn(Listener, 1);
      for (const agent of world.spawn(Speaker, n)) world.send(agent, Go, { what: 0 });
    },
  });

const heardFrom = (heard: readonly number[]): number[] => heard.map((value) => Math.floor(value / 100));

describe("events of one agent at one time", () => {
  it("keep the order of one sender, and draw lots between senders", async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const [listener] = statesOf<{ heard: number[] }>(await runAnywhere(speakers(5), { seed }));
      const order = heardFrom(listener!.heard).filter((_, i) => i % 3 === 0);
      expect(listener!.heard).toEqual(order.flatMap((from) => [from * 100, from * 100 + 1, from * 100 + 2]));
      orders.add(order.join());
    }
    expect(orders.size).toBeGreaterThan(5);
  });

  it("favour no sender", async () => {
    // First among three senders, in 600 seeds: 200 each, standard deviation 11.5.
    const first = [0, 0, 0, 0];
    for (let seed = 0; seed < 600; seed++) {
      const [listener] = statesOf<{ heard: number[] }>(await runPartitioned(speakers(3), { seed }));
      const sender = heardFrom(listener!.heard)[0]!;
      first[sender] = first[sender]! + 1;
    }
    for (const wins of first.slice(1)) expect(Math.abs(wins - 200)).toBeLessThan(58);
  });

  it("draw lots anew at each receiver and time", async () => {
    const chat = defineModel({ name: "chat" });
    const Hear = chat
      .agent("hear")
      .state(() => ({ from: [] as number[] }))
      .on(Tell, (self, _payload, ctx) => {
        self.from.push(ctx.from);
      });
    const Say = chat
      .agent("say")
      .state(() => ({}))
      .on(Go, (_self, _payload, ctx) => {
        for (let to = 0; to < 30; to++)
          for (let delay = 1; delay <= 10; delay++) ctx.send(to, Tell, { what: 0 }, { delay });
      });
    const scenario = chat.scenario({
      agents: [Hear, Say],
      populate(world) {
        world.spawn(Hear, 30);
        for (const agent of world.spawn(Say, 2)) world.send(agent, Go, { what: 0 });
      },
    });
    const heard = statesOf<{ from: number[] }>(await runAnywhere(scenario)).slice(0, 30);
    const flips = heard.flatMap(({ from }) => from.filter((_, i) => i % 2 === 0).map((agent) => agent === 30));
    expect(flips).toHaveLength(300);
    const share = flips.filter(Boolean).length / flips.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    const byTime = heard.map(({ from }) => from.join());
    expect(new Set(byTime).size).toBeGreaterThan(25);
  });

  it("come by phase: births, then the start of the round, then all else", async () => {
    const phases = defineModel({ name: "phases" });
    const Agent = phases
      .agent("agent")
      .state(() => ({ seen: [] as string[] }))
      .on(Tell, (self) => void self.seen.push("event"))
      .on(RoundStarted, (self) => void self.seen.push("round"))
      .on(Born, (self) => void self.seen.push("born"));
    const scenario = phases.scenario({
      agents: [Agent],
      populate(world) {
        for (const agent of world.spawn(Agent, 4)) world.send(agent, Tell, { what: 0 });
      },
    });
    for (const { seen } of statesOf<{ seen: string[] }>(await runAnywhere(scenario))) {
      expect(seen).toEqual(["born", "round", "event"]);
    }
  });
});

describe("events without delay", () => {
  const chain = defineModel({ name: "chain" });
  const Link = chain
    .agent("link")
    .state(() => ({ seen: [] as number[] }))
    .on(Go, (self, { what }, ctx) => {
      self.seen.push(what);
      if (what === 1) ctx.schedule(Tell, { what: 0 }, { delay: 0 });
      if (what > 1) ctx.schedule(Go, { what: what - 1 }, { delay: 0 });
    })
    .on(Tell, (self) => void self.seen.push(-1));
  const linked = (lengths: readonly number[], time = 0.5) =>
    chain.scenario({
      agents: [Link],
      populate(world) {
        world.spawn(Link, 2);
        for (const what of lengths) world.send(0, Go, { what }, { time });
      },
    });

  it("come after all that caused them, generation by generation", async () => {
    const [first] = statesOf<{ seen: number[] }>(await runAnywhere(linked([3, 1, 2])));
    expect(first!.seen).toEqual([3, 1, 2, 2, -1, 1, 1, -1, -1]);
  });

  it.each([GENERATION_MAX - 1, GENERATION_MAX])("may cause each other %i times", async (length) => {
    const [first] = statesOf<{ seen: number[] }>(await runAnywhere(linked([length])));
    expect(first!.seen).toHaveLength(length + 1);
  });

  it("end the run by name when they never stop", async () => {
    expect(await failAnywhere(linked([GENERATION_MAX + 1]))).toBe(
      `LIMIT: agent "link:0", handler "order.go", time 0.5: events without delay have caused each other ${GENERATION_MAX} times at time 0.5`,
    );
  });

  it("count a delay that the clock is too coarse for", async () => {
    const [first] = statesOf<{ seen: number[] }>(await runAnywhere(linked([2], 2 ** 20)));
    expect(first!.seen).toEqual([2, 1, -1]);
  });
});

describe("counters", () => {
  it.each([
    ["sends", "takeSend"],
    ["draws", "takeDraw"],
  ] as const)("end the run by name when the %s are used up", async (counter, take) => {
    const { AgentTable } = await import("./agent-table.ts");
    const table = new AgentTable();
    table.setPlacement(new Uint16Array(1));
    table.add(0, 0, {});
    table[counter][0] = 0xffff_fffd;
    expect(table[take](0)).toBe(0xffff_fffd);
    expect(() => table[take](0)).toThrow(`LIMIT: agent 0 has used up its ${counter}: 4294967294 at most`);
  });
});
