import type { Plain, PlainTypedArray } from "../base/plain.ts";

type Scalar = null | undefined | boolean | number | string;
type Foreign =
  | bigint
  | symbol
  | Date
  | RegExp
  | Error
  | Promise<unknown>
  | ArrayBuffer
  | DataView
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | ((...args: never) => unknown);

/** `T` with everything that is not plain data replaced by `never`; `unknown` and what is wider than `Plain` pass. */
export type PlainOf<T> = Plain extends T
  ? T
  : T extends Scalar | PlainTypedArray
    ? T
    : T extends Foreign
      ? never
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<PlainOf<K>, PlainOf<V>>
        : T extends ReadonlySet<infer V>
          ? ReadonlySet<PlainOf<V>>
          : { [K in keyof T]: PlainOf<T[K]> };

/**
 * `Yes` when all of `T` is plain data, else `No`. Unlike a bound of `Plain` it takes interfaces and leaves the inference
 * of `T` alone.
 */
export type IfPlain<T, Yes, No> = [T] extends [PlainOf<T>] ? Yes : No;
