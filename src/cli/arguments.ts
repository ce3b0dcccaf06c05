import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { isPlacementMethod, PLACEMENT_METHODS, type PlacementMethod } from "../model/placement-rule.ts";
import { RECOVERIES, type Recovery, SECONDS_MAX, SEED_MAX } from "../runtime/config-limits.ts";

/** Values of options come as text. What cannot be read is refused with INVALID_ARGUMENT naming option, value and range. */
export function parseInteger(option: string, text: string, min: number, max: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw refused(option, text, `an integer from ${min} to ${max}`);
  return value;
}

export const parseWorkers = (text: string): number => parseInteger("--workers", text, 0, WORKERS_MAX);

export const parseSeed = (text: string): number => parseInteger("--seed", text, 0, SEED_MAX);

export const parseRounds = (text: string): number => parseInteger("--rounds", text, 1, Number.MAX_SAFE_INTEGER);

/** Virtual time at which to stop. */
export function parseTime(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw refused("--until", text, "a virtual time above 0");
  return value;
}

/** Seconds. */
export function parseStallLimit(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && value <= SECONDS_MAX)) {
    throw refused("--stall-limit", text, `seconds above 0 and up to ${SECONDS_MAX}`);
  }
  return value;
}

/** Seconds, or 0. */
export function parseCheckpointEvery(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= SECONDS_MAX) return value;
  throw refused("--checkpoint-every", text, `seconds of 0 to ${SECONDS_MAX}`);
}

export function parseRecovery(text: string): Recovery {
  const found = RECOVERIES.find((name) => name === text);
  if (found === undefined) throw refused("--recovery", text, `one of ${RECOVERIES.join(", ")}`);
  return found;
}

/** `1,2,3`: numbers of workers to compare, in the order given, each once. */
export function parseWorkerList(text: string): number[] {
  const counts = text.split(",").map((part) => parseInteger("--workers", part.trim(), 0, WORKERS_MAX));
  return [...new Set(counts)];
}

export function parsePlacement(text: string): PlacementMethod {
  if (!isPlacementMethod(text)) throw refused("--placement", text, `one of ${PLACEMENT_METHODS.join(", ")}`);
  return text;
}

/** HOST:PORT; IPv6 hosts in brackets. */
export function parseAddress(text: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || !(port >= 1 && port <= 65_535)) throw refused("--master", text, "HOST:PORT");
  return text;
}

/** Adds one `name=value` to those before: numbers, true, false, null and other JSON as such, all else as text. */
export function collectParam(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const at = text.indexOf("=");
  if (at < 1) throw refused("--param", text, "name=value");
  const params = { ...before };
  const value = parseValue(text.slice(at + 1));
  Object.defineProperty(params, text.slice(0, at), { value, enumerable: true, configurable: true, writable: true });
  return params;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function refused(option: string, text: string, wanted: string): MyriadError {
  return new MyriadError("INVALID_ARGUMENT", `${option} is ${JSON.stringify(text)}; it must be ${wanted}`);
}
