import { count, defineEvent, defineModel } from "myriad";
import { describe, expect, it } from "vitest";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "../testing/lockstep.ts";
import { RecordedEffects } from "../testing/recorded-effects.ts";

const Tick = defineEvent("commands.tick", {});
const model = defineModel({ name: "commands" });
const Clock = model
  .agent("clock")
  .state(() => ({ ticks: 0 }))
  .on(Tick, (self, _, ctx) => {
    self.ticks++;
    ctx.send((ctx.id + 1) % 3, Tick, {});
  });
const scenario = model.scenario({
  agents: [Clock],
  populate(world) {
    for (const agent of world.spawn(Clock, 3)) world.send(agent, Tick, {}, { time: agent });
  },
  observe: { clocks: count(Clock) },
});

async function start(): Promise<Lockstep> {
  const program = compile(scenario);
  const placement = Uint16Array.of(0, 1, 2);
  const runner = (): RecordedEffects => new RecordedEffects({});
  return new Lockstep({
    program,
    population: await populate(program, dataFiles),
    placement,
    workers: 3,
    runId: "test",
    runner,
  });
}

describe("deliveries", () => {
  it("are summed over all workers, alike on each", async () => {
    const lockstep = await start();
    const expected = [0, 1, 3, 6, 9, 12];
    for (const delivered of expected) {
      for (const engine of lockstep.engines) expect(engine.delivered).toBe(delivered);
      await lockstep.step();
    }
    const own = lockstep.engines.map((engine) => engine.counts.delivered);
    expect(own.reduce((a, b) => a + b)).toBe(15);
  });
});
