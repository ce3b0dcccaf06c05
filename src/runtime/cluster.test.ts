import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { defineEvent, u32 } from "../model/event.ts";
import { defineModel } from "../model/model.ts";
import { count, quantile, sum } from "../model/observation.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { requestLocate, requestStatus, requestStop } from "./admin.ts";
import { parseConfig } from "./config.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import { silentLog } from "./log.ts";
import { MasterNode, type MasterOptions } from "./master.ts";
import { MasterService } from "./master-service.ts";
import type { Progress, RunOptions, RunResult } from "./run.ts";
import type { RecordRow, RunWriter, SampleRow, StateRow } from "./run-writer.ts";
import { runSingle } from "./single.ts";
import { WorkerNode, type WorkerOptions } from "./worker.ts";

const Hop = defineEvent("test:hop", { left: u32 });
const Wave = defineEvent("test:wave", { height: u32 });

const model = defineModel({
  name: "cluster-test",
  params: z.object({
    agents: z.number().int().default(60),
    hops: z.number().int().default(40),
    forever: z.boolean().default(false),
    failAt: z.number().default(-1),
  }),
  shared: { hops: sum(0) },
  relations: ["near"],
});

const Walker = model
  .agent("walker")
  .state((profile: { speed: number } | undefined) => ({ seen: 0, waves: 0, speed: profile?.speed ?? 0 }))
  .on(Hop, (self, { left }, ctx) => {
    if (ctx.now === ctx.params.failAt) throw new Error("enough");
    self.seen += 1 + self.speed * ctx.random();
    ctx.shared.put("hops", 1);
    if (left % 7 === 0) ctx.publish("near", Wave, { height: left });
    if (left % 11 === 5) ctx.spawn(Walker, { speed: 1 });
    if (left % 13 === 0) ctx.record("hop", { left });
    if (left > 0 || ctx.params.forever) {
      ctx.send(
        ctx.randomInt(ctx.params.agents),
        Hop,
        { left: Math.max(ctx.params.forever ? 1 : 0, left - 1) },
        { delay: 1 + ctx.random() },
      );
    }
  })
  .on(Wave, (self, { height }) => {
    self.waves += height;
  });

const scenario = model.scenario({
  agents: [Walker],
  populate(world, params) {
    const walkers = world.spawn(Walker, params.agents, (i) => ({ speed: i / 7 }), {
      name: (i) => (i === 3 ? "third" : `walker:${i}`),
    });
    const pairs = Array.from({ length: params.agents }, (_, i): [number, number, number] => [
      i,
      (i * 7 + 1) % params.agents,
      i,
    ]);
    world.relate(
      "near",
      walkers,
      pairs.filter(([a, b]) => a !== b),
    );
    for (let i = 0; i < 10; i++) world.send(walkers.at(world.randomInt(params.agents)), Hop, { left: params.hops + i });
  },
  observeEvery: 4,
  observe: { walkers: count(Walker), seen: sum(Walker, (self) => self.seen) },
});

const HASH = { code: "c", data: "d", combined: "hash" };
const loaded = (of: Scenario): LoadedScenario => ({ scenario: of, file: "/test/scenario.ts", hash: HASH });

/** Keeps what a run writes, in an order of its own. */
class Kept implements RunWriter {
  sampleRows: SampleRow[] = [];
  recordRows: RecordRow[] = [];
  stateRows: StateRow[] = [];
  samples(rows: readonly SampleRow[]): void {
    this.sampleRows.push(...rows);
  }
  records(rows: readonly RecordRow[]): void {
    this.recordRows.push(...rows);
  }
  states(rows: Iterable<StateRow>): void {
    this.stateRows.push(...rows);
  }
  finish(): void {}
  sorted(): unknown {
    const records = this.recordRows.map(({ time, agent, series, value }) =>
      JSON.stringify({ time, agent, series, value }),
    );
    return {
      samples: this.sampleRows,
      records: records.sort(),
      states: this.stateRows.sort((a, b) => a.index - b.index),
    };
  }
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startMaster(
  run: RunOptions,
  workers: number,
  more: Partial<MasterOptions> = {},
): Promise<[MasterNode, number]> {
  const master = new MasterNode({
    scenario,
    scenarioPath: "/test/scenario.ts",
    scenarioHash: "hash",
    host: "127.0.0.1",
    port: 0,
    expectedWorkers: workers,
    run,
    clock: systemClock,
    log: silentLog,
    reader: dataFiles,
    ...more,
  });
  closing.push(() => master.close());
  return [master, await master.listen()];
}

function startWorker(masterPort: number, name: string, more: Partial<WorkerOptions> = {}): Promise<string> {
  const worker = new WorkerNode({
    masterAddress: "127.0.0.1",
    masterPort,
    name,
    clock: systemClock,
    log: silentLog,
    load: async () => loaded(scenario),
    heartbeatMs: 50,
    ...more,
  });
  const ended = worker.run();
  closing.push(async () => {
    worker.stop();
    await ended.catch(() => {});
  });
  ended.catch(() => {});
  return ended;
}

async function runOn(workers: number, run: RunOptions): Promise<RunResult> {
  const [master, port] = await startMaster(run, workers);
  const ends = Array.from({ length: workers }, (_, i) => startWorker(port, `worker-${i}`));
  const result = await master.run();
  expect(await Promise.all(ends)).toEqual(ends.map(() => "finished"));
  return result;
}

const sameFor = ({
  events,
  stateHash,
  observations,
  virtualTime,
  agents,
  ended,
  windows,
  ...rest
}: RunResult): unknown => ({
  events,
  quarantined: rest.quarantined,
  stateHash,
  observations,
  virtualTime,
  agents,
  ended,
  windows,
});

describe("a master and its workers over gRPC", () => {
  it.each([
    [1, "communities", {}],
    [2, "contiguous", {}],
    [3, undefined, {}],
    [3, "hash", {}],
    [2, "hash", { until: { time: 21 } }],
  ] as const)("give on %i workers (%s, %j) what one process gives", async (workers, placement, more) => {
    const [alone, together] = [new Kept(), new Kept()];
    const single = await runSingle(scenario, { seed: 5, out: alone, ...more });
    const result = await runOn(workers, { seed: 5, out: together, ...(placement && { placement }), ...more });
    expect(sameFor(result)).toEqual(sameFor(single));
    expect(together.sorted()).toEqual(alone.sorted());
    expect(result.remoteEvents > 0).toBe(workers > 1);
    expect(result.agents).toBeGreaterThan(60);
  });

  it("fails with the agent's failure, alike on all workers", async () => {
    const [master, port] = await startMaster({ params: { failAt: 0 } }, 2);
    const ends = [startWorker(port, "a"), startWorker(port, "b")];
    await expect(master.run()).rejects.toThrow(/HANDLER_FAILED: agent "[^"]+", handler "test:hop", time 0: enough/);
    for (const end of await Promise.all(ends)) expect(end).toMatch(/HANDLER_FAILED/);
  });

  it("names quarantined agents alike, and flags them in the final states", async () => {
    const { model: _model, file: _file, ...definition } = scenario;
    const quarantining = model.scenario({ ...definition, onAgentError: "quarantine" } as never);
    const run = { params: { failAt: 0 }, seed: 5 };
    const [alone, together] = [new Kept(), new Kept()];
    const single = await runSingle(quarantining, { ...run, out: alone });
    const [master, port] = await startMaster({ ...run, out: together, placement: "hash" }, 3, {
      scenario: quarantining,
    });
    for (const name of ["a", "b", "c"]) void startWorker(port, name, { load: async () => loaded(quarantining) });
    const result = await master.run();
    expect(sameFor(result)).toEqual(sameFor(single));
    expect(together.sorted()).toEqual(alone.sorted());
    const { agents, first } = result.quarantined;
    expect(agents).toBeGreaterThan(3);
    expect(first).toHaveLength(agents);
    expect(first.map(({ agent }) => agent)).toEqual(first.map(({ agent }) => agent).sort((a, b) => a - b));
    expect(first[0]).toMatchObject({ handler: "test:hop", time: 0, code: "HANDLER_FAILED" });
    const flagged = together.stateRows.filter(({ flag }) => flag === "quarantined");
    expect(flagged.map(({ index }) => index)).toEqual(first.map(({ agent }) => agent));
  });

  it("takes a last sample of any size", async () => {
    const large = model.scenario({
      agents: [Walker],
      populate: (world) => void world.spawn(Walker, 560_000),
      observe: { median: quantile(Walker, (self) => self.seen, 0.5) },
    });
    const [master, port] = await startMaster({}, 1, { scenario: large });
    void startWorker(port, "a", { load: async () => loaded(large) });
    expect((await master.run()).observations).toEqual({ median: 0 });
  });

  it("says by name which message is too large", async () => {
    const wordy = defineModel({ name: "wordy", params: z.object({ text: z.string() }) });
    const silent = wordy.scenario({ agents: [wordy.agent("silent").state(() => ({}))] });
    const params = { text: "x".repeat(5_000_000) };
    const [master, port] = await startMaster({ params }, 1, { scenario: silent });
    const end = startWorker(port, "a");
    const line = /^LIMIT: the control message "setup" for 127\.0\.0\.1 takes \d+ bytes; at most 4194304 are sent$/;
    await expect(master.run()).rejects.toThrow(line);
    expect(await end).toMatch(/LIMIT/);
  });

  it("answers status and locate, and stops at a barrier when asked", async () => {
    let started = (): void => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const onProgress = ({ window }: Progress): void => void (window > 0 && started());
    const [master, port] = await startMaster({ params: { forever: true }, placement: "contiguous", onProgress }, 2);
    const at = `127.0.0.1:${port}`;
    const done = master.run();
    void startWorker(port, "a");
    void startWorker(port, "b");
    await Promise.race([running, done]);
    const status = await requestStatus(at);
    expect(status).toMatchObject({ runId: master.runId, scenario: "cluster-test", state: "running" });
    expect(status.workers.map(({ name }) => name).sort()).toEqual(["a", "b"]);
    expect(status.workers.every(({ window, rssBytes }) => window > 0 && rssBytes > 0)).toBe(true);
    expect(await requestLocate(at, "third")).toMatchObject({ index: 3, name: "third", workerId: 0 });
    expect(await requestLocate(at, "59")).toMatchObject({ index: 59, name: "walker:59", workerId: 1 });
    await expect(requestLocate(at, "nobody")).rejects.toThrow(/UNKNOWN_AGENT.*nobody/);
    expect(await requestStop(at, "test")).toEqual({ accepted: true, runId: master.runId });
    expect((await done).ended).toBe("stopped");
  });

  it("stops when its signal is aborted, before it began or after", async () => {
    const abort = new AbortController();
    const [master, port] = await startMaster(
      { params: { forever: true }, signal: abort.signal, onProgress: () => abort.abort() },
      1,
    );
    void startWorker(port, "a");
    expect((await master.run()).ended).toBe("stopped");
    const [another] = await startMaster({ signal: AbortSignal.abort() }, 1);
    await expect(another.run()).rejects.toThrow(/STOPPED/);
  });

  it("stops at once when asked while agents are being placed", async () => {
    let master: MasterNode | undefined;
    const log = { ...silentLog, info: (line: string) => void (line === "placing agents" && master!.stop("test")) };
    const [made, port] = await startMaster({}, 2, { log });
    master = made;
    const ends = ["a", "b"].map((name) => startWorker(port, name));
    await expect(master.run()).rejects.toThrow("STOPPED: the run was stopped before it began: test");
    for (const end of await Promise.all(ends)) expect(end).toMatch(/STOPPED/);
    expect(master.status()).toMatchObject({ state: "failed", agents: 60 });
  });

  it("fails, naming the worker, when one is lost", async () => {
    let started = (): void => {};
    const running = new Promise<void>((resolve) => (started = resolve));
    const [master, port] = await startMaster({ params: { forever: true }, onProgress: () => started() }, 2);
    const done = master.run();
    const stay = startWorker(port, "stays");
    const leaver = new WorkerNode({
      masterAddress: "127.0.0.1",
      masterPort: port,
      name: "leaves",
      clock: systemClock,
      log: silentLog,
      load: async () => loaded(scenario),
    });
    const left = leaver.run();
    await Promise.race([running, done]);
    leaver.stop();
    await expect(done).rejects.toThrow(/UNAVAILABLE: worker \d.* is lost/);
    expect(await left).toBe("left");
    expect(await stay).toMatch(/is lost/);
  });

  it("refuses a worker with another scenario, whichever side finds out, naming both hashes", async () => {
    const other = { ...loaded(scenario), hash: { ...HASH, combined: "other" } };
    const [, port] = await startMaster({}, 1);
    const own = startWorker(port, "a", { scenario: "/own", load: async () => other });
    await expect(own).rejects.toThrow(/MISMATCH: scenario hash: worker "a" has other, the master has hash/);
    const [master, second] = await startMaster({}, 1);
    const done = master.run();
    void startWorker(second, "b", { load: async () => other });
    await expect(done).rejects.toThrow(/MISMATCH: scenario hash: the master has hash, .* has other/);
  });

  it("refuses a worker that beats too seldom for it", async () => {
    const [, port] = await startMaster({}, 1, { workerTimeoutMs: 3000 });
    await expect(startWorker(port, "a", { heartbeatMs: 1500 })).rejects.toThrow(
      /MISMATCH: the master's workerTimeout 3 s is below 3 x heartbeatInterval 1.5 s of worker "a"/,
    );
  });

  it.each([0, -1, Number.NaN, 1e7])("refuses a worker of capacity %s", async (capacity) => {
    const [, port] = await startMaster({}, 1);
    await expect(startWorker(port, "a", { capacity })).rejects.toThrow(
      `capacity of worker "a" is ${capacity}; it must be a number from 0.001 to 1000000`,
    );
  });

  it("gives up on a master that is not there after masterWait", async () => {
    const [master, port] = await startMaster({}, 1);
    await master.close();
    await expect(startWorker(port, "a", { masterWaitMs: 200 })).rejects.toThrow(
      /UNAVAILABLE: no master at .* for 0.2 s/,
    );
  });

  it("gives up on a master that it lost after heartbeatMaxRetries attempts, not after masterWait", async () => {
    const [master, port] = await startMaster({}, 2);
    let attached = (): void => {};
    const welcome = new Promise<void>((resolve) => (attached = resolve));
    const log = { ...silentLog, info: () => attached() };
    const end = startWorker(port, "a", { heartbeatMaxRetries: 2, log });
    await welcome;
    await master.close();
    await expect(end).rejects.toThrow(/UNAVAILABLE: no master at .* in 2 attempts/);
  });

  it("takes a master's word that it has no run yet for a sign of life", async () => {
    const service = await MasterService.start("idle", parseConfig("master", { listenPort: 0 }, "test"), {
      clock: systemClock,
      log: silentLog,
    });
    closing.push(() => service.stop());
    let attempts = 0;
    const enough = new Promise<void>((resolve) => {
      // With pauses of 50, 100, 200 and 400 ms, the fifth attempt comes long after masterWait.
      void startWorker(service.port, "a", { masterWaitMs: 300, onListening: () => ++attempts === 5 && resolve() });
    });
    await enough;
  });

  it("says which address is taken", async () => {
    const [, port] = await startMaster({}, 1);
    await expect(startMaster({}, 1, { port })).rejects.toThrow(`ADDRESS_IN_USE: 127.0.0.1:${port} is taken`);
  });
});
