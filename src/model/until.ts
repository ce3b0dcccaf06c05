import { MyriadError } from "../base/error.ts";
import type { ObservedValue } from "./observation.ts";

/**
 * When a run ends, beside quiescence. Several keys at once, and the members of `any`, each end it.
 * `O` is what `when` reads.
 */
export interface Until<O = Readonly<Record<string, ObservedValue>>> {
  /** Virtual time, exclusive: events at this time are not handled. */
  readonly time?: number;
  /** Rounds to complete. */
  readonly rounds?: number;
  /** Looked at with each sample. Must depend on nothing else. */
  when?(observed: O): boolean;
  readonly any?: readonly Until<O>[];
}

const KEYS = ["time", "rounds", "when", "any"];

/** Throws INVALID_SCENARIO naming `path` within the rule. */
export function checkUntil(until: Until, path: string): void {
  if (typeof until !== "object" || until === null) throw invalid(path, "is not a record such as { time: 100 }");
  const keys = Object.keys(until).filter((key) => until[key as keyof Until] !== undefined);
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw invalid(`${path}.${unknown}`, `is not known; known are ${KEYS.join(", ")}`);
  if (keys.length === 0) throw invalid(path, `has none of ${KEYS.join(", ")}`);
  const { time, rounds, when, any } = until;
  if (time !== undefined && !(Number.isFinite(time) && time > 0)) {
    throw invalid(`${path}.time`, `${String(time)} is not a number above 0`);
  }
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds > 0)) {
    throw invalid(`${path}.rounds`, `${String(rounds)} is not a positive integer`);
  }
  if (when !== undefined && typeof when !== "function") throw invalid(`${path}.when`, "is not a function");
  if (any === undefined) return;
  if (!Array.isArray(any) || any.length === 0) throw invalid(`${path}.any`, "is not an array of at least one rule");
  for (const [i, rule] of any.entries()) checkUntil(rule, `${path}.any[${i}]`);
}

/** Whether any part of a rule has the property. */
export const untilHas = (until: Until | undefined, key: "time" | "rounds" | "when"): boolean =>
  until !== undefined && (until[key] !== undefined || (until.any ?? []).some((rule) => untilHas(rule, key)));

const invalid = (path: string, what: string): MyriadError => new MyriadError("INVALID_SCENARIO", `${path} ${what}`);
