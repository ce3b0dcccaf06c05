import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Running, Workshop } from "./processes.ts";

/** 30 rings of 20 agents, neighbours far from each other in the order of indices; each ring passes a ball around. */
const RINGS = `
import { count, defineEvent, defineModel, u32 } from "myriad";
import { z } from "zod";

const Ball = defineEvent("ball", { hits: u32 });
const params = z.object({ hits: z.number().default(200) });
const model = defineModel({ name: "rings", params, relations: ["next"] });
const Player = model
  .agent("player")
  .state(() => ({ hits: 0 }))
  .on(Ball, (self, { hits }, ctx) => {
    self.hits += 1;
    if (hits < ctx.params.hits) ctx.publish("next", Ball, { hits: hits + 1 });
  });
export default model.scenario({
  agents: [Player],
  populate(world) {
    const players = world.spawn(Player, 600);
    const pairs = Array.from({ length: 600 }, (_, i) => [i, (i + 30) % 600] as const);
    world.relate("next", players, pairs, { directed: true });
    for (let ring = 0; ring < 30; ring++) world.send(ring, Ball, { hits: 1 });
  },
  observe: { hit: count(Player, (player) => player.hits > 0) },
});
`;

const shop = new Workshop();
beforeAll(() => void shop.file("rings.ts", RINGS));
afterEach(async () => expect(await shop.clear(), "commands left behind").toEqual([]));
afterAll(() => shop.remove());

async function startMaster(name: string, more: string): Promise<{ master: Running; port: string; at: string }> {
  const config = `address: 127.0.0.1\nlistenPort: 0\nscenario: ./rings.ts\n${more}`;
  const master = shop.start("master", "--json", "--config", shop.file(name, config));
  const [, port] = await master.says(/"port":(\d+)[^\n]*"listening"/);
  return { master, port: port!, at: `127.0.0.1:${port}` };
}

function startWorker(name: string, port: string, more = ""): Running {
  const config = `masterAddress: 127.0.0.1\nmasterPort: ${port}\nname: ${name}\n${more}`;
  return shop.start("worker", "--config", shop.file(`${name}.yaml`, config));
}

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await shop.run(...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

describe("run", () => {
  test("keeps communities together unless told otherwise: the same result with fewer events between workers", async () => {
    const alone = await json("run", "rings.ts", "--json");
    const results = [];
    for (const more of [[], ["--placement", "hash"], ["--placement", "contiguous"]]) {
      results.push(await json("run", "rings.ts", "--json", "--workers", "3", ...more));
    }
    const [communities, hash, contiguous] = results;
    expect(alone.placement).toBeUndefined();
    expect(results.map(({ placement }) => placement.method)).toEqual(["communities", "hash", "contiguous"]);
    for (const { stateHash, events } of results) expect([stateHash, events]).toEqual([alone.stateHash, alone.events]);
    expect(communities.placement).toEqual({
      method: "communities",
      edgeCut: 0,
      imbalance: 0,
      cutByTypePair: [{ types: ["player", "player"], weight: 600, cut: 0 }],
      seconds: expect.any(Number),
    });
    expect(communities.remoteEvents).toBe(0);
    for (const { remoteEvents, placement } of [hash, contiguous]) {
      expect(placement.edgeCut).toBeGreaterThan(0.05);
      expect(remoteEvents / alone.events).toBeGreaterThan(0.05);
    }
  });

  test("says in its summary how agents were placed", async () => {
    const { stdout } = await shop.run("run", "rings.ts", "--workers", "2");
    expect(stdout).toMatch(
      /\nplaced by communities in \d+\.\d\d s: 0\.0% of the ties between workers, loads up to 0\.0% above their share\n/,
    );
  });

  test("is verified alike", async () => {
    const { code, stdout } = await shop.run("verify", "rings.ts", "--workers", "2", "--placement", "communities");
    expect(stdout).toMatch(/^same: rings/m);
    expect(code).toBe(0);
  });
});

describe("workers that differ", () => {
  test("get what they can carry, never more than agentsMax, and status shows it", async () => {
    const { master, port, at } = await startMaster("differ.yaml", "expectedWorkers: 3\nparams: { hits: 4000000000 }\n");
    startWorker("strong", port, "capacity: 2\nhost: one\n");
    startWorker("small", port, "agentsMax: 100\nhost: one\n");
    startWorker("plain", port, "host: two\nzone: south\n");
    await master.says(/"progress"/);
    const status = await json("status", "--json", "--master", at);
    const agents = new Map<string, number>();
    for (const worker of status.workers) agents.set(worker.name, worker.agents);
    expect(agents.get("small")).toBeLessThanOrEqual(100);
    expect(agents.get("strong")).toBeGreaterThanOrEqual(2 * 166 * 0.9);
    expect(agents.get("strong")).toBeLessThanOrEqual(334 * 1.03);
    expect([...agents.values()].reduce((a, b) => a + b)).toBe(600);
    expect(status.placement).toMatchObject({ method: "communities", linkCost: expect.any(Number) });
    const { stdout } = await shop.run("status", "--master", at);
    expect(stdout).toMatch(/\nplaced by communities in [^\n]* of the ties between workers, loads up to/);
    await shop.run("stop", "--master", at);
    const { stdout: result } = await master.ended;
    expect(JSON.parse(result).placement).toEqual(status.placement);
    await shop.ended();
  });

  test("with room for too few are refused: code 2, one line with the numbers, and all end", async () => {
    const { master, port } = await startMaster("few.yaml", "expectedWorkers: 2\n");
    const workers = ["few-1", "few-2"].map((name) => startWorker(name, port, "agentsMax: 250\n"));
    const line =
      "error: INVALID_PLACEMENT: agentsMax of the workers: 250 + 250 = 500, for 600 agents; start more workers, or raise agentsMax\n";
    const { code, stderr } = await master.ended;
    expect(stderr.endsWith(`\n${line}`), stderr).toBe(true);
    expect(code).toBe(2);
    for (const { ended } of workers) expect((await ended).code).toBe(0);
  });
});

test("the configuration's placement goes before the scenario's", async () => {
  const { master, port } = await startMaster("hash.yaml", "placement: hash\n");
  startWorker("hashed", port);
  expect(JSON.parse((await master.ended).stdout).placement.method).toBe("hash");
  await shop.ended();
});
