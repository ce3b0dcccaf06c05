import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { Breaker, type BreakerKind, type BreakerOptions, type Permit } from "./breaker.ts";

/**
 * What a connection is for: events between workers, commands of the master, large transfers. Each purpose has connections
 * of its own, so that none stands behind another. (Beats come from a thread, which has its own.)
 */
export type Purpose = "events" | "control" | "bulk";
const PURPOSES = 3;

/** One TCP connection, or what will be one at its first call. */
export interface Connection {
  /** Resolves when it stands; rejects when it does not within the time. */
  ready(withinMs: number): Promise<void>;
  close(): void;
}

/** Leave to make one call on a connection, until `release`. Each of the two is told once; what comes after is ignored. */
export interface Lease<C> {
  readonly connection: C;
  /** The target has answered, be it by a refusal: it is there. */
  answered(): void;
  /** The call is over. `broken`: the connection is not to be used again. */
  release(broken: boolean): void;
}

/** Figures of one shard. Those that only rise count since the start. */
export interface ShardMetrics {
  readonly open: number;
  readonly busy: number;
  readonly idle: number;
  readonly dialled: number;
  /** Calls that found a connection. */
  readonly reused: number;
  readonly closedIdle: number;
  /** Calls that were not answered. */
  readonly failures: number;
  /** By purpose and target. */
  readonly breakers: Readonly<Record<string, BreakerKind>>;
}

export interface ShardOptions<C> {
  readonly dial: (target: string, purpose: Purpose) => C;
  readonly connectionsPerPeer: number;
  readonly idleTimeoutMs: number;
  readonly breaker: BreakerOptions;
  readonly clock: Clock;
  readonly onBreaker: (target: string, purpose: Purpose, to: BreakerKind, from: BreakerKind) => void;
}

/** Every worker may be a peer for each purpose, and all may fall into one shard. */
export const PEERS_PER_SHARD_MAX = PURPOSES * WORKERS_MAX;

interface Entry<C> {
  readonly connection: C;
  leases: number;
  /** Clock time of the last use's end. */
  idleSinceMs: number;
}

interface Peer<C> {
  readonly target: string;
  readonly purpose: Purpose;
  readonly breaker: Breaker;
  readonly entries: Set<Entry<C>>;
}

/** Connections to some of the targets. Shards know nothing of each other. */
export class PoolShard<C extends Connection> {
  readonly #options: ShardOptions<C>;
  readonly #peers = new Map<string, Peer<C>>();
  readonly #counts = { dialled: 0, reused: 0, closedIdle: 0, failures: 0 };
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(options: ShardOptions<C>) {
    this.#options = options;
  }

  /** A connection for one call. Throws UNAVAILABLE while the target's breaker is open, LIMIT past PEERS_PER_SHARD_MAX. */
  lease(target: string, purpose: Purpose): Lease<C> {
    const peer = this.#peer(target, purpose);
    const permit = this.#ask(peer);
    const entry = this.#free(peer) ?? this.#dial(peer) ?? this.#leastBusy(peer);
    entry.leases++;
    return this.#leaseOf(peer, entry, permit);
  }

  /** Brings the target's connections up to their number; resolves when the new ones stand. Throws as `lease`, or UNAVAILABLE. */
  async warm(target: string, purpose: Purpose, withinMs: number): Promise<void> {
    const peer = this.#peer(target, purpose);
    const dials: Promise<void>[] = [];
    while (peer.entries.size < this.#options.connectionsPerPeer) {
      const permit = this.#ask(peer);
      const entry = this.#dial(peer)!;
      const lease = this.#leaseOf(peer, entry, permit);
      entry.leases++;
      const ready = entry.connection.ready(withinMs);
      // That it stands is no answer yet; that it does not is one.
      dials.push(ready.then(() => permit.withdraw()));
      ready.then(
        () => lease.release(false),
        () => lease.release(true),
      );
    }
    await Promise.all(dials);
  }

  breakerOf(target: string, purpose: Purpose): BreakerKind {
    return this.#peers.get(keyOf(target, purpose))?.breaker.kind ?? "closed";
  }

  metrics(): ShardMetrics {
    const peers = [...this.#peers];
    const entries = peers.flatMap(([, peer]) => [...peer.entries]);
    const busy = entries.filter((entry) => entry.leases > 0).length;
    const breakers = Object.fromEntries(peers.map(([key, peer]) => [key, peer.breaker.kind]));
    return { open: entries.length, busy, idle: entries.length - busy, ...this.#counts, breakers };
  }

  close(): void {
    this.#closed = true;
    this.#cancelSweep?.();
    for (const { entries } of this.#peers.values()) {
      for (const { connection } of entries) connection.close();
      entries.clear();
    }
  }

  #peer(target: string, purpose: Purpose): Peer<C> {
    if (this.#closed) throw new MyriadError("UNAVAILABLE", `${target}: the pool is closed`);
    const key = keyOf(target, purpose);
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    if (this.#peers.size >= PEERS_PER_SHARD_MAX) {
      throw new MyriadError("LIMIT", `${target}: a shard of the pool has ${PEERS_PER_SHARD_MAX} peers already`);
    }
    const { breaker: options, clock, onBreaker } = this.#options;
    const breaker = new Breaker(options, clock, (to, from) => onBreaker(target, purpose, to, from));
    const peer: Peer<C> = { target, purpose, breaker, entries: new Set() };
    this.#peers.set(key, peer);
    return peer;
  }

  #ask({ target, breaker }: Peer<C>): Permit {
    const permit = breaker.ask();
    if (permit !== undefined) return permit;
    throw new MyriadError("UNAVAILABLE", `${target}: not tried, its breaker is ${breaker.kind}`);
  }

  #free({ entries }: Peer<C>): Entry<C> | undefined {
    for (const entry of entries) {
      if (entry.leases > 0) continue;
      this.#counts.reused++;
      return entry;
    }
    return undefined;
  }

  #dial({ target, purpose, entries }: Peer<C>): Entry<C> | undefined {
    if (entries.size >= this.#options.connectionsPerPeer) return undefined;
    const connection = this.#options.dial(target, purpose);
    const entry: Entry<C> = { connection, leases: 0, idleSinceMs: this.#options.clock.now() };
    entries.add(entry);
    this.#counts.dialled++;
    return entry;
  }

  #leastBusy({ entries }: Peer<C>): Entry<C> {
    this.#counts.reused++;
    return [...entries].reduce((best, entry) => (entry.leases < best.leases ? entry : best));
  }

  #leaseOf(peer: Peer<C>, entry: Entry<C>, permit: Permit): Lease<C> {
    let answered = false;
    let released = false;
    return {
      connection: entry.connection,
      answered: () => {
        answered = true;
        permit.success();
      },
      release: (broken) => {
        if (released) return;
        released = true;
        if (broken && !answered && !this.#closed) this.#counts.failures++;
        if (broken) permit.failure();
        else permit.withdraw();
        this.#release(peer, entry, broken);
      },
    };
  }

  /** A broken connection is not given out again, and closed once nobody is on it. */
  #release({ entries }: Peer<C>, entry: Entry<C>, broken: boolean): void {
    entry.leases--;
    entry.idleSinceMs = this.#options.clock.now();
    if (broken) entries.delete(entry);
    if (entry.leases > 0 || this.#closed) return;
    if (!entries.has(entry)) entry.connection.close();
    else this.#cancelSweep ??= this.#sweepIn(this.#options.idleTimeoutMs);
  }

  #sweepIn(ms: number): () => void {
    return this.#options.clock.setTimer(ms, () => this.#sweep());
  }

  /** Closes what was not used for the time, and looks again when the next is due. */
  #sweep(): void {
    const { clock, idleTimeoutMs } = this.#options;
    let next = Number.POSITIVE_INFINITY;
    for (const { entries } of this.#peers.values()) {
      for (const entry of entries) {
        if (entry.leases > 0) continue;
        const leftMs = entry.idleSinceMs + idleTimeoutMs - clock.now();
        if (leftMs > 0) next = Math.min(next, leftMs);
        else {
          entries.delete(entry);
          entry.connection.close();
          this.#counts.closedIdle++;
        }
      }
    }
    this.#cancelSweep = next === Number.POSITIVE_INFINITY ? undefined : this.#sweepIn(next);
  }
}

const keyOf = (target: string, purpose: Purpose): string => `${purpose} ${target}`;
