import { MyriadError } from "../base/error.ts";
import { snapshot } from "../base/plain.ts";
import { nearest } from "../base/suggest.ts";
import type { Model } from "./model.ts";

/**
 * Parses parameters by the model's schema. Unknown ones are refused where the schema is an object with a fixed shape.
 * What comes out is plain data and frozen: a handler that changed a parameter would change it on one worker only.
 * Throws INVALID_PARAMS with the first problem.
 */
export function parseParams(model: Model, given: Readonly<Record<string, unknown>>): unknown {
  refuseUnknown(model, Object.keys(given));
  if (model.params === undefined) return Object.freeze({});
  let result: ReturnType<NonNullable<typeof model.params>["safeParse"]>;
  try {
    result = model.params.safeParse(given);
  } catch (reason) {
    throw invalid(`params: ${reason instanceof Error ? reason.message : String(reason)}`, reason);
  }
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const path = issue.path.map(String).join(".");
    const value = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      given,
    );
    throw invalid(`parameter "${path}" = ${show(value)}: ${issue.message}`, result.error);
  }
  try {
    return freeze(snapshot(result.data, "params"), "params");
  } catch (reason) {
    if (reason instanceof MyriadError && reason.code === "INVALID_PARAMS") throw reason;
    throw invalid(reason instanceof Error ? reason.message : String(reason), reason);
  }
}

function refuseUnknown(model: Model, keys: readonly string[]): void {
  const known = knownParams(model);
  if (known === undefined) return;
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const best = nearest(unknown, known);
  const hint = best === undefined ? "" : ` (did you mean "${best}"?)`;
  const list = known.length === 0 ? `the model "${model.name}" has none` : `known are ${known.join(", ")}`;
  throw invalid(`unknown parameter "${unknown}"${hint}; ${list}`);
}

/** The names of a model's parameters; undefined when its schema takes any. */
export function knownParams(model: Model): readonly string[] | undefined {
  if (model.params === undefined) return [];
  const schema = model.params as unknown as { shape?: Record<string, unknown>; def?: { catchall?: { type?: string } } };
  if (typeof schema.shape !== "object" || schema.shape === null) return undefined;
  const rest = schema.def?.catchall;
  const open = rest !== undefined && (rest as { def?: { type?: string } }).def?.type !== "never";
  return open ? undefined : Object.keys(schema.shape);
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? String(value) : text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** Handlers of all agents share the parameters, so nothing in them may be changed. */
function freeze<T>(value: T, path: string): T {
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    throw invalid(`${path} is a ${(value as object).constructor.name}; parameters are scalars, arrays and records`);
  }
  for (const [key, part] of Object.entries(value)) freeze(part, `${path}.${key}`);
  return Object.freeze(value);
}

const invalid = (what: string, cause?: unknown): MyriadError => new MyriadError("INVALID_PARAMS", what, { cause });
