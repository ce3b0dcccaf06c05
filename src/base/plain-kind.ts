import { MyriadError } from "./error.ts";

/** The typed arrays that plain data may hold. Their elements are numbers; a Buffer is not one of them. */
export type PlainTypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/**
 * Plain data: trees that can be copied, sent, stored and hashed without loss. No functions, symbols, bigints, dates or class instances, nothing that can
 * be reached by two ways. A property that is undefined counts as absent; anywhere else undefined is not plain.
 */
export type Plain =
  | null
  | boolean
  | number
  | string
  | PlainTypedArray
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined }
  | ReadonlyMap<Plain, Plain>
  | ReadonlySet<Plain>;

/** What an object is, by its prototype alone. Typed arrays count up from TYPED; canonical bytes hold these numbers. */
export const KIND = { OTHER: 0, RECORD: 1, ARRAY: 2, MAP: 3, SET: 4, TYPED: 5 } as const;

const FLOAT32 = KIND.TYPED + 7;
const FLOAT64 = KIND.TYPED + 8;
const KINDS = new Map<object, number>([
  [Object.prototype, KIND.RECORD], // with a key `__proto__` of its own
  [Array.prototype, KIND.ARRAY],
  [Map.prototype, KIND.MAP],
  [Set.prototype, KIND.SET],
  [Int8Array.prototype, KIND.TYPED],
  [Uint8Array.prototype, KIND.TYPED + 1],
  [Uint8ClampedArray.prototype, KIND.TYPED + 2],
  [Int16Array.prototype, KIND.TYPED + 3],
  [Uint16Array.prototype, KIND.TYPED + 4],
  [Int32Array.prototype, KIND.TYPED + 5],
  [Uint32Array.prototype, KIND.TYPED + 6],
  [Float32Array.prototype, FLOAT32],
  [Float64Array.prototype, FLOAT64],
]);

/** One of KIND, or above TYPED. Subclasses and whatever else has a prototype of its own are OTHER. */
export function kindOf(value: object): number {
  // biome-ignore lint/suspicious/noProto: twice as fast, on every activation; what it could be deceived by, a key `__proto__`, is refused by name
  if ((value as { __proto__?: unknown }).__proto__ === Object.prototype) return KIND.RECORD;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return KIND.RECORD;
  if (prototype === Array.prototype) return KIND.ARRAY;
  return KINDS.get(prototype as object) ?? KIND.OTHER;
}

/** True for the kinds of typed arrays whose elements may be -0 or NaN. */
export function isFloatKind(kind: number): boolean {
  return kind === FLOAT32 || kind === FLOAT64;
}

/** What a value that is not plain is, to go after its path: `is a Date`. */
export function describe(value: unknown): string {
  if (value === undefined) return "is undefined";
  if (typeof value !== "object" || value === null) return `is a ${typeof value}`;
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown };
  const maker = prototype.constructor;
  const name = typeof maker === "function" ? maker.name : "";
  if (name === "") return "is an instance of a class";
  return `is ${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** A key of a record, or a position: of an element, of a set's member, or (2i and 2i + 1) of a map's key and value. */
export type Step = string | number;

/** The error for what stands `depth` steps below `root`, named by its path: `state.nested.when is a Date`. */
export function notPlain(
  root: unknown,
  path: string,
  steps: readonly Step[],
  depth: number,
  reason: string,
): MyriadError {
  let text = path;
  let at = root;
  for (const step of steps.slice(0, depth)) {
    if (typeof step === "string") {
      text += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
      // A property that is read here may be an accessor only as the last step, where nothing more is read.
      at = Object.getOwnPropertyDescriptor(at, step)?.value;
    } else if (at instanceof Map) {
      const [key, value] = [...at][step >> 1]!;
      const named = typeof key === "string" || typeof key === "number";
      text +=
        step % 2 === 0 ? `.keys()[${step >> 1}]` : named ? `.get(${JSON.stringify(key)})` : `.values()[${step >> 1}]`;
      at = step % 2 === 0 ? key : value;
    } else if (at instanceof Set) {
      text += `.values()[${step}]`;
      at = [...at][step];
    } else {
      text += `[${step}]`;
      at = (at as unknown[])[step];
    }
  }
  return new MyriadError("NOT_PLAIN_DATA", `${text} ${reason}`);
}
