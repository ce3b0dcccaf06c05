import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../base/clock.ts";
import { defineEvent, u32 } from "../model/event.ts";
import { defineModel } from "../model/model.ts";
import { sum } from "../model/observation.ts";
import { dataFiles } from "../store/data-file.ts";
import { asBytes } from "./chunks.ts";
import { silentLog } from "./log.ts";
import { MasterNode } from "./master.ts";
import { runSingle } from "./single.ts";
import { WorkerNode } from "./worker.ts";
import { WorkerLink } from "./worker-link.ts";

const Breed = defineEvent("birth-limits:breed", { children: u32 });
const Greet = defineEvent("birth-limits:greet", {});
const model = defineModel({ name: "birth-limits" });
const Being = model
  .agent("being")
  .state((profile: { luck: number[] } | undefined) => ({ luck: profile?.luck ?? [], greeted: 0 }))
  .on(Breed, (_self, { children }, ctx) => {
    for (let i = 0; i < children; i++) ctx.spawn(Being, { luck: [ctx.random(), i] });
    for (let i = 0; i < 8; i++) ctx.send(i, Greet, {}, { delay: 2 });
    if (children > 1) ctx.schedule(Breed, { children: children - 1 }, { delay: 1 });
  })
  .on(Greet, (self) => {
    self.greeted++;
  });
/** 8 agents of which the first, on the first worker, has 21 children: more than its limit has room for. */
const scenario = model.scenario({
  agents: [Being],
  populate: (world) => void world.send(world.spawn(Being, 8).at(0), Breed, { children: 6 }),
  observe: { luck: sum(Being, ({ luck }) => luck[0]), greeted: sum(Being, ({ greeted }) => greeted) },
});
const loaded = { scenario, file: "/test/scenario.ts", hash: { code: "c", data: "d", combined: "hash" } };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

/** Runs on two workers that the setup gives these limits. */
async function runWithin(agentLimits: readonly number[]) {
  const send = WorkerLink.prototype.send;
  vi.spyOn(WorkerLink.prototype, "send").mockImplementation(function (this: WorkerLink, message, part) {
    if (message.$case !== "setup") return send.call(this, message, part);
    const value = { ...message.value, agentLimits: asBytes(Float64Array.from(agentLimits)) };
    return send.call(this, { $case: "setup", value }, part);
  });
  const common = { host: "127.0.0.1", clock: systemClock, log: silentLog };
  const master = new MasterNode({
    scenario,
    scenarioPath: loaded.file,
    scenarioHash: loaded.hash.combined,
    port: 0,
    expectedWorkers: 2,
    run: { seed: 3, placement: "contiguous" },
    reader: dataFiles,
    ...common,
  });
  closing.push(() => master.close());
  const masterPort = await master.listen();
  for (const name of ["one", "two"]) {
    const worker = new WorkerNode({
      masterAddress: "127.0.0.1",
      masterPort,
      name,
      clock: systemClock,
      log: silentLog,
      load: async () => loaded,
    });
    const ended = worker.run().catch(() => "failed");
    closing.push(async () => {
      worker.stop();
      await ended;
    });
  }
  const result = await master.run();
  const { workers } = master.status();
  return { result, agents: workers.map(({ agents }) => agents) };
}

it("workers over gRPC keep newborn within the limits of the setup, with the same result", async () => {
  const single = await runSingle(scenario, { seed: 3 });
  const { result, agents } = await runWithin([10, 19]);
  expect(result.stateHash).toBe(single.stateHash);
  expect(result.observations).toEqual(single.observations);
  expect(agents).toEqual([10, 19]);
});

it("workers over gRPC end a run that has no place for a newborn", async () => {
  const told = "LIMIT: no place for newborn at time 6: 28 live, 1 to be born, the workers may host 28 (10, 18)";
  await expect(runWithin([10, 18])).rejects.toThrow(told);
});
