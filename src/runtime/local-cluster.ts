import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { SECONDS_MAX, STALL_LIMIT } from "./config-keys.ts";
import { type Log, silentLog } from "./log.ts";
import { MasterNode } from "./master.ts";
import { fileOfScenario } from "./node-run.ts";
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

/**
 * Runs a scenario with this process as the master of `options.workers` worker processes on this machine, over gRPC on
 * the loopback. All of them are gone when it settles, and die with this process if it is killed before.
 */
export async function runCluster(scenario: Scenario, options: RunOptions, log: Log = silentLog): Promise<RunResult> {
  const workers = options.workers ?? 1;
  const file = fileOfScenario(scenario);
  const master = new MasterNode({
    scenario,
    scenarioPath: file,
    scenarioHash: (await scenarioHash(file)).combined,
    host: LOOPBACK,
    port: 0,
    expectedWorkers: workers,
    run: options,
    stallLimitMs: stallLimitMs(options.stallLimit),
    clock: systemClock,
    log,
    reader: dataFiles,
  });
  await master.prepare();
  const port = await master.listen();
  const processes: WorkerProcess[] = [];
  try {
    for (let number = 1; number <= workers; number++) {
      const worker = spawnWorker({ name: `worker-${number}`, masterAddress: LOOPBACK, masterPort: port });
      processes.push(worker);
      void worker.exited.then((how) => {
        master.fail(
          new MyriadError("UNAVAILABLE", `${worker.name} (process ${worker.pid}) ended ${how} before the run did`),
        );
      });
    }
    return await master.run();
  } finally {
    await master.close();
    await Promise.all(processes.map((worker) => worker.end(systemClock)));
  }
}
