import { type BreakerOptions, breakerOptions } from "../net/breaker.ts";
import type { LinkTiming } from "../net/outlet.ts";
import { type PoolOptions, poolOptions } from "../net/pool.ts";
import type { WorkerConfig } from "./config.ts";
import { PEER_TIMEOUT, PEER_WAIT } from "./config-keys.ts";

/** How a worker keeps its links to the others. */
export interface PeerOptions extends LinkTiming {
  readonly pool: PoolOptions;
  readonly breaker: BreakerOptions;
}

export const PEER_OPTIONS_DEFAULT: PeerOptions = {
  silenceMsMax: PEER_TIMEOUT * 1000,
  peerWaitMs: PEER_WAIT * 1000,
  pool: poolOptions({}),
  breaker: breakerOptions({}),
};

export const peerOptions = ({ peerTimeout, peerWait, pool, breaker }: WorkerConfig): PeerOptions => ({
  silenceMsMax: peerTimeout * 1000,
  peerWaitMs: peerWait * 1000,
  pool: poolOptions(pool ?? {}),
  breaker: breakerOptions(breaker ?? {}),
});
