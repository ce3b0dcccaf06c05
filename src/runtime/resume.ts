import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import type { Recovery } from "./config-limits.ts";
import { runCluster } from "./local-cluster.ts";
import { silentLog } from "./log.ts";
import type { PriorRun } from "./prior-run.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { runSingle } from "./single.ts";

/**
 * Goes on with a run that was broken off, to its end, on worker processes of this machine (as many as it had, unless
 * `options.workers` says otherwise) or, with 0, in this process. Seed, parameters and stopping rule are those that it was begun with. The result is that of
 * the run without the break; samples and records are those since the checkpoint.
 */
export function resumeRun(prior: PriorRun, options: RunOptions): Promise<RunResult> {
  const { seed, params, options: kept } = prior.manifest;
  const workers = options.workers ?? kept.workers;
  if (!(Number.isInteger(workers) && workers >= 0 && workers <= WORKERS_MAX)) {
    const reason = new MyriadError("INVALID_ARGUMENT", `workers ${workers} is not an integer of 0 to ${WORKERS_MAX}`);
    return Promise.reject(reason);
  }
  const { recovery, placement, ...rest } = kept;
  const run: RunOptions = {
    ...rest,
    ...(recovery === undefined ? {} : { recovery: recovery as Recovery }),
    ...(placement === undefined ? {} : { placement: placement as PlacementMethod }),
    ...options,
    seed,
    params: params as Record<string, unknown>,
    workers,
    runFolder: prior.folder,
  };
  if (workers === 0) return runSingle(prior.loaded.scenario, run, prior);
  return runCluster(prior.loaded.scenario, run, silentLog, prior);
}
