/**
 * Sends bytes from a worker to its master as bulk while it beats every 50 ms, and prints as JSON how much longer than the
 * fastest of them 99 of 100 beats took, from being sent to being handled by the master:
 *
 *   node bench/bulk-main.mjs ROOT BYTES
 *
 * ROOT is the folder of the Myriad to measure, built. (Plain JavaScript: a loader of ours would give the scenario another copy of Myriad than ROOT.)
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HEARTBEAT_S = 0.05;
const SCENARIO = fileURLToPath(new URL("./scenarios/bulk.ts", import.meta.url));

const [root, bytes] = process.argv.slice(2);
const part = (name) => import(pathToFileURL(join(root, "dist", `${name}.js`)).href);
const { loadScenario } = await part("runtime/load-scenario");
const { MasterNode } = await part("runtime/master");
const { systemClock } = await part("base/clock");
const { silentLog } = await part("runtime/log");
const { dataFiles } = await part("store/data-file");

const delaysMs = [];
let firstMs = 0;
let lastMs = 0;
const out = {
  samples: () => {},
  records: () => {
    lastMs = performance.now();
    firstMs ||= lastMs;
  },
  finish: () => {},
};
const { scenario, hash } = await loadScenario(SCENARIO);
const master = new MasterNode({
  scenario,
  scenarioPath: SCENARIO,
  scenarioHash: hash.combined,
  host: "127.0.0.1",
  port: 0,
  expectedWorkers: 1,
  run: { out, params: { bytes: Number(bytes) } },
  clock: systemClock,
  log: silentLog,
  reader: dataFiles,
  onBeat: (_worker, delayMs) => void (firstMs > 0 && delaysMs.push(delayMs)),
});
const worker = startWorker(await master.listen());
await master.run();
await master.close();
await new Promise((resolve) => (worker.exitCode === null ? worker.once("exit", resolve) : resolve(undefined)));
if (delaysMs.length === 0) throw new Error(`${root} tells no beats while rows come`);
delaysMs.sort((a, b) => a - b);
const p99Ms = delaysMs[Math.min(delaysMs.length - 1, Math.floor(delaysMs.length * 0.99))];
console.log(
  JSON.stringify({ p99Ms, beats: delaysMs.length, bytesPerSecond: (Number(bytes) * 1000) / (lastMs - firstMs) }),
);

function startWorker(port) {
  const env = {
    ...process.env,
    NODE_OPTIONS: "",
    MYRIAD_MASTER_ADDRESS: "127.0.0.1",
    MYRIAD_MASTER_PORT: String(port),
    MYRIAD_HEARTBEAT_INTERVAL: String(HEARTBEAT_S),
  };
  const child = spawn(process.execPath, [join(root, "bin/myriad.js"), "worker"], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.removeListener("exit", end));
  return child;
}
