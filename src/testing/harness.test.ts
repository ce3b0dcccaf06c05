import { count, defineEvent, defineModel, u32 } from "myriad";
import { harness, runPartitioned } from "myriad/testing";
import { describe, expect, it } from "vitest";

const Question = defineEvent("harness.question", {});
const Told = defineEvent("harness.told", { score: u32 });

const model = defineModel({ name: "harness" });
const Respondent = model
  .agent("respondent")
  .state(() => ({ score: 0, heard: 0 }))
  .on(Question, async (self, _, ctx) => {
    const score = await ctx.effect("ask", ctx.id, (): number => {
      throw new Error("the world outside");
    });
    self.score = score;
    ctx.send((ctx.id + 1) % 6, Told, { score });
  })
  .on(Told, (self, { score }) => {
    self.heard = score;
  });

const scenario = model.scenario({
  agents: [Respondent],
  populate(world) {
    const all = world.spawn(Respondent, 6, () => undefined, { name: (i) => `r${i}` });
    for (const agent of all) world.send(agent, Question, {}, { time: agent });
  },
  observe: { answered: count(Respondent, (self) => self.score > 0) },
});

const effects = { ask: (id: number) => id + 100 };

describe("harness", () => {
  it("runs a scenario with stubbed effects", async () => {
    const run = await harness(scenario, { effects });
    const result = await run.run();
    expect(result.ended).toBe("quiescence");
    expect(run.observed).toEqual({ answered: 6 });
    expect(run.state("r3")).toEqual({ score: 103, heard: 102 });
    expect(run.effectCalls.map(({ input }) => input)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("stops at any time to be looked at", async () => {
    const run = await harness(scenario, { effects });
    await run.runTo(3);
    expect(run.now).toBe(3);
    expect(run.observed).toEqual({ answered: 2 });
    expect(run.state<{ score: number }>(2).score).toBe(0);
    expect(() => run.state("nobody")).toThrow(/UNKNOWN_AGENT/);
    expect((await run.run()).stateHash).toBe((await (await harness(scenario, { effects })).run()).stateHash);
  });

  it("refuses effects without a stub", async () => {
    const run = await harness(scenario);
    await expect(run.run()).rejects.toThrow(/EFFECT_FAILED: agent "r0".*no stub is given for effect "ask"/);
  });
});

describe("runPartitioned", () => {
  it("comes to the same on any number of engines, however agents are spread", async () => {
    const { remoteEvents, ...alone } = await runPartitioned(scenario, { effects });
    expect(remoteEvents).toBe(0);
    const spreads = ["contiguous", "hash", (i: number) => i % 3, Uint16Array.of(2, 2, 1, 1, 0, 0)] as const;
    for (const placement of spreads) {
      const { remoteEvents: remote, ...spread } = await runPartitioned(scenario, { effects, workers: 3, placement });
      expect(spread).toEqual(alone);
      expect(remote).toBeGreaterThan(0);
    }
  });

  it("refuses a placement that does not fit", async () => {
    const placement = new Uint16Array(5);
    await expect(runPartitioned(scenario, { placement, effects })).rejects.toThrow(/INVALID_PLACEMENT/);
  });

  it("rejects with the failure of the run", async () => {
    await expect(runPartitioned(scenario, { workers: 2 })).rejects.toThrow(
      /EFFECT_FAILED: agent "r0".*the world outside/,
    );
  });
});
