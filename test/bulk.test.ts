import { afterAll, afterEach, expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { loadScenario } from "../src/runtime/load-scenario.ts";
import { silentLog } from "../src/runtime/log.ts";
import { MasterNode } from "../src/runtime/master.ts";
import type { RunWriter } from "../src/runtime/run-writer.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { connectionsTo, HAS_TCP_TABLE } from "./connections.ts";
import { Workshop } from "./processes.ts";

const shop = new Workshop();
afterEach(async () => expect(await shop.clear(), "commands left behind").toEqual([]));
afterAll(() => shop.remove());

const MIB = 2 ** 20;
/** Of each record. */
const RECORD_BYTES = MIB / 4;
/** One GiB in all. */
const RECORDS = 4_096;
const HEARTBEAT_MS = 50;
/** The system's table is looked at with every so many pieces that come. */
const LOOK_EVERY = 50;

/** One agent that records the same text window by window, as fast as the master takes it. */
const SCENARIO = `
import { Born, defineEvent, defineModel } from "myriad";
const Next = defineEvent("next", {});
const model = defineModel({ name: "bulk" });
const TEXT = "x".repeat(${RECORD_BYTES});
const Recorder = model
  .agent("recorder")
  .state(() => ({ left: ${RECORDS} }))
  .on(Born, (_self, _payload, ctx) => void ctx.schedule(Next, {}, { delay: 1 }))
  .on(Next, (self, _payload, ctx) => {
    ctx.record("text", TEXT);
    if (--self.left > 0) ctx.schedule(Next, {}, { delay: 1 });
  });
export default model.scenario({ agents: [Recorder], populate: (world) => void world.spawn(Recorder, 1) });
`;

test("beats come while a large transfer is under way, on a connection of their own, and the sender holds little of it", async () => {
  const { scenario, file, hash } = await loadScenario(shop.file("bulk.ts", SCENARIO));
  let records = 0;
  let pieces = 0;
  let underWay = false;
  let beats = 0;
  let pid = 0;
  const connections: number[] = [];
  const out: RunWriter = {
    samples: () => {},
    records: (rows) => {
      records += rows.length;
      underWay = records < RECORDS;
      if (HAS_TCP_TABLE && pieces++ % LOOK_EVERY === 0) connections.push(connectionsTo(port, pid));
    },
    finish: () => {},
  };
  const master = new MasterNode({
    scenario,
    scenarioPath: file,
    scenarioHash: hash.combined,
    host: "127.0.0.1",
    port: 0,
    expectedWorkers: 1,
    run: { out },
    clock: systemClock,
    log: silentLog,
    reader: dataFiles,
    onBeat: () => void (beats += Number(underWay)),
  });
  const port = await master.listen();
  try {
    const config = `masterAddress: 127.0.0.1\nmasterPort: ${port}\nheartbeatInterval: ${HEARTBEAT_MS / 1000}\n`;
    const worker = shop.start("worker", "--config", shop.file("bulk.yaml", config));
    pid = worker.pid;
    const { peakRssBytes } = await master.run();
    expect(records).toBe(RECORDS);
    expect(beats).toBeGreaterThan(0);
    if (HAS_TCP_TABLE) expect(new Set(connections)).toEqual(new Set([3]));
    // It would hold all of it if it did not wait for the master.
    expect(peakRssBytes.workers[0]!).toBeLessThan((RECORDS * RECORD_BYTES) / 2);
  } finally {
    await master.close();
  }
  await shop.ended();
});
