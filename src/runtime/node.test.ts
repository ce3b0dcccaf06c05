import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineEvent, u32 } from "../model/event.ts";
import { defineModel } from "../model/model.ts";
import { count } from "../model/observation.ts";
import { HealthClient, HealthCheckResponse_ServingStatus as Serving } from "../wire/gen/grpc/health/v1/health.ts";
import { requestLocate, requestStatus, requestStop } from "./admin.ts";
import { initializeNode } from "./node.ts";

const model = defineModel({ name: "ring" });
const Token = defineEvent("token", { hops: u32 });
const Holder = model
  .agent("holder")
  .state(() => ({ seen: 0 }))
  .on(Token, (self, { hops }, ctx) => {
    self.seen++;
    if (hops > 0) ctx.send((ctx.id + 1) % 8, Token, { hops: hops - 1 });
  });
const ring = model.scenario({
  agents: [Holder],
  populate: (world) => void world.send(world.spawn(Holder, 8).at(0), Token, { hops: 50 }),
  observe: { seen: count(Holder, (holder) => holder.seen > 0) },
});

describe("single", () => {
  test("runs scenarios in this process, by its configuration and by the call's options", async () => {
    await using node = await initializeNode("one", "single", { seed: 7, until: 20 });
    expect(node.status()).toEqual({ state: "idle" });
    const running = node.run(ring);
    expect(node.status()).toEqual({ state: "running" });
    expect(await running).toMatchObject({ seed: 7, virtualTime: 20, ended: "time", workers: 0 });
    expect(await node.run(ring, { seed: 8, until: { time: 10 } })).toMatchObject({ seed: 8, virtualTime: 10 });
  });

  test("after stop there are no more runs", async () => {
    const node = await initializeNode("one", "single");
    await node.stop();
    expect(node.status()).toEqual({ state: "stopped" });
    await expect(node.run(ring)).rejects.toThrow('STOPPED: node "one" was stopped');
  });

  test("without a scenario there is nothing to run", async () => {
    await using node = await initializeNode("one", "single");
    await expect(node.run()).rejects.toThrow("INVALID_ARGUMENT: run needs a scenario");
  });
});

describe("master and workers", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "myriad-node-"));
    file = join(folder, "scenario.ts");
    const text = `
      import { defineEvent, defineModel, u32 } from "myriad";
      const model = defineModel({ name: "ring" });
      const Token = defineEvent("token", { hops: u32 });
      const Holder = model.agent("holder").state(() => ({ seen: 0 })).on(Token, (self, { hops }, ctx) => {
        self.seen++;
        if (hops > 0) ctx.send((ctx.id + 1) % 8, Token, { hops: hops - 1 });
      });
      export default model.scenario({
        agents: [Holder],
        populate: (world) => void world.send(world.spawn(Holder, 8).at(0), Token, { hops: 50 }),
      });
    `;
    writeFileSync(file, text);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const startMaster = (config: object = {}) =>
    initializeNode("master_001", "master", { address: "127.0.0.1", listenPort: 0, scenario: file, ...config });
  const startWorker = (id: string, port: number) =>
    initializeNode(id, "worker", { masterAddress: "127.0.0.1", masterPort: port });

  test("a master listens at once, says that it has no run, and runs as soon as its workers are there", async () => {
    await using master = await startMaster({ expectedWorkers: 2 });
    expect(master.port).toBeGreaterThan(0);
    expect(await requestStatus(`127.0.0.1:${master.port}`)).toMatchObject({ runId: "", state: "waiting", workers: [] });
    expect(await requestStop(`127.0.0.1:${master.port}`, "test")).toEqual({ accepted: false, runId: "" });
    await expect(requestLocate(`127.0.0.1:${master.port}`, "0")).rejects.toThrow(
      'UNAVAILABLE: master "master_001" has no run yet',
    );
    await using one = await startWorker("worker_001", master.port);
    await using two = await startWorker("worker_002", master.port);
    const result = await master.run();
    expect(result).toMatchObject({ scenario: "ring", workers: 2, agents: 8, events: 51 });
    await Promise.all([one.done, two.done]);
    expect([one.status(), two.status()]).toEqual([{ state: "ended" }, { state: "ended" }]);
    await using single = await initializeNode("single_001", "single", { scenario: file });
    expect((await single.run()).stateHash).toBe(result.stateHash);
  });

  test("every node tells its health: as a whole, and whether workers or peers are taken in", async () => {
    const master = await startMaster({ expectedWorkers: 2 });
    const at = `127.0.0.1:${master.port}`;
    expect(await healthOf(at, "", "myriad.v1.Control", "myriad.v1.Data")).toEqual(["serves", "does not", "unknown"]);
    const running = master.run().catch(() => {});
    while ((await healthOf(at, "myriad.v1.Control"))[0] !== "serves");
    const worker = await startWorker("a", master.port);
    const ofWorker = `127.0.0.1:${worker.port}`;
    expect(await healthOf(ofWorker, "", "myriad.v1.Data", "x")).toEqual(["serves", "does not", "unknown"]);
    await worker.stop();
    await master.stop();
    await running;
    await expect(healthOf(at, "")).rejects.toThrow(/UNAVAILABLE/);
  });

  test("runs one after the other, never two at once", async () => {
    await using master = await startMaster();
    for (const id of ["a", "b"]) {
      const running = master.run();
      await expect(master.run()).rejects.toThrow("NOT_ALLOWED");
      await using worker = await startWorker(id, master.port);
      expect((await running).events).toBe(51);
      await worker.done;
    }
  });

  test("stop ends a master that waits for workers, and a worker that waits for the run", async () => {
    const master = await startMaster({ expectedWorkers: 2 });
    const running = master.run().catch((reason: Error) => reason);
    const worker = await startWorker("a", master.port);
    await worker.stop();
    expect(worker.status()).toEqual({ state: "ended" });
    await master.stop();
    expect(await running).toMatchObject({ code: "STOPPED" });
    await expect(master.run()).rejects.toThrow("STOPPED");
  });

  test("a port in use is refused", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await expect(startMaster({ listenPort: port })).rejects.toThrow(`ADDRESS_IN_USE: 127.0.0.1:${port}`);
    server.close();
  });
});

describe("as the specification has it", () => {
  test("the master's configuration", async () => {
    await using master = await initializeNode("master_001", "master", {
      listenPort: 0,
      expectedWorkers: 3,
      healthCheckInterval: 1800,
      workerTimeout: 3600,
    });
    expect(master).toMatchObject({ id: "master_001", role: "master" });
  });

  test("the worker's configuration, whose master is not there", async () => {
    await using worker = await initializeNode("worker_001", "worker", {
      masterAddress: "192.168.1.100",
      masterPort: 10051,
      listenPort: 0,
      workerAddress: "192.168.1.101",
      heartbeatInterval: 300,
      heartbeatMaxRetries: 5,
    });
    expect(worker).toMatchObject({ id: "worker_001", role: "worker", address: "192.168.1.101" });
    expect(worker.port).toBeGreaterThan(0);
    expect(worker.status()).toEqual({ state: "serving" });
  });
});

describe("refusals", () => {
  test("an id that is no name", async () => {
    await expect(initializeNode("", "single")).rejects.toThrow("INVALID_ARGUMENT: the node's id");
    await expect(initializeNode("a".repeat(129), "single")).rejects.toThrow("INVALID_ARGUMENT: the node's id");
    await using node = await initializeNode("a".repeat(128), "single");
    expect(node.id).toHaveLength(128);
  });

  test("an unknown role, with a suggestion", async () => {
    await expect(initializeNode("a", "wroker" as "worker", { masterAddress: "x" })).rejects.toThrow(
      /"wroker" \(did you mean "worker"\?\)/,
    );
  });

  test("unknown keys and bad values name the node", async () => {
    const bad = initializeNode("a", "master", { listen_port: 1 } as object);
    await expect(bad).rejects.toThrow(
      'INVALID_CONFIG: node "a": unknown key "listen_port" (did you mean "listenPort"?)',
    );
    await expect(initializeNode("a", "master", { expectedWorkers: 0 })).rejects.toThrow(
      "expectedWorkers is 0; it must be",
    );
  });
});

/** What a node says of its services. */
async function healthOf(at: string, ...services: string[]): Promise<string[]> {
  const client = new HealthClient(at, credentials.createInsecure());
  try {
    return await Promise.all(
      services.map(
        (service) =>
          new Promise<string>((resolve, reject) => {
            client.check({ service }, (error, reply) => {
              if (error === null) resolve(reply.status === Serving.SERVING ? "serves" : "does not");
              else if (error.code === status.NOT_FOUND) resolve("unknown");
              else reject(error);
            });
          }),
      ),
    );
  } finally {
    client.close();
  }
}
