import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { SECONDS_MAX, STALL_LIMIT } from "./config-limits.ts";
import { type Log, silentLog } from "./log.ts";
import { MasterNode } from "./master.ts";
import { fileOfScenario } from "./node-run.ts";
import type { PriorRun } from "./prior-run.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { scenarioHash } from "./scenario-hash.ts";
import { spawnWorker, type WorkerProcess } from "./worker-process.ts";

const LOOPBACK = "127.0.0.1";

function stallLimitMs(seconds: number = STALL_LIMIT): number {
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds * 1000;
  throw new MyriadError(
    "INVALID_ARGUMENT",
    `stallLimit is ${seconds}; it must be seconds above 0 and up to ${SECONDS_MAX}`,
  );
}

/** A worker that is lost is replaced by a new process, but not for ever: it may be the machine's fault. */
const SPAWNS_MAX_FACTOR = 10;

/**
 * Runs a scenario with this process as the master of `options.workers` worker processes on this machine, over gRPC on
 * the loopback. All of them are gone when it settles, and die with this process if it is killed before. `prior`: goes on
 * with that run, in its folder.
 */
export async function runCluster(
  scenario: Scenario,
  options: RunOptions,
  log: Log = silentLog,
  prior?: PriorRun,
): Promise<RunResult> {
  const workers = options.workers ?? 1;
  const file = fileOfScenario(scenario);
  const folder = await runFolderOf(options);
  const master = new MasterNode({
    scenario,
    scenarioPath: file,
    scenarioHash: (await scenarioHash(file)).combined,
    host: LOOPBACK,
    port: 0,
    expectedWorkers: workers,
    run: options,
    stallLimitMs: stallLimitMs(options.stallLimit),
    ...(folder === undefined ? {} : { runFolder: folder.path }),
    ...(prior === undefined ? {} : { prior }),
    clock: systemClock,
    log,
    reader: dataFiles,
  });
  await master.prepare();
  const port = await master.listen();
  const processes: WorkerProcess[] = [];
  let over = false;
  const spawn = (): void => {
    const worker = spawnWorker({
      name: `worker-${processes.length + 1}`,
      masterAddress: LOOPBACK,
      masterPort: port,
    });
    processes.push(worker);
    options.onWorker?.(worker.name, worker.pid);
    void worker.exited.then((how) => {
      if (over) return;
      master.processEnded(worker.name, `(process ${worker.pid}) ${how}`);
      if (folder !== undefined && processes.length < workers * SPAWNS_MAX_FACTOR) spawn();
    });
  };
  try {
    for (let number = 1; number <= workers; number++) spawn();
    return await master.run();
  } finally {
    over = true;
    await master.close();
    await Promise.all(processes.map((worker) => worker.end(systemClock)));
    await folder?.remove();
  }
}

/** Where checkpoints go: a folder that is told, or one that is gone afterwards; nowhere when none are made. */
async function runFolderOf(options: RunOptions): Promise<{ path: string; remove(): Promise<void> } | undefined> {
  if (options.checkpointEvery === 0) return undefined;
  if (options.runFolder !== undefined) return { path: options.runFolder, remove: async () => {} };
  const path = await mkdtemp(join(tmpdir(), "myriad-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
