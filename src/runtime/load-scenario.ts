import { stat } from "node:fs/promises";
import { register as registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import { isScenario } from "../model/scenario.ts";
import { describeFailure, findSyntaxError } from "./scenario-failure.ts";
import { type ScenarioHash, scenarioHash } from "./scenario-hash.ts";

export interface LoadedScenario {
  scenario: Scenario;
  /** Absolute path of the module. */
  file: string;
  hash: ScenarioHash;
}

const ENTRIES = ["scenario.ts", "scenario.js"];

/**
 * Loads the scenario that a module (.ts or .js) or a folder with a `scenario.ts` or `scenario.js` exports by default.
 * TypeScript is loaded as it is. `myriad` resolves to this very package, wherever the module lies.
 * Throws INVALID_SCENARIO with the file and, where there is one, the line.
 */
export async function loadScenario(path: string): Promise<LoadedScenario> {
  const file = await findScenario(path);
  const scenario = await importScenario(file);
  return { scenario, file, hash: await scenarioHash(file) };
}

/** The module file that SCENARIO means. */
export async function findScenario(path: string): Promise<string> {
  const at = resolve(path);
  const info = await stat(at).catch(() => undefined);
  if (info === undefined) throw new MyriadError("INVALID_SCENARIO", `there is no file or folder "${path}"`);
  if (info.isDirectory()) {
    for (const entry of ENTRIES) {
      const file = join(at, entry);
      if ((await stat(file).catch(() => undefined))?.isFile()) return file;
    }
    throw new MyriadError("INVALID_SCENARIO", `the folder "${path}" has no ${ENTRIES.join(" or ")}`);
  }
  if (!/\.[cm]?[jt]s$/.test(at)) {
    throw new MyriadError("INVALID_SCENARIO", `"${path}" is not a .ts or .js module, nor a folder with a scenario.ts`);
  }
  return at;
}

async function importScenario(file: string): Promise<Scenario> {
  await prepareLoader(file);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (reason) {
    throw describeFailure((reason instanceof SyntaxError && (await findSyntaxError(file))) || reason, file);
  }
  if (module.default === undefined) {
    throw new MyriadError(
      "INVALID_SCENARIO",
      `${file} has no default export; end it with "export default model.scenario({...})"`,
    );
  }
  if (!isScenario(module.default)) {
    throw new MyriadError(
      "INVALID_SCENARIO",
      `the default export of ${file} is not a scenario; it must come from model.scenario({...})`,
    );
  }
  return module.default;
}

const prepared = { hooks: false, typescript: false };

/** Registers what is missing in this process; from sources (in tests) the test runner's loader does it all. */
async function prepareLoader(file: string): Promise<void> {
  if (import.meta.url.endsWith(".ts")) return;
  if (!prepared.typescript && /ts$/.test(file)) {
    prepared.typescript = true;
    const { register } = await import("tsx/esm/api");
    register({ tsconfig: false });
  }
  if (!prepared.hooks) {
    prepared.hooks = true;
    registerHooks(new URL("./scenario-hooks.js", import.meta.url), { data: { home: import.meta.url } });
  }
}
