import { SECONDS_MAX, SECONDS_MIN } from "./config-limits.ts";

/** What a node is: the head of a cluster, one of its workers, or everything in one process. */
export type Role = "master" | "worker" | "single";

export type ValueKind = "integer" | "number" | "seconds" | "text" | "name" | "record" | "choice" | "endpoint";

/** One configuration key. Validation, the environment's names and docs/config.md all come from this. */
export interface ConfigKey {
  readonly roles: readonly Role[];
  readonly kind: ValueKind;
  /** Smallest and largest value, both allowed. */
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** By role, where it has one; a key without a default may be absent. */
  readonly defaults?: Readonly<Partial<Record<Role, number | string>>>;
  readonly required?: boolean;
  readonly means: string;
}

/** A time that must pass. */
export const SECONDS = { kind: "seconds", min: SECONDS_MIN, max: SECONDS_MAX } as const;

export const CLUSTER: readonly Role[] = ["master", "worker"];
export const RUNS: readonly Role[] = ["master", "single"];
export const MASTER: readonly Role[] = ["master"];
export const WORKER: readonly Role[] = ["worker"];

/** `listenPort` is `MYRIAD_LISTEN_PORT` in the environment. */
export const environmentName = (key: string): string =>
  `MYRIAD_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** What a value of the key must be, in words. */
export function describeRange(key: ConfigKey): string {
  const bounds = key.min === Number.MIN_VALUE ? "above 0" : `from ${key.min} to ${key.max}`;
  switch (key.kind) {
    case "integer":
      return `an integer ${bounds}`;
    case "number":
      return `a number ${bounds}`;
    case "seconds":
      return `a number of seconds ${bounds}`;
    case "text":
      return "a text that is not empty";
    case "endpoint":
      return "a host name or address, or host:port";
    case "name":
      return "a name of 1 to 128 characters of A-Z a-z 0-9 _ . : -";
    case "record":
      return "a record of names and values";
    case "choice":
      return `one of ${key.choices?.join(", ")}`;
  }
}
