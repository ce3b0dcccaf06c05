import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { breakerOptions } from "./breaker.ts";
import { POOL_OPTIONS, Pool, poolOptions } from "./pool.ts";
import { type Connection, PEERS_PER_SHARD_MAX } from "./pool-shard.ts";

/** A connection that stands at once, or never, and knows whether it was closed. */
class Line implements Connection {
  closed = 0;
  readonly target: string;
  constructor(target: string) {
    this.target = target;
  }
  ready(): Promise<void> {
    return this.target.startsWith("down") ? Promise.reject(new Error(`${this.target} is down`)) : Promise.resolve();
  }
  close(): void {
    this.closed++;
  }
}

function bench(options: Record<string, unknown> = {}, breaker: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const changes: string[] = [];
  const pool = new Pool<Line>({
    options: poolOptions({ idleTimeout: 10, ...options }),
    breaker: breakerOptions(breaker),
    dial: (target) => {
      lines.push(new Line(target));
      return lines.at(-1)!;
    },
    clock,
    onBreaker: (target, purpose, to) => changes.push(`${purpose} ${target} ${to}`),
  });
  const sum = () =>
    pool
      .metrics()
      .reduce(
        (all, { open, busy, idle, dialled, reused, closedIdle, failures }) =>
          [open, busy, idle, dialled, reused, closedIdle, failures].map((n, i) => n + all[i]!),
        [0, 0, 0, 0, 0, 0, 0],
      );
  return { clock, lines, changes, pool, sum };
}

describe("pool", () => {
  it("closes a connection when its last use is long enough ago, and not before", async () => {
    const { clock, lines, pool, sum } = bench();
    const first = pool.lease("a", "events");
    await clock.advance(25_000);
    expect(lines[0]!.closed).toBe(0);
    first.release(false);
    await clock.advance(6_000);
    pool.lease("a", "events").release(false);
    await clock.advance(9_999);
    expect([lines.length, lines[0]!.closed]).toEqual([1, 0]);
    await clock.advance(1);
    expect([lines[0]!.closed, clock.pending]).toEqual([1, 0]);
    expect(sum()).toEqual([0, 0, 0, 1, 1, 1, 0]);
  });

  it("closes each idle connection in its own time", async () => {
    const { clock, lines, pool } = bench();
    for (const target of ["a", "b", "c"]) {
      pool.lease(target, "events").release(false);
      await clock.advance(3_000);
    }
    await clock.advance(1_000);
    expect(lines.map(({ closed }) => closed)).toEqual([1, 0, 0]);
    await clock.advance(3_000);
    expect(lines.map(({ closed }) => closed)).toEqual([1, 1, 0]);
    await clock.advance(3_000);
    expect(lines.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it("gives a broken connection to nobody any more, and closes it when the last call on it has ended", () => {
    const { lines, pool } = bench();
    const [one, other] = [pool.lease("a", "events"), pool.lease("a", "events")];
    expect(lines.length).toBe(1);
    one.release(true);
    one.release(true);
    expect(lines[0]!.closed).toBe(0);
    expect(pool.lease("a", "events").connection).toBe(lines[1]);
    other.release(false);
    expect(lines.map(({ closed }) => closed)).toEqual([1, 0]);
  });

  it("takes an idle connection first, then a new one, then the one with the fewest calls", () => {
    const { lines, pool } = bench({ connectionsPerPeer: 2 });
    const leases = [0, 1, 2, 3].map(() => pool.lease("a", "events"));
    expect(leases.map(({ connection }) => lines.indexOf(connection))).toEqual([0, 1, 0, 1]);
    leases[1]!.release(false);
    expect(pool.lease("a", "events").connection).toBe(lines[1]);
    leases[1]!.release(false);
    leases[3]!.release(false);
    expect(pool.lease("a", "events").connection).toBe(lines[1]);
  });

  it("keeps purposes apart, with a breaker for each", () => {
    const { lines, pool, changes } = bench({}, { failureThreshold: 1 });
    pool.lease("a", "events");
    pool.lease("a", "bulk").release(true);
    expect(lines.length).toBe(2);
    expect(changes).toEqual(["bulk a open"]);
    expect([pool.breakerOf("a", "events"), pool.breakerOf("a", "bulk")]).toEqual(["closed", "open"]);
    expect(() => pool.lease("a", "bulk")).toThrow(/UNAVAILABLE: a: not tried, its breaker is open/);
    expect(pool.lease("a", "events").connection).toBe(lines[0]);
  });

  it("warms what is missing, and says what cannot be reached", async () => {
    const { lines, pool, changes, sum } = bench({ connectionsPerPeer: 3 }, { failureThreshold: 3 });
    pool.lease("a", "events");
    await pool.prewarm(["a", "b"], "events", 1_000);
    expect(lines.map(({ target }) => target)).toEqual(["a", "a", "a", "b", "b", "b"]);
    await pool.prewarm(["a", "b"], "events", 1_000);
    expect(sum()).toEqual([6, 1, 5, 6, 0, 0, 0]);
    await expect(pool.prewarm(["b", "down"], "events", 1_000)).rejects.toThrow("down is down");
    expect(changes).toEqual(["events down open"]);
  });

  it("puts every target into one shard, and uses all of them", () => {
    const { pool } = bench({ shards: 4 });
    for (let i = 0; i < 100; i++) pool.lease(`10.0.0.${i}:5000`, "events");
    const open = pool.metrics().map((shard) => shard.open);
    expect(open.reduce((a, b) => a + b)).toBe(100);
    for (const each of open) expect(each).toBeGreaterThan(10);
  });

  it("has shards that do not hinder each other: one that is full refuses its own alone", () => {
    const { pool } = bench({ shards: 2 });
    let refused: string | undefined;
    let i = 0;
    const lease = (): void => {
      try {
        pool.lease(`t${i++}`, "events");
      } catch (reason) {
        refused = String(reason);
      }
    };
    while (refused === undefined) lease();
    expect(refused).toMatch(/LIMIT: t\d+: a shard of the pool has 3072 peers already/);
    const before = pool.metrics().map(({ open }) => open);
    const full = before.indexOf(PEERS_PER_SHARD_MAX);
    for (let more = 0; more < 50; more++) lease();
    const after = pool.metrics().map(({ open }) => open);
    expect(after[full]).toBe(PEERS_PER_SHARD_MAX);
    expect(after[1 - full]).toBeGreaterThan(before[1 - full]!);
  });

  it("closes all at its end, once, and gives out none after it", async () => {
    const { clock, lines, pool } = bench();
    const lease = pool.lease("a", "events");
    pool.lease("b", "events").release(false);
    pool.close();
    lease.release(true);
    expect(lines.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(clock.pending).toBe(0);
    expect(() => pool.lease("a", "events")).toThrow(/UNAVAILABLE: a: the pool is closed/);
    await expect(pool.prewarm(["a"], "events", 1)).rejects.toThrow(/pool is closed/);
  });

  it.each([
    [{ shards: 0 }, /INVALID_CONFIG: pool.shards is 0; it must be an integer from 1 to 256/],
    [{ connectionsPerPeer: 17 }, /pool.connectionsPerPeer is 17; it must be an integer from 1 to 16/],
    [{ idleTimeout: 0 }, /pool.idleTimeout is 0; it must be a number of seconds from 0.01 to 86400/],
    [{ idleTimeOut: 3 }, /pool: unknown key "idleTimeOut".*idleTimeout/],
  ])("refuses the options %o", (given, message) => expect(() => poolOptions(given)).toThrow(message));

  it("takes options at the edges of their ranges", () => {
    for (const [key, { min, max }] of Object.entries(POOL_OPTIONS)) {
      for (const value of [min, max]) expect(poolOptions({ [key]: value })).toMatchObject({ [key]: value });
    }
  });
});
