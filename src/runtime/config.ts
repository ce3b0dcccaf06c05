import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import { didYouMean } from "../base/suggest.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import { breakerOptions } from "../net/breaker.ts";
import { splitHostPort } from "../net/host-port.ts";
import { poolOptions } from "../net/pool.ts";
import { type ConfigKey, describeRange, environmentName, type Role } from "./config-key.ts";
import { configKeys, type KeyName } from "./config-keys.ts";
import { BEATS_MISSED, type Recovery } from "./config-limits.ts";

/** Intervals and time-outs are in seconds. */
export interface MasterConfig {
  address: string;
  listenPort: number;
  expectedWorkers: number;
  healthCheckInterval: number;
  workerTimeout: number;
  stallLimit: number;
  checkpointEvery: number;
  runFolder?: string;
  recovery: Recovery;
  waitForWorker: number;
  heartbeatInterval?: number;
  scenario?: string;
  seed: number;
  params?: Record<string, unknown>;
  until?: number;
  rounds?: number;
  placement?: PlacementMethod;
  out?: string;
}

export interface WorkerConfig {
  masterAddress: string;
  masterPort: number;
  listenPort: number;
  workerAddress?: string;
  heartbeatInterval: number;
  heartbeatMaxRetries: number;
  masterWait: number;
  peerTimeout: number;
  peerWait: number;
  breaker?: Record<string, unknown>;
  pool?: Record<string, unknown>;
  logMemory: number;
  logMax: number;
  stagingMemory: number;
  stagingMax: number;
  spillFolder?: string;
  memoryMax?: number;
  effectsMax: number;
  name?: string;
  capacity: number;
  agentsMax: number;
  host?: string;
  zone?: string;
  scenario?: string;
}

export interface SingleConfig {
  scenario?: string;
  seed: number;
  params?: Record<string, unknown>;
  until?: number;
  rounds?: number;
  out?: string;
}

export interface ConfigOf {
  master: MasterConfig;
  worker: WorkerConfig;
  single: SingleConfig;
}

/** What a user may write: every key may be left out, but for those that the table calls required. */
export type ConfigInput<R extends Role> = R extends "worker"
  ? Partial<WorkerConfig> & Pick<WorkerConfig, "masterAddress">
  : Partial<ConfigOf[R]>;

/**
 * Checks a configuration and fills in the defaults. `source` says where it comes from ("master.yaml").
 * Throws INVALID_CONFIG naming key, value and range; unknown keys with the nearest known one.
 */
export function parseConfig<R extends Role>(role: R, input: unknown, source: string): ConfigOf[R] {
  if (!isRecord(input))
    throw invalid(source, `the configuration is ${show(input)}; it must be a record of keys and values`);
  const known = configKeys().filter(([, key]) => key.roles.includes(role));
  for (const name of Object.keys(input)) {
    if (!known.some(([other]) => other === name)) throw unknownKey(role, name, source);
  }
  const config: Record<string, unknown> = {};
  for (const [name, key] of known) {
    const value = input[name] === undefined ? key.defaults?.[role] : input[name];
    if (value !== undefined) config[name] = checkValue(name, key, value, source);
    else if (key.required) throw invalid(source, `${name} is required: ${key.means}`);
  }
  const workerTimeout = input.workerTimeout === undefined ? undefined : (config.workerTimeout as number);
  checkBeat(workerTimeout, config.heartbeatInterval as number | undefined, source);
  return config as unknown as ConfigOf[R];
}

/**
 * A master must wait for at least three beats before it takes a worker for dead. Used where both values are known:
 * in one configuration, and when a worker says hello. Seconds. Throws INVALID_CONFIG with both values.
 */
export function checkBeat(
  workerTimeout: number | undefined,
  heartbeatInterval: number | undefined,
  source: string,
): void {
  if (workerTimeout === undefined || heartbeatInterval === undefined) return;
  if (workerTimeout < BEATS_MISSED * heartbeatInterval) {
    throw invalid(
      source,
      `workerTimeout ${workerTimeout} s is below ${BEATS_MISSED} x heartbeatInterval ${heartbeatInterval} s; it must be at least ${BEATS_MISSED * heartbeatInterval} s`,
    );
  }
}

/** The role's keys that `MYRIAD_*` variables set, as values of their kinds; an unknown variable is refused. */
export function configFromEnvironment(role: Role, environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const byVariable = new Map(configKeys().map(([name, key]) => [environmentName(name), { name, key }]));
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith("MYRIAD_") || text === undefined || INTERNAL_VARIABLES.includes(variable)) continue;
    const entry = byVariable.get(variable);
    if (entry === undefined) {
      throw invalid("environment", `unknown variable ${variable}${didYouMean(variable, byVariable.keys())}`);
    }
    if (!entry.key.roles.includes(role)) continue;
    checkValue(entry.name, entry.key, (input[entry.name] = fromText(entry.key, text)), `environment ${variable}`);
  }
  return input;
}

/** Set by the runtime for the workers it starts; not for users. */
export const INTERNAL_VARIABLES: readonly string[] = ["MYRIAD_SPAWNED"];

function fromText(key: ConfigKey, text: string): unknown {
  if (key.kind === "text" || key.kind === "endpoint" || key.kind === "name" || key.kind === "choice") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function checkValue(name: KeyName, key: ConfigKey, value: unknown, source: string): unknown {
  if (!isAllowed(key, value)) throw invalid(source, `${name} is ${show(value)}; it must be ${describeRange(key)}`);
  try {
    CHECKS[name]?.(value as Record<string, unknown>);
  } catch (reason) {
    throw invalid(
      source,
      reason instanceof MyriadError ? reason.message.slice(reason.code.length + 2) : String(reason),
    );
  }
  return value;
}

/** What is inside a record, where that is known. Each throws INVALID_CONFIG. */
const CHECKS: Partial<Record<KeyName, (value: Record<string, unknown>) => unknown>> = {
  breaker: breakerOptions,
  pool: poolOptions,
};

function isAllowed(key: ConfigKey, value: unknown): boolean {
  switch (key.kind) {
    case "integer":
    case "number":
    case "seconds":
      if (typeof value !== "number" || !Number.isFinite(value)) return false;
      if (key.kind === "integer" && !Number.isInteger(value)) return false;
      return value >= key.min! && value <= key.max!;
    case "text":
      return typeof value === "string" && value.trim() !== "";
    case "name":
      return typeof value === "string" && NAME_PATTERN.test(value);
    case "endpoint":
      return typeof value === "string" && splitHostPort(value) !== undefined;
    case "choice":
      return typeof value === "string" && key.choices!.includes(value);
    case "record":
      return isRecord(value);
  }
}

function unknownKey(role: Role, name: string, source: string): MyriadError {
  const other = configKeys().find(([key]) => key === name);
  if (other !== undefined) {
    return invalid(source, `${name} is a key of ${other[1].roles.join(" and ")}, not of ${role}`);
  }
  const names = configKeys().flatMap(([key, { roles }]) => (roles.includes(role) ? [key] : []));
  return invalid(source, `unknown key "${name}"${didYouMean(name, names)}; known are ${names.join(", ")}`);
}

const invalid = (source: string, message: string): MyriadError =>
  new MyriadError("INVALID_CONFIG", `${source}: ${message}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function show(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
