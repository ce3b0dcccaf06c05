import { fileURLToPath } from "node:url";
import { MyriadError } from "../base/error.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import type { Scenario } from "../model/scenario.ts";
import type { Until } from "../model/until.ts";
import { type LoadedScenario, loadScenario } from "./load-scenario.ts";
import type { RunOptions } from "./run.ts";
import { scenarioHash } from "./scenario-hash.ts";

/** What a node's configuration says of its runs. */
export interface RunDefaults {
  seed: number;
  params?: Record<string, unknown>;
  until?: number;
  rounds?: number;
  placement?: PlacementMethod;
}

/** The options of a run: what the caller says, else what the configuration says. */
export function withDefaults(options: RunOptions, { seed, params, until, rounds, placement }: RunDefaults): RunOptions {
  const rule = untilOf(until, rounds);
  return {
    seed,
    ...(params === undefined ? {} : { params }),
    ...(rule === undefined ? {} : { until: rule }),
    ...(placement === undefined ? {} : { placement }),
    ...options,
  };
}

/** A stopping rule of virtual time and rounds, whichever comes first. Undefined: the scenario's own. */
export function untilOf(time: number | undefined, rounds: number | undefined): Until | undefined {
  if (time === undefined && rounds === undefined) return undefined;
  return { ...(time === undefined ? {} : { time }), ...(rounds === undefined ? {} : { rounds }) };
}

/** The scenario that a node is to run, with the file and the hash that its workers need. Throws INVALID_SCENARIO. */
export async function resolveScenario(
  given: Scenario | string | undefined,
  configured: string | undefined,
): Promise<LoadedScenario> {
  const subject = given ?? configured;
  if (subject === undefined) {
    throw new MyriadError(
      "INVALID_ARGUMENT",
      "run needs a scenario: pass one, or set the configuration's key scenario",
    );
  }
  if (typeof subject === "string") return loadScenario(subject);
  const file = fileOfScenario(subject);
  return { scenario: subject, file, hash: await scenarioHash(file) };
}

/** Workers load the module by its path. Throws INVALID_SCENARIO when it is not known. */
export function fileOfScenario(scenario: Scenario): string {
  if (scenario.file?.startsWith("file:")) return fileURLToPath(scenario.file);
  if (scenario.file !== undefined) return scenario.file;
  throw new MyriadError(
    "INVALID_SCENARIO",
    "workers cannot load the scenario: the file that it was made in is not known",
  );
}
