import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import type { Scenario } from "../model/scenario.ts";
import { runCluster } from "./local-cluster.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { runSingle } from "./single.ts";

/**
 * Runs a scenario to its end: in this process (`workers: 0`, the default), or as the master of worker processes on
 * this machine. The result is the same to the bit.
 *
 * Throws a MyriadError: `usage` ones before anything is started, the others name agent, handler and virtual time.
 */
export function simulate(scenario: Scenario, options: RunOptions = {}): Promise<RunResult> {
  const workers = options.workers ?? 0;
  if (!(Number.isInteger(workers) && workers >= 0 && workers <= WORKERS_MAX)) {
    const reason = new MyriadError("INVALID_ARGUMENT", `workers ${workers} is not an integer of 0 to ${WORKERS_MAX}`);
    return Promise.reject(reason);
  }
  return workers === 0 ? runSingle(scenario, options) : runCluster(scenario, options);
}
