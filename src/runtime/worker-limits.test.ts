import { afterEach, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { defineEvent } from "../model/event.ts";
import { defineModel } from "../model/model.ts";
import { dataFiles } from "../store/data-file.ts";
import { requestStatus } from "./admin.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import { silentLog } from "./log.ts";
import { MasterNode } from "./master.ts";
import type { RunResult } from "./run.ts";
import { WorkerNode } from "./worker.ts";
import type { WorkerLimits } from "./worker-limits.ts";

const AGENTS = 12;
const Ask = defineEvent("limits:ask", {});
const model = defineModel({ name: "limits" });

/** Calls under way outside, and the most that there ever were; they are answered when the gate opens. */
let calls = 0;
let callsMost = 0;
let open = (): void => {};
let gate: Promise<void>;

const Asker = model
  .agent("asker")
  .state(() => ({ answer: 0 }))
  .on(Ask, async (self, _payload, ctx) => {
    self.answer = await ctx.effect("ask", {}, async () => {
      callsMost = Math.max(callsMost, ++calls);
      await gate;
      calls--;
      return 1;
    });
  });

const scenario = model.scenario({
  agents: [Asker],
  populate(world) {
    const askers = world.spawn(Asker, AGENTS);
    for (let i = 0; i < AGENTS; i++) world.send(askers.at(i), Ask, {});
  },
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** On one worker, with agents that all ask at once. */
async function start(limits: WorkerLimits): Promise<{ at: string; result: Promise<RunResult> }> {
  calls = 0;
  callsMost = 0;
  gate = new Promise((resolve) => (open = resolve));
  const hash = { code: "c", data: "d", combined: "h" };
  const loaded: LoadedScenario = { scenario, file: "/test/scenario.ts", hash };
  const common = { clock: systemClock, log: silentLog };
  const master = new MasterNode({
    scenario,
    scenarioPath: loaded.file,
    scenarioHash: hash.combined,
    host: "127.0.0.1",
    port: 0,
    expectedWorkers: 1,
    run: {},
    reader: dataFiles,
    ...common,
  });
  closing.push(() => master.close());
  const masterPort = await master.listen();
  const load = async (): Promise<LoadedScenario> => loaded;
  const to = { masterAddress: "127.0.0.1", masterPort };
  const worker = new WorkerNode({ ...to, name: "w", heartbeatMs: 20, limits, load, ...common });
  const ended = worker.run().catch(() => "failed");
  closing.push(async () => {
    worker.stop();
    await ended;
  });
  const result = master.run();
  result.catch(() => {});
  return { at: `127.0.0.1:${masterPort}`, result };
}

it("a worker has no more effects under way than it may, and the master shows how many and what it waits for", async () => {
  const { at, result } = await start({ memoryMaxBytes: 2 ** 40, effectsMax: 3 });
  let worker = (await requestStatus(at)).workers[0];
  const connected = (): number => (worker?.pool ?? []).reduce((sum, shard) => sum + shard.open, 0);
  while (worker?.state !== "waiting for answers" || connected() < 2) worker = (await requestStatus(at)).workers[0];
  expect(worker).toMatchObject({
    effects: 3,
    effectsMax: 3,
    memoryMaxBytes: 2 ** 40,
    agents: AGENTS,
    agentsMax: null,
  });
  expect(worker.straggling).toBe(false);
  const dialled = worker.pool.reduce((sum, shard) => sum + shard.open, 0);
  expect([dialled, worker.pool.flatMap(({ breakers }) => Object.keys(breakers)).sort()]).toEqual([
    2,
    [`bulk ${at}`, `control ${at}`],
  ]);
  open();
  await result;
  expect(callsMost).toBe(3);
});

it("a worker past its memory ends the run with the figures", async () => {
  const { result } = await start({ memoryMaxBytes: 2 ** 20, effectsMax: 3 });
  open();
  await expect(result).rejects.toThrow(
    /^LIMIT: this worker takes \d+ MiB; its memoryMax is 1 MiB \(it holds 12 agents, 12 events that wait, 0 effects/,
  );
});
