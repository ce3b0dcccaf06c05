import { readFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import { parse } from "yaml";
import { MyriadError } from "../base/error.ts";
import { type ConfigOf, configFromEnvironment, parseConfig } from "./config.ts";
import type { Role } from "./config-key.ts";

/**
 * The configuration of a node from a .yaml, .yml or .json file (or none) and `MYRIAD_*` variables, which go first.
 * `scenario` and `out` of the file are relative to its folder. Throws INVALID_CONFIG.
 */
export async function readConfig<R extends Role>(
  role: R,
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<ConfigOf[R]> {
  const fromFile = file === undefined ? {} : await readConfigFile(file);
  const fromEnvironment = configFromEnvironment(role, environment);
  const source = file ?? "environment";
  if (!isRecord(fromFile)) return parseConfig(role, fromFile, source);
  return parseConfig(role, { ...fromFile, ...fromEnvironment }, source);
}

async function readConfigFile(file: string): Promise<unknown> {
  const ending = extname(file).toLowerCase();
  if (![".yaml", ".yml", ".json"].includes(ending)) {
    throw new MyriadError("INVALID_CONFIG", `${file}: a configuration file ends in .yaml, .yml or .json`);
  }
  const text = await readFile(file, "utf8").catch((reason: NodeJS.ErrnoException) => {
    throw new MyriadError("INVALID_CONFIG", `${file}: cannot be read (${reason.code ?? reason.message})`);
  });
  const config = parseText(text, ending, file) ?? {};
  if (!isRecord(config)) return config;
  for (const key of ["scenario", "out"]) {
    const path = config[key];
    if (typeof path === "string" && path !== "" && !isAbsolute(path)) config[key] = resolve(dirname(file), path);
  }
  return config;
}

function parseText(text: string, ending: string, file: string): unknown {
  try {
    return ending === ".json" ? JSON.parse(text) : parse(text);
  } catch (reason) {
    const line = (reason instanceof Error ? reason.message : String(reason)).split("\n", 1)[0]!.replace(/:$/, "");
    throw new MyriadError("INVALID_CONFIG", `${file}: ${line}`, { cause: reason });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
