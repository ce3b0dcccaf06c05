import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BadLine, type LineOptions } from "./bad-line.ts";
import { connectionsTo, HAS_TCP_TABLE } from "./connections.ts";
import { type Outcome, type Running, Workshop } from "./processes.ts";
import { chanceOf } from "./seeded.ts";

const PHOLD = join(fileURLToPath(new URL("..", import.meta.url)), "examples", "phold");
const BROKE = /"msg":"(stream of a peer broke|a peer acknowledges nothing)"/;
const AGAIN = /"msg":"stream of a peer stands again"/g;
const shop = new Workshop();
const proxies: BadLine[] = [];

afterEach(async () => {
  expect(await shop.clear(), "commands left behind").toEqual([]);
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});
afterAll(() => shop.remove());

interface Cluster {
  master: Running;
  at: string;
  workers: Running[];
  /** The one before each worker: all that others get from it passes there. */
  lines: BadLine[];
}

interface Course {
  workers?: number;
  /** Virtual time. */
  until: number;
  line?: Omit<LineOptions, "chance">;
  /** Lines of a worker's configuration. */
  worker?: string;
  seed?: number;
}

/** PHOLD on workers that reach each other through proxies only. */
async function start({ workers: count = 2, until, line = {}, worker: more = "", seed = 1 }: Course): Promise<Cluster> {
  const name = `run-${proxies.length}-${until}-${seed}`;
  const config = [
    `scenario: ${PHOLD}`,
    "address: 127.0.0.1",
    "listenPort: 0",
    `expectedWorkers: ${count}`,
    `until: ${until}`,
    "workerTimeout: 60",
    "params: { lps: 1000, remote: 0.5 }",
  ].join("\n");
  const master = shop.start("master", "--json", "--config", shop.file(`${name}.yaml`, config));
  const [, port] = await master.says(/"port":(\d+)[^\n]*"listening"/);
  const lines = Array.from({ length: count }, (_, i) => new BadLine({ chance: chanceOf(seed * 100 + i), ...line }));
  proxies.push(...lines);
  const workers: Running[] = [];
  for (const [i, proxy] of lines.entries()) {
    const address = `workerAddress: 127.0.0.1:${await proxy.listen()}`;
    const text = `masterAddress: 127.0.0.1\nmasterPort: ${port}\nname: w${i}\n${address}\n${more}`;
    const worker = shop.start("worker", "--config", shop.file(`${name}-w${i}.yaml`, text));
    workers.push(worker);
    // In this order, so that each has the id of its number.
    const [, own] = await worker.says(/"port":(\d+)[^\n]*"attached"/);
    proxy.forwardTo(Number(own));
  }
  return { master, at: `127.0.0.1:${port}`, workers, lines };
}

const ended = ({ master, workers }: Cluster): Promise<Outcome[]> =>
  Promise.all([master, ...workers].map((process) => process.ended));

const reconnects = (outcomes: readonly Outcome[]): number =>
  outcomes.reduce((sum, { stderr }) => sum + [...stderr.matchAll(AGAIN)].length, 0);

/** Until windows go by, as the master sees it: the progress that it prints comes too late for a short run. */
async function underWay({ at }: Cluster): Promise<void> {
  for (;;) {
    const { stdout } = await shop.run("status", "--json", "--master", at);
    if (JSON.parse(stdout).state === "running") return;
  }
}

/** Of the undisturbed runs in one process. */
let hash: string;
let longerHash: string;

async function undisturbed(until: number): Promise<string> {
  const args = ["--until", String(until), "--param", "lps=1000", "--param", "remote=0.5", "--json", "--quiet"];
  const { stdout } = await shop.run("run", PHOLD, ...args);
  return JSON.parse(stdout).stateHash;
}

function expectSame(outcomes: readonly Outcome[], wanted: string = hash): void {
  expect(
    outcomes.map(({ code }) => code),
    outcomes.map(({ stderr }) => stderr.slice(-2_000)).join("\n"),
  ).toEqual(outcomes.map(() => 0));
  const result = JSON.parse(outcomes[0]!.stdout);
  expect(result.remoteEvents).toBeGreaterThan(0);
  expect(result.stateHash).toBe(wanted);
}

const LONG = 400;
/** Several seconds on any machine. */
const LONGER = 3_000;
beforeAll(async () => {
  hash = await undisturbed(LONG);
  longerHash = await undisturbed(LONGER);
});

describe("the state hash is that of an undisturbed run", () => {
  test.each([2, 3])("after some 200 cuts at any byte, on %i workers", async (workers) => {
    const line = { bytesPerCut: 8_000, cutsMax: Math.ceil(200 / workers), delayMsMax: 2 };
    const cluster = await start({ workers, until: LONG, line, worker: "breaker: { recoveryTimeout: 1 }\n" });
    const outcomes = await ended(cluster);
    expectSame(outcomes);
    const cuts = cluster.lines.reduce((sum, proxy) => sum + proxy.cuts, 0);
    expect(cuts).toBeGreaterThanOrEqual(200);
    expect(reconnects(outcomes)).toBeGreaterThan(100);
  });

  test("after bits were flipped in frames, greetings and what HTTP/2 says", async () => {
    const cluster = await start({ until: LONG, worker: "peerTimeout: 1\n" });
    const chance = chanceOf(5);
    const line = cluster.lines[0]!;
    const flips = (async () => {
      for (let i = 0; i < 20; i++) {
        if (i % 5 === 4) await line.flipAfter(Math.floor(chance() * 100), "up");
        // So far apart that a good frame comes between two of them.
        else await line.flipAfter(2_000 + Math.floor(chance() * 3_000), "down");
      }
    })();
    const outcomes = await Promise.race([ended(cluster), flips.then(() => ended(cluster))]);
    expectSame(outcomes);
    expect(line.flipped).toBeGreaterThanOrEqual(10);
    expect(reconnects(outcomes)).toBeGreaterThanOrEqual(5);
    expect(outcomes[2]!.stderr).toMatch(/"reason":"CORRUPT: /);
  });

  // Within 2 s on a machine with time to spare; what counts is that it is noticed, for the events themselves still
  // arrive when only the way back is silent.
  test.each(["down", "up"] as const)(
    "after a line fell silent, %s, which is noticed while the run goes on",
    async (direction) => {
      const cluster = await start({ until: LONGER, worker: "peerTimeout: 0.6\n" });
      await underWay(cluster);
      cluster.lines[0]!.goSilent(direction);
      await Promise.race(cluster.workers.map((each) => each.says(BROKE)));
      const outcomes = await ended(cluster);
      expectSame(outcomes, await undisturbed(LONGER));
      expect(reconnects(outcomes)).toBeGreaterThanOrEqual(1);
    },
  );

  test.each([
    ["longer than the pause", "peerTimeout: 60\n"],
    ["shorter than the pause", "peerTimeout: 1\n"],
  ])("after a worker was stopped for 5 s, with a peerTimeout %s", async (_what, worker) => {
    const cluster = await start({ until: LONGER, worker });
    await underWay(cluster);
    const rss = async (): Promise<number> =>
      JSON.parse((await shop.run("status", "--json", "--master", cluster.at)).stdout).workers[0].rssBytes;
    const before = await rss();
    process.kill(cluster.workers[1]!.pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const grown = (await rss()) - before;
    process.kill(cluster.workers[1]!.pid, "SIGCONT");
    expectSame(await ended(cluster), longerHash);
    expect(grown).toBeLessThan(64 * 1024 * 1024);
  });
});

test.skipIf(!HAS_TCP_TABLE)("all connections that are asked for stand before the run", async () => {
  const cluster = await start({ until: LONGER, worker: "pool: { connectionsPerPeer: 3 }\n" });
  await underWay(cluster);
  const ports = cluster.lines.map((line) => line.port);
  expect(connectionsTo(ports[0]!, cluster.workers[1]!.pid)).toBe(3);
  expect(connectionsTo(ports[1]!, cluster.workers[0]!.pid)).toBe(3);
  expectSame(await ended(cluster), longerHash);
});

test("a peer that was not to be reached for peerWait ends the run, and is named", async () => {
  const cluster = await start({ until: 1e9, worker: "peerWait: 1\n" });
  await underWay(cluster);
  await cluster.lines[0]!.close();
  const [master, , reader] = await ended(cluster);
  expect(master!.code).toBe(1);
  expect(master!.stderr).toMatch(
    /\nerror: UNAVAILABLE: worker [01] is lost: [^\n]*(was not to be reached|has not come back) for 1 s[^\n]*\n$/,
  );
  expect(reader!.stderr).toMatch(BROKE);
});
