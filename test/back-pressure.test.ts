import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { Workshop } from "./processes.ts";

const BULKY = fileURLToPath(new URL("bulky.ts", import.meta.url));
const shop = new Workshop();
afterEach(async () => {
  expect(await shop.clear(), "commands left behind").toEqual([]);
});
afterAll(() => shop.remove());

const MIB = 1024 * 1024;
/** The least that may be asked for. A worker sends as much in each window, and is a window ahead. */
const BUDGET_MIB = 4;

test("a worker that was stopped for 5 s costs the one that sends to it no more memory than logMemory", async () => {
  const alone = await shop.run("run", BULKY, "--json", "--quiet");
  const config = [
    `scenario: ${BULKY}`,
    "address: 127.0.0.1",
    "listenPort: 0",
    "expectedWorkers: 2",
    "workerTimeout: 60",
  ].join("\n");
  const master = shop.start("master", "--json", "--config", shop.file("master.yaml", config));
  const [, port] = await master.says(/"port":(\d+)[^\n]*"listening"/);
  const budgets = `logMemory: ${BUDGET_MIB}\nstagingMemory: ${BUDGET_MIB}\nspillFolder: ${shop.folder}`;
  const text = `masterAddress: 127.0.0.1\nmasterPort: ${port}\n${budgets}\n`;
  const workers = [0, 1].map((i) => shop.start("worker", "--config", shop.file(`w${i}.yaml`, `${text}name: w${i}\n`)));
  for (;;) {
    const { stdout } = await shop.run("status", "--json", "--master", `127.0.0.1:${port}`);
    if (JSON.parse(stdout).state === "running") break;
  }
  process.kill(workers[1]!.pid, "SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  process.kill(workers[1]!.pid, "SIGCONT");
  const outcomes = await Promise.all([master, ...workers].map(({ ended }) => ended));
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(JSON.parse(outcomes[0]!.stdout).stateHash).toBe(JSON.parse(alone.stdout).stateHash);
  // Told by a worker some of whose frames went to disk.
  const figures = /"logMemoryBytes":(\d+),"logDiskBytes":(\d+),"stagedMemoryBytes":(\d+)/.exec(outcomes[1]!.stderr);
  const [logMemory, logDisk, stagedMemory] = figures!.slice(1).map(Number) as [number, number, number];
  console.log(
    `sender: ${logMemory} bytes of frames in memory at most, ${logDisk} on disk, of ${BUDGET_MIB} MiB allowed`,
  );
  expect(logDisk).toBeGreaterThan(0);
  expect(logMemory).toBeLessThanOrEqual(BUDGET_MIB * MIB);
  expect(stagedMemory).toBeLessThanOrEqual(BUDGET_MIB * MIB);
  expect(readdirSync(shop.folder).filter((name) => name.endsWith(".spill"))).toEqual([]);
});
