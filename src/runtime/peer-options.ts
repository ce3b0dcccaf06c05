import { tmpdir } from "node:os";
import { LOG_DISK_BYTES, LOG_MEMORY_BYTES, STAGING_DISK_BYTES, STAGING_MEMORY_BYTES } from "../base/limits.ts";
import { type BreakerOptions, breakerOptions } from "../net/breaker.ts";
import type { LinkTiming } from "../net/outlet.ts";
import { type PoolOptions, poolOptions } from "../net/pool.ts";
import type { SpillLimits } from "../store/spill-budget.ts";
import type { WorkerConfig } from "./config.ts";
import { MIB, PEER_TIMEOUT, PEER_WAIT } from "./config-limits.ts";

/** How a worker keeps its links to the others. */
export interface PeerOptions extends LinkTiming {
  readonly pool: PoolOptions;
  readonly breaker: BreakerOptions;
  /** What frames may take that peers have not got yet ... */
  readonly logs: SpillLimits;
  /** ... and what those may that came from peers and wait for their window. */
  readonly staging: SpillLimits;
}

const limits = (which: "log" | "staging", memoryBytes: number, diskBytes: number, folder = tmpdir()): SpillLimits => ({
  memoryBytes,
  diskBytes,
  folder,
  diskOption: `${which}Max`,
});

export const PEER_OPTIONS_DEFAULT: PeerOptions = {
  silenceMsMax: PEER_TIMEOUT * 1000,
  peerWaitMs: PEER_WAIT * 1000,
  pool: poolOptions({}),
  breaker: breakerOptions({}),
  logs: limits("log", LOG_MEMORY_BYTES, LOG_DISK_BYTES),
  staging: limits("staging", STAGING_MEMORY_BYTES, STAGING_DISK_BYTES),
};

export const peerOptions = (config: WorkerConfig): PeerOptions => ({
  silenceMsMax: config.peerTimeout * 1000,
  peerWaitMs: config.peerWait * 1000,
  pool: poolOptions(config.pool ?? {}),
  breaker: breakerOptions(config.breaker ?? {}),
  logs: limits("log", config.logMemory * MIB, config.logMax * MIB, config.spillFolder),
  staging: limits("staging", config.stagingMemory * MIB, config.stagingMax * MIB, config.spillFolder),
});
