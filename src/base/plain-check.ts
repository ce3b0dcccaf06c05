import { PLAIN_DEPTH_MAX } from "./limits.ts";
import { describe, KIND, kindOf, notPlain, type PlainTypedArray, type Step } from "./plain-kind.ts";

// One check at a time, so its working place is shared and the good path allocates nothing.
const steps: Step[] = [];
let left = 0;
let faultDepth = 0;

/**
 * Refuses what is not plain data, as `snapshot` does but without a copy, and looking at no more than `budget` values: for states after each handler.
 * What costs too much here is left to `snapshot`, the codec and the hash: second ways to one object (a cycle is found by its depth), accessors (they are
 * read), symbol keys and hidden properties, named properties of arrays, ill-formed keys. Throws NOT_PLAIN_DATA with the path, which starts with `path`.
 */
export function checkPlain(value: unknown, path: string, budget: number): void {
  left = budget;
  const reason = fault(value, 0);
  if (reason !== undefined) throw notPlain(value, path, steps, faultDepth, reason);
}

/** Why `value` is not plain, its place being in `steps` and `faultDepth`; undefined if it is, or if the budget is used up. */
function fault(value: unknown, depth: number): string | undefined {
  if (--left < 0) return undefined;
  switch (typeof value) {
    case "number":
    case "string":
    case "boolean":
      return undefined;
    case "object": {
      if (value === null) return undefined;
      const kind = kindOf(value);
      if (kind === KIND.OTHER) return failed(depth, describe(value));
      if (kind >= KIND.TYPED) {
        const shared = (value as PlainTypedArray).buffer instanceof SharedArrayBuffer;
        return shared ? failed(depth, "is a view of shared memory") : undefined;
      }
      if (depth >= PLAIN_DEPTH_MAX) return failed(depth, `is more than ${PLAIN_DEPTH_MAX} levels deep`);
      if (kind === KIND.RECORD) return recordFault(value as Record<string, unknown>, depth);
      if (kind === KIND.ARRAY) return arrayFault(value as unknown[], depth);
      return collectionFault(value as Map<unknown, unknown> | Set<unknown>, depth);
    }
    default:
      return failed(depth, describe(value));
  }
}

function recordFault(value: Record<string, unknown>, depth: number): string | undefined {
  for (const key in value) {
    const child = value[key];
    if (key === "__proto__") {
      steps[depth] = key;
      return failed(depth + 1, "is a key that plain data cannot have");
    }
    // Scalars are settled here: a call for each would cost more than the check.
    if (typeof child === "number" || typeof child === "string" || typeof child === "boolean") {
      if (--left < 0) return undefined;
    } else if (child !== undefined) {
      steps[depth] = key;
      const reason = fault(child, depth + 1);
      if (reason !== undefined || left < 0) return reason;
    }
  }
  return undefined;
}

function arrayFault(value: readonly unknown[], depth: number): string | undefined {
  for (let i = 0; i < value.length && left > 0; i++) {
    const child = value[i];
    if (typeof child === "number") {
      left--;
      continue;
    }
    steps[depth] = i;
    const reason = fault(child, depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function collectionFault(value: Map<unknown, unknown> | Set<unknown>, depth: number): string | undefined {
  let step = 0;
  const isMap = value instanceof Map;
  for (const element of value) {
    if (left <= 0) return undefined;
    steps[depth] = step++;
    let reason = fault(isMap ? (element as [unknown, unknown])[0] : element, depth + 1);
    if (reason !== undefined) return reason;
    if (!isMap) continue;
    steps[depth] = step++;
    reason = fault((element as [unknown, unknown])[1], depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function failed(depth: number, reason: string): string {
  faultDepth = depth;
  return reason;
}
