import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ClusterStatus, WorkerStatus } from "../src/runtime/cluster-status.ts";
import { type Cluster, connectionsOf, startCluster } from "./cluster.ts";
import { HAS_TCP_TABLE } from "./connections.ts";
import { Workshop } from "./processes.ts";

const shop = new Workshop();

/** In the first window agents of `blocked` compute until a file is there; others are done at once. */
const scenario = (name: string, blocked: (id: number) => boolean): string => `
import { existsSync } from "node:fs";
import { Born, defineModel } from "myriad";

const model = defineModel({ name: "beats" });
const blocked = ${blocked};
const Agent = model
  .agent("agent")
  .state(() => ({}))
  .on(Born, (_self, _payload, ctx) => {
    ctx.log("here", { id: ctx.id });
    while (blocked(ctx.id) && !existsSync(${JSON.stringify(join(shop.folder, `${name}.go`))}));
  });
export default model.scenario({ agents: [Agent], populate: (world) => void world.spawn(Agent, 2) });
`;

const go = (name: string): void => writeFileSync(join(shop.folder, `${name}.go`), "");

beforeAll(() => {
  for (const name of ["blocks", "stalls"])
    shop.file(
      `${name}.ts`,
      scenario(name, (id) => id === 1),
    );
  for (const name of ["first", "more"])
    shop.file(
      `${name}.ts`,
      scenario(name, () => true),
    );
  shop.file(
    "stops.ts",
    scenario("stops", () => true),
  );
});
afterEach(async () => expect(await shop.clear(), "commands left behind").toEqual([]));
afterAll(() => shop.remove());

/** Until the master says so. */
async function statusWhen(
  { at }: Cluster,
  is: (status: ClusterStatus) => boolean,
): Promise<{ status: ClusterStatus; workers: readonly WorkerStatus[] }> {
  for (;;) {
    const { stdout } = await shop.run("status", "--json", "--master", at);
    const status = JSON.parse(stdout) as ClusterStatus;
    if (is(status)) return { status, workers: status.workers };
  }
}

const BEATS = {
  master: "workerTimeout: 0.4\nhealthCheckInterval: 0.1\nplacement: contiguous\n",
  worker: "heartbeatInterval: 0.1\n",
};

describe("a worker whose handler computes for long", () => {
  test("is told of as one without progress, is not taken for dead, and goes on", async () => {
    const cluster = await startCluster(shop, { name: "blocks", scenario: "./blocks.ts", workers: 2, ...BEATS });
    const [, worker] = await cluster.master.says(/"worker":"(\w+)"[^\n]*"worker makes no progress"/);
    expect(worker).toBe("w1");
    const { workers } = await statusWhen(cluster, ({ workers }) => workers[1]!.stalledMs > 1_000);
    expect(workers.map(({ state }) => state)).toEqual(["waiting for 1", "computing"]);
    expect(workers[1]!.lagMs).toBeGreaterThan(1_000);
    expect(workers[0]!.stalledMs).toBe(0);
    go("blocks");
    const { code, stderr } = await cluster.master.ended;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/no progress/g)).toHaveLength(1);
    await shop.ended();
  });

  test("is given up at the stall limit", async () => {
    const master = `${BEATS.master}stallLimit: 1\n`;
    const cluster = await startCluster(shop, { name: "stalls", scenario: "./stalls.ts", workers: 2, ...BEATS, master });
    const { code, stderr } = await cluster.master.ended;
    expect(stderr).toMatch(
      /UNAVAILABLE: worker 1 \("w1"\) at \S+ is lost: it has computed for \d+ s since window -1 \(stallLimit\)/,
    );
    expect(code).toBe(1);
    go("stalls");
    for (const { child } of cluster.workers) child.kill("SIGTERM");
    await shop.ended();
  });
});

test("a worker that is stopped is dead after the beats that it missed, though its connections stand", async () => {
  const cluster = await startCluster(shop, { name: "stops", scenario: "./stops.ts", workers: 2, ...BEATS });
  await Promise.all(cluster.workers.map((worker) => worker.says(/"here"/)));
  process.kill(cluster.workers[0]!.pid, "SIGSTOP");
  const { code, stderr } = await cluster.master.ended;
  expect(stderr).toMatch(/UNAVAILABLE: worker 0 \("w0"\) at \S+ is lost: no beat for \d+ ms/);
  expect(code).toBe(1);
  process.kill(cluster.workers[0]!.pid, "SIGCONT");
  go("stops");
  for (const { child } of cluster.workers) child.kill("SIGTERM");
  await shop.ended();
});

describe.skipIf(!HAS_TCP_TABLE)("all connections of a worker stand before the first window", () => {
  test.each([
    ["first", 1],
    ["more", 3],
  ])("%s: control, bulk and beats to the master, and %i to each peer", async (name, count) => {
    const worker = `${BEATS.worker}pool: { connectionsPerPeer: ${count} }\n`;
    const wish = { name, scenario: `./${name}.ts`, workers: 2, ...BEATS, worker };
    const cluster = await startCluster(shop, wish);
    // From then on neither main thread does anything but the first window, so it has not opened a connection since.
    await Promise.all(cluster.workers.map((process) => process.says(/"here"/)));
    expect(connectionsOf(cluster)).toEqual({
      toMaster: [3, 3],
      toPeers: [
        [0, count],
        [count, 0],
      ],
    });
    go(name);
    expect((await cluster.master.ended).code).toBe(0);
    await shop.ended();
  });
});
