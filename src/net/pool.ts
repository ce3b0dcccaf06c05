import type { Clock } from "../base/clock.ts";
import { hashBytes } from "../base/hash.ts";
import { type NumberOption, numberOptions } from "../base/number-options.ts";
import type { BreakerKind, BreakerOptions } from "./breaker.ts";
import { type Connection, type Lease, PoolShard, type Purpose, type ShardMetrics } from "./pool-shard.ts";

export interface PoolOptions {
  /** Parts of the pool, independent of each other; a target's hash says in which it is. */
  readonly shards: number;
  /** TCP connections to each peer for each purpose. */
  readonly connectionsPerPeer: number;
  /** Seconds after its last use when an idle connection is closed. */
  readonly idleTimeout: number;
}

export const POOL_OPTIONS: Readonly<Record<keyof PoolOptions, NumberOption>> = {
  shards: { initial: 8, min: 1, max: 256 },
  connectionsPerPeer: { initial: 1, min: 1, max: 16 },
  idleTimeout: { initial: 300, min: 0.01, max: 86_400, seconds: true },
};

/** Options as a user writes them, the rest by default. Throws INVALID_CONFIG naming key, value and range. */
export const poolOptions = (given: Readonly<Record<string, unknown>>): PoolOptions =>
  numberOptions("pool", POOL_OPTIONS, given);

export interface PoolSetup<C> {
  readonly options: PoolOptions;
  readonly breaker: BreakerOptions;
  /** Makes a connection to a host:port. */
  readonly dial: (target: string, purpose: Purpose) => C;
  readonly clock: Clock;
  /** Told each change of a target's breaker, once. */
  readonly onBreaker?: (target: string, purpose: Purpose, to: BreakerKind, from: BreakerKind) => void;
}

/** The connections of one process to its peers: kept, reused, given up when idle, and all closed at the end. */
export class Pool<C extends Connection> {
  readonly #shards: readonly PoolShard<C>[];

  constructor({ options, breaker, dial, clock, onBreaker = () => {} }: PoolSetup<C>) {
    const { shards, connectionsPerPeer, idleTimeout } = options;
    this.#shards = Array.from(
      { length: shards },
      () => new PoolShard({ dial, connectionsPerPeer, idleTimeoutMs: idleTimeout * 1000, breaker, clock, onBreaker }),
    );
  }

  /**
   * A connection to `target` for one call: one that nobody uses, else a new one, else the one with the fewest calls.
   * Throws UNAVAILABLE while the target's breaker is open or when the pool is closed.
   */
  lease(target: string, purpose: Purpose): Lease<C> {
    return this.#shardOf(target).lease(target, purpose);
  }

  /** Dials all connections that are missing, and resolves when they stand. Throws UNAVAILABLE naming the first that does not in the time. */
  async prewarm(targets: readonly string[], purpose: Purpose, withinMs: number): Promise<void> {
    await Promise.all(targets.map((target) => this.#shardOf(target).warm(target, purpose, withinMs)));
  }

  breakerOf(target: string, purpose: Purpose): BreakerKind {
    return this.#shardOf(target).breakerOf(target, purpose);
  }

  /** By shard. */
  metrics(): ShardMetrics[] {
    return this.#shards.map((shard) => shard.metrics());
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
  }

  #shardOf(target: string): PoolShard<C> {
    const hash = Number.parseInt(hashBytes(Buffer.from(target)).slice(-8), 16);
    return this.#shards[hash % this.#shards.length]!;
  }
}
