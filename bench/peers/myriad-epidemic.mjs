/** examples/epidemic with five seeds in one process, as the Mesa harness does it: `node myriad-epidemic.mjs ROOT SCALE`. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [root, scale] = process.argv.slice(2);
const SEEDS = 5;
const DAYS = Math.max(1, Math.round(120 * Math.min(1, Number(scale))));

const built = (path) => import(pathToFileURL(join(root, "dist", path)).href);
const { simulate } = await built("index.js");
const { loadScenario } = await built("runtime/load-scenario.js");
const { scenario } = await loadScenario(fileURLToPath(new URL("../../examples/epidemic", import.meta.url)));
let count = 0;
let seconds = 0;
let recovered = 0;
for (let seed = 0; seed < SEEDS; seed++) {
  const result = await simulate(scenario, { seed, until: { time: DAYS } });
  count += result.agents * DAYS;
  seconds += result.wallSeconds;
  recovered += result.observations.recovered;
}
const how = `one process; ${Math.round(recovered / SEEDS).toLocaleString("en")} recovered in the mean`;
console.log(JSON.stringify({ task: "epidemic", how, count, seconds }));
