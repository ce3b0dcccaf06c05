import { afterEach, describe, expect, it } from "vitest";
import { connectionsTo, HAS_TCP_TABLE } from "../../test/connections.ts";
import { systemClock } from "../base/clock.ts";
import { SERIES_START } from "../wire/frame.ts";
import { breakerOptions } from "./breaker.ts";
import { GrpcTransport } from "./grpc.ts";
import { PROTOCOL_VERSION } from "./hello.ts";
import { poolOptions } from "./pool.ts";
import type { ShardMetrics } from "./pool-shard.ts";
import { transportSuite } from "./transport.suite.ts";
import type { PeerAddress, PeerSink, PeerStream } from "./transport.ts";

interface Changes {
  port?: number;
  pool?: Record<string, unknown>;
  breaker?: Record<string, unknown>;
  changes?: string[];
}

const make = ({ port = 0, pool = {}, breaker = {}, changes = [] }: Changes = {}): GrpcTransport =>
  new GrpcTransport({
    clock: systemClock,
    host: "127.0.0.1",
    port,
    silenceMsMax: 10_000,
    pool: poolOptions(pool),
    breaker: breakerOptions(breaker),
    onBreaker: (target, to, from) => changes.push(`${target} ${from}>${to}`),
  });

transportSuite("grpc", () => () => make());

const deaf: PeerSink = { frame: () => {}, closed: () => {} };
const opened: GrpcTransport[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

/** Worker `id` listens and takes everybody in. */
async function listening(id: number, changes: Changes = {}): Promise<{ transport: GrpcTransport; at: PeerAddress }> {
  const transport = make(changes);
  opened.push(transport);
  transport.identity = {
    protocolVersion: PROTOCOL_VERSION,
    runId: "r",
    run: 1,
    epoch: 1,
    scenarioHash: "s",
    worker: id,
    incarnation: `i${id}`,
  };
  const address = await transport.listen(() => deaf);
  return { transport, at: { worker: id, address, incarnation: `i${id}` } };
}

const portOf = ({ address }: PeerAddress): number => Number(address.split(":")[1]);
const from = (attempt: number) => ({ received: SERIES_START, attempt });
const total = (metrics: readonly ShardMetrics[], key: "open" | "busy" | "idle" | "dialled" | "reused" | "failures") =>
  metrics.reduce((sum, shard) => sum + shard[key], 0);

it("says which address is taken", async () => {
  const first = await listening(0);
  const second = make({ port: portOf(first.at) });
  await expect(second.listen(() => deaf)).rejects.toThrow(`ADDRESS_IN_USE: ${first.at.address}`);
  await second.close();
});

describe.skipIf(!HAS_TCP_TABLE)("connections, as the operating system counts them,", () => {
  it.each([1, 3])("are %i to each peer where so many are asked for, and all stand after prewarm", async (count) => {
    const self = await listening(9, { pool: { connectionsPerPeer: count } });
    const peers = [await listening(0), await listening(1)];
    await self.transport.prewarm(peers.map(({ at }) => at));
    for (const { at } of peers) expect(connectionsTo(portOf(at))).toBe(count);
    const metrics = self.transport.metrics;
    expect([total(metrics, "open"), total(metrics, "idle"), total(metrics, "dialled")]).toEqual([
      2 * count,
      2 * count,
      2 * count,
    ]);
    await self.transport.close();
    for (const { at } of peers) await until(() => connectionsTo(portOf(at)) === 0);
  });

  it("are gone when the side that listens closes, busy or idle", async () => {
    const self = await listening(9, { pool: { connectionsPerPeer: 2 } });
    const { transport, at } = await listening(0);
    await self.transport.connect(at, deaf, from(0));
    await self.transport.prewarm([at]);
    expect(connectionsTo(portOf(at))).toBe(2);
    await transport.close();
    await until(() => connectionsTo(portOf(at)) === 0);
    await expect(self.transport.connect(at, deaf, from(1))).rejects.toThrow(/UNAVAILABLE/);
  });

  it("are shared by more streams than there are connections, and reused", async () => {
    const self = await listening(9, { pool: { connectionsPerPeer: 2 } });
    const { at } = await listening(0);
    const streams: PeerStream[] = [];
    for (let i = 0; i < 5; i++) streams.push(await self.transport.connect(at, deaf, from(i)));
    expect(connectionsTo(portOf(at))).toBe(2);
    expect([total(self.transport.metrics, "busy"), total(self.transport.metrics, "reused")]).toEqual([2, 3]);
    for (const stream of streams) stream.close();
    expect([total(self.transport.metrics, "busy"), total(self.transport.metrics, "idle")]).toEqual([0, 2]);
    await self.transport.connect(at, deaf, from(9));
    expect(connectionsTo(portOf(at))).toBe(2);
  });

  it("are closed when idle, never when busy", async () => {
    const self = await listening(9, { pool: { idleTimeout: 0.05, connectionsPerPeer: 2 } });
    const { at } = await listening(0);
    const ends: unknown[] = [];
    await self.transport.connect(at, { ...deaf, closed: (reason) => ends.push(reason) }, from(0));
    await self.transport.prewarm([at]);
    await until(() => connectionsTo(portOf(at)) === 1);
    await until(() => total(self.transport.metrics, "open") === 1);
    expect([total(self.transport.metrics, "busy"), ends]).toEqual([1, []]);
  });
});

describe("the breaker of a target", () => {
  it("opens by calls that are not answered, and not by channels that were built", async () => {
    const changes: string[] = [];
    const self = await listening(9, { breaker: { failureThreshold: 3 }, changes });
    const { transport, at } = await listening(0);
    await transport.close();
    for (let i = 0; i < 3; i++)
      await expect(self.transport.connect(at, deaf, from(i))).rejects.toThrow(/UNAVAILABLE.*worker 0/);
    await expect(self.transport.connect(at, deaf, from(3))).rejects.toThrow(
      /UNAVAILABLE.*not tried, its breaker is open/,
    );
    expect(changes).toEqual([`${at.address} closed>open`]);
    expect(self.transport.breakerOf(at.address)).toBe("open");
    const metrics = self.transport.metrics;
    expect([total(metrics, "open"), total(metrics, "failures"), total(metrics, "dialled")]).toEqual([0, 3, 3]);
  });

  it("takes a refusal for an answer", async () => {
    const self = await listening(9, { breaker: { failureThreshold: 1 } });
    const { transport, at } = await listening(0);
    transport.identity = undefined;
    for (let i = 0; i < 3; i++) await expect(self.transport.connect(at, deaf, from(i))).rejects.toThrow(/MISMATCH/);
    expect(self.transport.breakerOf(at.address)).toBe("closed");
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
