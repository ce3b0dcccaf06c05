import { TIMER_MS_MAX } from "../base/limits.ts";

/** Node fires longer timers at once, so no interval may be longer. */
export const SECONDS_MAX = TIMER_MS_MAX / 1000;
/** Beats any faster than this would be load, not information. */
export const SECONDS_MIN = 0.01;
/** Seeds are integers that a double holds exactly. */
export const SEED_MAX = Number.MAX_SAFE_INTEGER;
export const PORT_MAX = 65_535;
/** Where a master listens unless told otherwise. */
export const MASTER_PORT = 10_051;
/** A handler may block a worker for minutes; what is silent for longer is cut. */
export const PEER_TIMEOUT = 150;
/** As long as a worker waits for its master. */
export const PEER_WAIT = 60;
/** Budgets are written in MiB. */
export const MIB = 1024 * 1024;
/** A handler may take minutes; what is without progress for longer will not end by itself. */
export const STALL_LIMIT = 600;
/** A worker is dead after this many missed beats, unless `workerTimeout` says otherwise. */
export const BEATS_MISSED = 3;

/** More than any machine has; what is above is bytes by mistake. */
export const MEMORY_MIB_MAX = 2 ** 24;
/** A handler that waits takes memory: more at once than this is a slip of the pen. */
export const EFFECTS_MAX = 1_000_000;

/** Seconds between two checkpoints: what a crash costs at most, for a pause that nobody notices. */
export const CHECKPOINT_EVERY = 30;
/** A machine may take that long to come up again. */
export const WAIT_FOR_WORKER = 60;
/** How a lost worker is recovered from: its part alone is computed again, or all are. */
export const RECOVERIES = ["confined", "rollback"] as const;
export type Recovery = (typeof RECOVERIES)[number];
