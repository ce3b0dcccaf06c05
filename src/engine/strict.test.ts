import { defineEvent, defineModel } from "myriad";
import { describe, expect, it } from "vitest";
import { runSingle } from "../runtime/single.ts";

const Go = defineEvent("strict.go", {});
const Wait = defineEvent("strict.wait", {});
const model = defineModel({ name: "strict" });

let types = 0;
const scenario = (act: () => unknown, async = false) => {
  const Agent = model
    .agent(`agent${types++}`)
    .state((): { got: unknown } => ({ got: 0 }) as never)
    .on(Go, (self) => void (self.got = act()))
    .on(Wait, async (self, _, ctx) => {
      await ctx.effect("pause", 0, () => act());
      self.got = act();
    });
  return model.scenario({
    agents: [Agent as never],
    populate(world) {
      const agent = world.spawn(Agent as never, 1 as never).at(0);
      if (async) world.send(agent, Wait, {});
      else world.send(agent, Go, {});
    },
  });
};

const uses: [what: string, act: () => unknown][] = [
  ["Math.random", () => Math.random()],
  ["Date.now", () => Date.now()],
  ["new Date()", () => new Date().getFullYear()],
  ["performance.now", () => performance.now()],
  ["Date()", () => Date()],
  ["process.hrtime", () => process.hrtime()[0]],
  ["process.hrtime.bigint", () => Number(process.hrtime.bigint())],
  ["crypto.randomUUID", () => crypto.randomUUID()],
  ["crypto.getRandomValues", () => crypto.getRandomValues(new Uint8Array(1))[0]],
];

describe("strict mode", () => {
  it.each(uses)("refuses %s in a handler", async (what, act) => {
    await expect(runSingle(scenario(act), { strict: true })).rejects.toThrow(
      `NOT_ALLOWED: agent "agent${types - 1}:0", handler "strict.go", time 0: ${what} in a handler`,
    );
    await expect(runSingle(scenario(act), {})).resolves.toMatchObject({ ended: "quiescence" });
  });

  it.each(uses)("refuses %s after an await, but not in the effect", async (what, act) => {
    const message = `handler "strict.wait", time 1: ${what} in a handler`;
    await expect(runSingle(scenario(act, true), { strict: true })).rejects.toThrow(message);
  });

  it("leaves fixed dates alone, and puts everything back", async () => {
    const before = [Math.random, performance.now, Date];
    const act = (): number => new Date(5).getTime() + Date.UTC(1970, 0, 1);
    await expect(runSingle(scenario(act), { strict: true })).resolves.toMatchObject({ ended: "quiescence" });
    expect([Math.random, performance.now, Date]).toEqual(before);
  });

  it("looks at all of the state", async () => {
    const late = (): unknown => [...Array(100).fill(0), new Map([[1, { when: new Date(1) }]])];
    await expect(runSingle(scenario(late), { strict: true })).rejects.toThrow(/NOT_PLAIN_DATA: .*state.got/);
  });
});
