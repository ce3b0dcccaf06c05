import { cpSync, existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../src/runtime/run.ts";
import { type Running, Workshop } from "./processes.ts";

const PHOLD = fileURLToPath(new URL("../examples/phold", import.meta.url));
const LABOR = fileURLToPath(new URL("../examples/labor-market", import.meta.url));
const POLL_MS = 10;

/** Named agents, records, births, and a parameter whose default is the schema's. */
const TOWN = `
import { Born, count, defineEvent, defineModel, u32 } from "myriad";
import { z } from "zod";

const Tick = defineEvent("tick", { n: u32 });
const model = defineModel({ name: "town", params: z.object({ last: z.number().transform((n) => n * 2), step: z.number().default(1) }) });
const Child = model.agent("child").state(() => ({ n: 0 })).on(Born, (self, _, ctx) => {
  self.n = ctx.randomInt(1000);
});
const Citizen = model.agent("citizen").state(() => ({ n: 0 })).on(Tick, (self, { n }, ctx) => {
  self.n = n;
  if (n % 50 === 0) ctx.record("n", n);
  if (n % 500 === 0) ctx.spawn(Child);
  if (ctx.now < ctx.params.last) ctx.send(ctx.randomInt(20), Tick, { n: n + 1 }, { delay: ctx.params.step });
});
export default model.scenario({
  agents: [Citizen, Child],
  populate(world) {
    const all = world.spawn(Citizen, 20, undefined, { name: (i) => \`c\${i}\` });
    for (let i = 0; i < 20; i++) world.send(all.at(i), Tick, { n: i });
  },
  observe: { children: count(Child) },
  observeEvery: 100,
});
`;

const shop = new Workshop();
beforeAll(() => shop.file("town.ts", TOWN));
afterEach(async () => expect(await shop.clear(), "commands left behind").toEqual([]));
afterAll(() => shop.remove());

const at = (...path: string[]): string => join(shop.folder, ...path);

/** Resolves when a file is there, or the command has come to its end without it. */
async function appears(file: string, run: Running): Promise<void> {
  let over = false;
  void run.ended.then(() => (over = true));
  while (!existsSync(file) && !over) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** A run on two workers whose master is killed once the second checkpoint stands; its workers die with it. */
async function broken(folder: string, ...args: string[]): Promise<void> {
  const run = shop.start("run", ...args, "--workers", "2", "--out", folder, "--checkpoint-every", "0.05", "--quiet");
  await appears(at(folder, "checkpoints", "2.json"), run);
  run.child.kill("SIGKILL");
  await run.ended;
}

async function result(...args: string[]): Promise<RunResult> {
  const { code, stdout, stderr } = await shop.run(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as RunResult;
}

/** What a break may not show in. */
const lasting = ({ stateHash, events, observations, virtualTime, windows, agents, ended, params }: RunResult) => ({
  ...{ stateHash, events, observations, virtualTime, windows, agents, ended, params },
});

const linesOf = (...path: string[]): string[] => readFileSync(at(...path), "utf8").split("\n");
const manifestOf = (...path: string[]) => JSON.parse(readFileSync(at(...path, "manifest.json"), "utf8"));

/** Rows since the checkpoint are the last ones of the undisturbed run. */
function expectTail(folder: string, calm: string, name: string): void {
  const [head, ...rows] = linesOf(folder, name);
  const [calmHead, ...calmRows] = linesOf(calm, name);
  expect(head).toBe(calmHead);
  expect(rows).toEqual(calmRows.slice(calmRows.length - rows.length));
}

describe("a run whose master was killed is resumed, and comes to the result of an undisturbed one", () => {
  const runs: [name: string, ...args: string[]][] = [
    ["phold", PHOLD, "--until", "150", "--seed", "7"],
    ["labor", LABOR, "--rounds", "24"],
    ["town", at("town.ts"), "--param", "last=2500"],
  ];
  test.each(runs)("%s, in one process, and on one, two and three workers", async (name, ...args) => {
    const calm = lasting(await result("run", ...args, "--out", `${name}-calm`, "--quiet"));
    await broken(name, ...args);
    for (const workers of [0, 1, 2, 3]) {
      const folder = `${name}-${workers}`;
      cpSync(at(name), at(folder), { recursive: true });
      expect(lasting(await result("resume", folder, "--workers", String(workers)))).toEqual(calm);
      for (const file of ["observations.csv", "records.csv"])
        expectTail(join(folder, "resumed-1"), `${name}-calm`, file);
      expect(readFileSync(at(folder, "resumed-1", "states.jsonl"))).toEqual(
        readFileSync(at(`${name}-calm`, "states.jsonl")),
      );
      const { workers: had, resumedFrom } = manifestOf(folder, "resumed-1");
      expect(had).toBe(workers);
      expect(existsSync(at(name, "checkpoints", `${resumedFrom.checkpoint}.json`))).toBe(true);
    }
  });

  test("again and again, from checkpoints that resumed runs have made", async () => {
    const args = [PHOLD, "--until", "150"];
    const calm = lasting(await result("run", ...args, "--quiet"));
    await broken("twice", ...args);
    const newest = (): number =>
      Math.max(...readdirSync(at("twice", "checkpoints")).map((file) => Number(/^(\d+)\.json$/.exec(file)?.[1] ?? 0)));
    const second = shop.start("resume", "twice", "--workers", "3");
    await appears(at("twice", "checkpoints", `${newest() + 2}.json`), second);
    second.child.kill("SIGKILL");
    await second.ended;
    expect(lasting(await result("resume", "twice"))).toEqual(calm);
    expect(manifestOf("twice", "resumed-2").workers).toBe(2);
  });

  test("without a checkpoint it begins from the population", async () => {
    const args = [at("town.ts"), "--param", "last=20"];
    const calm = lasting(await result("run", ...args, "--quiet"));
    await result("run", ...args, "--workers", "2", "--out", "short", "--quiet");
    expect(lasting(await result("resume", "short", "--workers", "3"))).toEqual(calm);
    expect(manifestOf("short", "resumed-1").resumedFrom).toBe(null);
  });
});

describe("what is not whole", () => {
  test("a newest checkpoint that is damaged is passed over and named, and the one before is taken", async () => {
    const args = [PHOLD, "--until", "150"];
    const calm = lasting(await result("run", ...args, "--quiet"));
    await broken("damaged", ...args);
    const files = readdirSync(at("damaged", "checkpoints"));
    const id = Math.max(...files.map((file) => Number(/^(\d+)\.json$/.exec(file)?.[1] ?? 0)));
    const part = files.find((file) => file.startsWith(`${id}-1-`) && file.endsWith(".part"))!;
    truncateSync(at("damaged", "checkpoints", part), 1000);
    const { code, stdout, stderr } = await shop.run("resume", "damaged", "--json");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`passed over ${join("damaged", "checkpoints", part)}: CORRUPT`);
    expect(lasting(JSON.parse(stdout) as RunResult)).toEqual(calm);
    expect(manifestOf("damaged", "resumed-1").resumedFrom.checkpoint).toBe(id - 1);
  });
});

describe("what is refused before anything starts", () => {
  async function refused(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await shop.run(...args);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    return stderr;
  }

  test("a run whose master is alive", async () => {
    const run = shop.start(
      "run",
      PHOLD,
      "--until",
      "1e6",
      "--workers",
      "1",
      "--out",
      "alive",
      "--checkpoint-every",
      "0.05",
    );
    await appears(at("alive", "checkpoints", "1.json"), run);
    expect(await refused("resume", "alive")).toMatch(new RegExp(`^error: STORE_FAILED: .*process ${run.pid}`));
    run.child.kill("SIGKILL");
    await run.ended;
    expect(existsSync(at("alive", "resumed-1"))).toBe(false);
  });

  test("another scenario than that of the run, naming both hashes", async () => {
    shop.file("changed.ts", TOWN);
    await result("run", "changed.ts", "--param", "last=20", "--workers", "1", "--out", "changed", "--quiet");
    shop.file("changed.ts", TOWN.replace("n + 1", "n + 2"));
    expect(await refused("resume", "changed")).toMatch(
      /^error: MISMATCH: .*scenario hash [0-9a-f]{32}, here [0-9a-f]{32}$/m,
    );
  });

  test("a folder that is none of a run, and no number of workers", async () => {
    expect(await refused("resume", "nowhere")).toContain('INVALID_DATA: "nowhere" is not the folder of a run');
    expect(await refused("resume", "changed", "--workers", "-1")).toContain("it must be an integer from 0 to");
  });
});
