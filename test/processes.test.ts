import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gone, type Running, Workshop } from "./processes.ts";

/** Every agent says in which process it lives, then passes a ball on for ever, or does what a test wants. */
const scenario = (act: string): string => `
import { Born, count, defineEvent, defineModel, u32 } from "myriad";
import { z } from "zod";

const Ball = defineEvent("ball", { hits: u32 });
const model = defineModel({ name: "processes", params: z.object({ hits: z.number().default(4e9) }) });
const Player = model
  .agent("player")
  .state(() => ({ hits: 0 }))
  .on(Born, (self, _, ctx) => {
    if (ctx.id < 2) ctx.log("here", { pid: process.pid });
    ctx.schedule(Ball, { hits: 1 }, { delay: 2 });
  })
  .on(Ball, ${act});
export default model.scenario({
  agents: [Player],
  populate(world) {
    world.spawn(Player, 10, undefined, { name: (i) => (i === 7 ? "seventh" : \`player-\${i}\`) });
  },
  observe: { hit: count(Player, (player) => player.hits > 0) },
  observeEvery: 10,
});
`;

const PLAY = `(self, { hits }, ctx) => {
  self.hits = hits;
  if (hits < ctx.params.hits) ctx.send((ctx.id + 1) % 10, Ball, { hits: hits + 1 });
}`;
const BUSY = `(_self, _payload, ctx) => {
  ctx.log("busy", {});
  for (;;) {}
}`;
const WAIT = `async (_self, _payload, ctx) => {
  if (ctx.id === 0) ctx.log("waiting", {});
  await ctx.effect("long", {}, () => new Promise((resolve) => setTimeout(resolve, 600_000)), { thinkTime: 1 });
}`;

const HERE = /"worker":"([^"]+)"[^\n]*"pid":(\d+)[^\n]*"here"/;
const shop = new Workshop();

beforeAll(() => {
  shop.file("play.ts", scenario(PLAY));
  shop.file("other.ts", scenario(PLAY.replace("hits + 1", "hits + 2")));
  shop.file("busy.ts", scenario(BUSY));
  shop.file("wait.ts", scenario(WAIT));
});
afterEach(async () => expect(await shop.clear(), "commands left behind").toEqual([]));
afterAll(() => shop.remove());

/** Process ids of a run's workers by name, as their agents tell them. */
async function workersOf(run: Running, count: number): Promise<Map<string, number>> {
  const found = await run.saysAll(HERE, count);
  return new Map(found.map((match) => [match[1]!, Number(match[2])]));
}

/** A master on a free port. Agents 0 and 1 live on different workers. */
async function startMaster(name: string, more: string): Promise<{ master: Running; port: string; at: string }> {
  const config = `address: 127.0.0.1\nlistenPort: 0\nplacement: hash\nscenario: ./play.ts\n${more}`;
  const master = shop.start("master", "--json", "--config", shop.file(name, config));
  const [, port] = await master.says(/"port":(\d+)[^\n]*"listening"/);
  return { master, port: port!, at: `127.0.0.1:${port}` };
}

function startWorker(name: string, port: string, more = ""): Running {
  const config = `masterAddress: 127.0.0.1\nmasterPort: ${port}\nname: ${name}\n${more}`;
  return shop.start("worker", "--config", shop.file(`${name}.yaml`, config));
}

describe("a worker that a run started and that ends before it", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)(
    "by %s is named in one line, and nothing is left behind",
    async (signal) => {
      const calm = ["--checkpoint-every", "0"];
      const run = shop.start("run", "play.ts", "--workers", "2", "--placement", "hash", ...calm);
      const workers = await workersOf(run, 2);
      expect([...workers.keys()].sort()).toEqual(["worker-1", "worker-2"]);
      const pid = workers.get("worker-2")!;
      process.kill(pid, signal);
      const { code, stdout, stderr } = await run.ended;
      const errors = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
      const why = `its process ended \\(process ${pid}\\) by ${signal}`;
      expect(errors).toEqual([
        expect.stringMatching(`^error: UNAVAILABLE: worker \\d \\("worker-2"\\) at \\S+ is lost: ${why}$`),
      ]);
      expect([code, stdout]).toEqual([1, ""]);
      await gone(...workers.values());
    },
  );
});

describe("a master that is killed", () => {
  test("takes the workers along that it started, though a handler blocks them", async () => {
    const run = shop.start("run", "busy.ts", "--workers", "2", "--placement", "hash");
    const workers = await workersOf(run, 2);
    // The other one is blocked as well, or waits at a barrier for ever.
    await run.says(/"busy"/);
    run.child.kill("SIGKILL");
    await gone(run.pid, ...workers.values());
    await run.ended;
  });

  test("leaves workers that were started apart alone for masterWait, then they end", async () => {
    const { master, port } = await startMaster("killed.yaml", "expectedWorkers: 2\n");
    const workers = ["left-1", "left-2"].map((name) => startWorker(name, port, "masterWait: 0.5\n"));
    await Promise.all(workers.map((worker) => worker.says(HERE)));
    master.child.kill("SIGKILL");
    for (const { code, stderr } of await Promise.all(workers.map(({ ended }) => ended))) {
      expect(stderr).toMatch(new RegExp(`\\nerror: UNAVAILABLE: no master at 127\\.0\\.0\\.1:${port} for 0\\.5 s\\n$`));
      expect(code).toBe(1);
    }
    await master.ended;
  });
});

describe("a master and two workers, each with a configuration file", () => {
  test("answer status and locate, stop at a barrier, and end with code 0", async () => {
    const { master, port, at } = await startMaster("asked.yaml", "expectedWorkers: 2\n");
    const workers = ["asked-1", "asked-2"].map((name) => startWorker(name, port));
    await master.says(/"progress"/);
    const status = JSON.parse((await shop.run("status", "--json", "--master", at)).stdout);
    expect(status).toMatchObject({ scenario: "processes", state: "running", agents: 10 });
    const rows = status.workers as { name: string; agents: number; address: string }[];
    expect(rows.map(({ name }) => name).sort()).toEqual(["asked-1", "asked-2"]);
    expect(rows.reduce((sum, { agents }) => sum + agents, 0)).toBe(10);
    const link = { up: true, breaker: "closed", reconnects: 0, resent: 0, repeats: 0 };
    expect(status.workers.map(({ links }: { links: unknown }) => links)).toEqual([
      [{ peer: 1, ...link }],
      [{ peer: 0, ...link }],
    ]);
    const [byName, byIndex] = await Promise.all(["seventh", "7"].map((who) => shop.run("locate", who, "--master", at)));
    expect(byName!.stdout).toMatch(/^seventh \(index 7\) is on worker [01]/);
    expect(byIndex!.stdout).toBe(byName!.stdout);
    const unknown = await shop.run("locate", "10", "--master", at);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/^error: UNKNOWN_AGENT: [^\n]*"10"\n$/)]);
    expect(await shop.run("stop", "--master", at)).toMatchObject({ code: 0 });
    const [ended, ...served] = await Promise.all([master, ...workers].map((process) => process.ended));
    const result = JSON.parse(ended!.stdout);
    expect(result).toMatchObject({ ended: "stopped", observations: { hit: 10 } });
    expect(Math.abs(result.virtualTime % 1)).toBe(0);
    expect([ended, ...served].map((outcome) => outcome!.code)).toEqual([0, 0, 0]);
  });

  test("come to what one process comes to", async () => {
    const { master, port } = await startMaster("same.yaml", "expectedWorkers: 2\nseed: 5\nparams: { hits: 300 }\n");
    const workers = ["same-1", "same-2"].map((name) => startWorker(name, port, "scenario: ./play.ts\n"));
    const outcomes = await Promise.all([master, ...workers].map((process) => process.ended));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    const alone = await shop.run("run", "play.ts", "--json", "--workers", "0", "--seed", "5", "--param", "hits=300");
    const [one, two] = [alone.stdout, outcomes[0]!.stdout].map((text) => JSON.parse(text));
    for (const key of ["stateHash", "events", "observations", "virtualTime", "windows", "agents", "ended"]) {
      expect(two[key], key).toEqual(one[key]);
    }
    expect(two.remoteEvents).toBeGreaterThan(0);
  });

  test("lose a worker to SIGTERM: it leaves with code 0, and the master names it", async () => {
    const { master, port } = await startMaster("left.yaml", "expectedWorkers: 2\n");
    const [stays, leaves] = ["stays", "leaves"].map((name) => startWorker(name, port));
    await Promise.all([stays!.says(HERE), leaves!.says(HERE)]);
    leaves!.child.kill("SIGTERM");
    expect(await leaves!.ended).toMatchObject({ code: 0, signal: null });
    const { code, stderr } = await master.ended;
    expect(stderr).toMatch(/\nerror: UNAVAILABLE: worker \d \("leaves"\) at [^\n]* is lost: [^\n]*\n$/);
    expect(code).toBe(1);
    expect((await stays!.ended).code).toBe(0);
  });
});

describe("a worker that cannot serve", () => {
  test("is refused when its scenario is another one, with both hashes", async () => {
    const { master, port } = await startMaster("differs.yaml", "");
    const { code, stderr } = await startWorker("differs", port, "scenario: ./other.ts\n").ended;
    const line =
      /^error: MISMATCH: scenario hash: worker "differs" has ([0-9a-f]{32}), the master has ([0-9a-f]{32})\n$/;
    const [, theirs, ours] = line.exec(stderr) ?? [];
    expect(theirs, stderr).toBeDefined();
    expect(theirs).not.toBe(ours);
    expect(code).toBe(1);
    master.child.kill("SIGTERM");
    expect((await master.ended).code).toBe(143);
  });

  test("ends when no master appears for masterWait", async () => {
    const port = await freePort();
    const { code, stderr } = await startWorker("alone", port, "masterWait: 0.3\n").ended;
    expect(stderr).toBe(`error: UNAVAILABLE: no master at 127.0.0.1:${port} for 0.3 s\n`);
    expect(code).toBe(1);
  });
});

describe("Ctrl-C", () => {
  test.each(["0", "2"])("once stops at a barrier and prints what there is, on %s workers", async (count) => {
    const run = shop.start("run", "play.ts", "--json", "--workers", count);
    await run.says(/"progress"/);
    run.child.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(JSON.parse(stdout)).toMatchObject({ ended: "stopped", observations: { hit: 10 } });
    expect(stderr).toContain("SIGINT: stopping at the next barrier");
    expect(code).toBe(130);
  });

  test.each(["0", "2"])("twice in a long effect ends at once, on %s workers", async (count) => {
    const run = shop.start("run", "wait.ts", "--workers", count, "--placement", "hash");
    const workers = count === "0" ? [] : [...(await workersOf(run, 2)).values()];
    await run.says(/"waiting"/);
    run.child.kill("SIGINT");
    await run.says(/stopping at the next barrier/);
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect([code, stdout]).toEqual([130, ""]);
    await gone(...workers);
  });
});

/** A port of this machine on which nobody listens. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
