import { EFFECT_CONCURRENCY_DEFAULT } from "../engine/effects.ts";
import type { WorkerConfig } from "./config.ts";

/** How much of its machine a worker may take. */
export interface WorkerLimits {
  /** Resident memory of the process; Infinity: no limit. */
  readonly memoryMaxBytes: number;
  /** Effects under way at once; the rest wait in order. */
  readonly effectsMax: number;
}

export const WORKER_LIMITS_DEFAULT: WorkerLimits = {
  memoryMaxBytes: Number.POSITIVE_INFINITY,
  effectsMax: EFFECT_CONCURRENCY_DEFAULT,
};

export const workerLimits = ({ memoryMax, effectsMax }: WorkerConfig): WorkerLimits => ({
  memoryMaxBytes: memoryMax === undefined ? Number.POSITIVE_INFINITY : memoryMax * 2 ** 20,
  effectsMax,
});
