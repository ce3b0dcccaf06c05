import type { Scenario } from "../model/scenario.ts";
import type { RunOptions, RunResult } from "./run.ts";

/** Placeholder until the cluster lands. */
export const runCluster = (_scenario: Scenario, _options: RunOptions): Promise<RunResult> => Promise.reject(new Error("not yet"));
