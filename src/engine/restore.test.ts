import { defineEvent, defineModel } from "myriad";
import { describe, expect, it } from "vitest";
import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "../testing/lockstep.ts";
import { RecordedEffects } from "../testing/recorded-effects.ts";
import { recordsOf } from "./activation-section.ts";
import { stateHash } from "./engine.ts";
import type { ActivationRecord } from "./journal.ts";
import { restoreActivations } from "./rerun.ts";
import { runAnywhere } from "./same.suite.ts";
import { openSection } from "./section.ts";
import { stubs, thinkers } from "./thinkers.suite.ts";

const options = (workers: number) => ({
  program: compile(thinkers, { seed: 3 }),
  placement: Uint16Array.from({ length: 12 }, (_, i) => i % workers),
  workers,
  runId: "test",
  runner: (): RecordedEffects => new RecordedEffects(stubs),
});

async function start(workers: number): Promise<Lockstep> {
  const own = options(workers);
  return new Lockstep({ ...own, population: await populate(own.program, dataFiles) });
}

/** Also in the middle of a run: recorded effects do not mind to be stopped. */
const hashOf = ({ engines }: Lockstep): string => stateHash(engines.map((engine) => engine.finish().hash));

/** Of all suspended handlers. */
const recordsIn = (lockstep: Lockstep): ActivationRecord[] =>
  lockstep
    .save()
    .sections.map(openSection)
    .filter(({ kind }) => kind === "activations")
    .flatMap((section) => [...recordsOf(section, () => true)]);

describe("suspended handlers", () => {
  it.each([1, 3])("can be restored from their records at every barrier, on %i workers", async (workers) => {
    const expected = await start(workers);
    let lockstep = await start(workers);
    let restored = 0;
    while (expected.decision.kind === "window") {
      const { placement } = lockstep.engines[0]!.core.table;
      const total = lockstep.engines[0]!.core.table.total;
      const own = { ...options(workers), placement: placement.slice(0, total) };
      const loaded = await Lockstep.load(own, lockstep.save());
      restored += loaded.engines.reduce((sum, engine) => sum + engine.suspended, 0);
      expect(hashOf(loaded)).toBe(hashOf(lockstep));
      lockstep = loaded;
      expect(await lockstep.step()).toEqual(await expected.step());
    }
    expect(hashOf(lockstep)).toBe(hashOf(expected));
    expect(restored).toBeGreaterThan(50);
    expect(lockstep.decision).toMatchObject({ reason: "quiescence" });
  });

  it("find as many agents, and the same edges, as when they ran first", async () => {
    const Go = defineEvent("restore.go", {});
    const Late = defineEvent("restore.late", {});
    const model = defineModel({ name: "edges", lookahead: 0.1 });
    const Waiter = model
      .agent("waiter")
      .state((): { log: unknown[]; sign: number } => ({ log: [], sign: 0 }))
      .on(Go, async (self, _, ctx) => {
        // 0.5 + 0.1 is below 6 x 0.1, the edge: that is when it arrives, and the handle says so.
        self.log.push(ctx.send(ctx.id, Late, {}), Math.atan2(self.sign, self.sign));
        for (let i = 0; i < 3; i++) {
          try {
            ctx.send(3, Late, {});
            self.log.push(`sent at ${ctx.now}`);
          } catch (reason) {
            self.log.push((reason as MyriadError).message);
          }
          await ctx.effect("wait", i, () => 0, { thinkTime: 1 });
        }
      })
      .on(Late, (self, _, ctx) => {
        if (ctx.id === 1 && self.log.length === 0) ctx.spawn(Waiter as never);
        self.log.push(ctx.now);
        self.sign = -0;
      });
    const scenario = model.scenario({
      agents: [Waiter],
      populate(world) {
        world.spawn(Waiter, 3);
        world.send(1, Late, {}, { time: 0.9 });
        world.send(0, Go, {}, { time: 0.5 });
        world.send(2, Late, {}, { time: 0.1 });
        world.send(2, Go, {}, { time: 0.7 });
      },
    });
    const effects = { wait: (i: number) => i };
    const result = await runAnywhere(scenario, { effects });
    const [first] = result.states.map(({ state }) => (state as { log: unknown[] }).log);
    expect(first!.filter((entry) => String(entry).includes("UNKNOWN_AGENT"))).toHaveLength(1);
    expect(first!.filter((entry) => String(entry).includes("sent"))).toHaveLength(2);
  });

  it("go the way that was recorded: handlers that leave it are refused", async () => {
    const lockstep = await start(1);
    for (let i = 0; i < 6; i++) await lockstep.step();
    const [engine] = lockstep.engines;
    const [record] = recordsIn(lockstep).filter(({ entries }) => entries.some(({ kind }) => kind === "shared"));
    const entries = record!.entries.map((entry) => (entry.kind === "shared" ? { ...entry, kind: "observed" } : entry));
    await expect(restoreActivations(engine!, [{ ...record!, entries }], drainMicrotasks)).rejects.toThrow(MyriadError);
  });
});
