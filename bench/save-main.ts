/**
 * Saves a million agents, and loads them, in this process, and prints the median seconds of each as JSON:
 *
 *   node --import tsx bench/save-main.ts ROOT SCALE
 *
 * ROOT is the folder of the Myriad to measure, built. An agent has a number, and one event to come.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { median } from "./statistics.ts";

const AGENTS = 1_000_000;
const TURNS = 5;
const CHUNK_BYTES = 1024 * 1024;

const [root, scale] = process.argv.slice(2) as [string, string];
const dist = <T>(name: string): Promise<T> => import(pathToFileURL(join(root, "dist", `${name}.js`)).href);
const { defineEvent, defineModel, f64 } = await dist<typeof import("../src/index.ts")>("index");
const { Engine } = await dist<typeof import("../src/engine/engine.ts")>("engine/engine");
const { compile } = await dist<typeof import("../src/model/program.ts")>("model/program");
const { populate } = await dist<typeof import("../src/model/populate.ts")>("model/populate");
const { dataFiles } = await dist<typeof import("../src/store/data-file.ts")>("store/data-file");
const { loadPart } = await dist<typeof import("../src/testing/load-part.ts")>("testing/load-part");

const Tick = defineEvent("save.tick", { by: f64 });
const model = defineModel({ name: "save" });
const Counter = model
  .agent("counter")
  .state((start: number) => ({ value: start / 7 }))
  .on(Tick, (self, { by }, ctx) => {
    self.value += by;
    ctx.schedule(Tick, { by }, { delay: 1 + ctx.random() });
  });
const count = Math.max(2, Math.round(AGENTS * Number(scale)));
const program = compile(
  model.scenario({
    agents: [Counter],
    populate(world) {
      world.spawn(Counter, count, (i) => i);
      for (let i = 0; i < count; i++) world.send(i, Tick, { by: i / 3 }, { time: i / count });
    },
  }),
);
const none = { run: () => Promise.reject(new Error("nobody asks")), stop: () => {} };
const fresh = (): InstanceType<typeof Engine> => new Engine({ program, runId: "bench", runner: none });

const engine = fresh();
loadPart(engine, await populate(program, dataFiles), new Uint16Array(count), 0);
let decision = engine.apply([engine.closing()]);
while (decision.kind === "window" && decision.window < 3) {
  engine.runWindow(decision.window);
  decision = engine.apply([engine.closing()]);
}
const next = engine.core.calendar.next();
const seconds = { save: [] as number[], load: [] as number[] };
const { user, system } = process.cpuUsage();
for (let turn = 0; turn < TURNS; turn++) {
  const begun = performance.now();
  const common = engine.saveCommon(next);
  const sections = [...engine.saveAgents(next, { chunkBytes: CHUNK_BYTES }), engine.savePart(next)];
  const saved = performance.now();
  const other = fresh();
  other.load(common);
  for (const section of sections) other.adopt(section);
  await other.opened();
  seconds.save.push((saved - begun) / 1000);
  seconds.load.push((performance.now() - saved) / 1000);
}
const used = process.cpuUsage({ user, system });
console.log(
  JSON.stringify({
    save: median(seconds.save),
    load: median(seconds.load),
    cpuSeconds: (used.user + used.system) / 1e6,
  }),
);
