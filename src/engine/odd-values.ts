type Step = string | number;

/** A value that MessagePack does not bring back as it was, and where it is: -0 (null), or ill-formed text (its code units). */
export type OddValue = readonly [row: number, path: readonly Step[], units: Uint16Array | null];

/**
 * Finds what states hold between events that is plain data, but comes back from bytes as something else: a handler can
 * tell the difference (`Math.atan2` does), and a run that was saved must not. Keys of records and maps are not looked at.
 */
export function oddValues(rows: readonly unknown[]): OddValue[] {
  const found: OddValue[] = [];
  const path: Step[] = [];
  let row = 0;
  const look = (value: unknown): void => {
    if (isOdd(value)) found.push([row, [...path], typeof value === "string" ? unitsOf(value) : null]);
    else if (typeof value === "object" && value !== null) lookInto(value, path, look);
  };
  for (; row < rows.length; row++) {
    const state = rows[row];
    if (typeof state !== "object" || mayHide(state)) look(state);
  }
  return found;
}

/** Puts what was found back into its places. */
export function restoreOddValues(rows: unknown[], found: readonly OddValue[]): void {
  for (const [row, path, units] of found) {
    const value = units === null ? -0 : String.fromCharCode(...units);
    if (path.length === 0) {
      rows[row] = value;
      continue;
    }
    let place = rows[row];
    for (const step of path.slice(0, -1))
      place = place instanceof Map ? place.get(keyAt(place, step)) : at(place)[step];
    const last = path.at(-1)!;
    if (place instanceof Map) place.set(keyAt(place, last), value);
    else at(place)[last] = value;
  }
}

type Place = Record<Step, unknown>;
const at = (place: unknown): Place => place as Place;

/** The key of a map's n-th entry: keys may be objects. */
function keyAt(map: Map<unknown, unknown>, n: Step): unknown {
  let i = 0;
  for (const key of map.keys()) if (i++ === n) return key;
  return undefined;
}

const isOdd = (value: unknown): boolean =>
  typeof value === "number" ? Object.is(value, -0) : typeof value === "string" && !isWellFormed(value);

const isWellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed();

const unitsOf = (text: string): Uint16Array => Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));

/** False for what most states are: a record of ordinary numbers and truth values. */
function mayHide(state: object | null): boolean {
  for (const key in state) {
    const value = at(state)[key];
    if (typeof value === "number" ? Object.is(value, -0) : typeof value !== "boolean") return true;
  }
  return state instanceof Map;
}

function lookInto(value: object, path: Step[], look: (value: unknown) => void): void {
  if (ArrayBuffer.isView(value) || value instanceof Set) return;
  const depth = path.length;
  if (value instanceof Map) {
    let n = 0;
    for (const part of value.values()) {
      path[depth] = n++;
      look(part);
    }
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      path[depth] = i;
      look(value[i]);
    }
  } else {
    for (const key in value) {
      path[depth] = key;
      look(at(value)[key]);
    }
  }
  path.length = depth;
}
