import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import type { MyriadError } from "../base/error.ts";
import { spillLimits } from "../store/spill.suite.ts";
import { encodeFrames } from "../wire/frame.ts";
import { breakerOptions } from "./breaker.ts";
import { GrpcTransport } from "./grpc.ts";
import { PROTOCOL_VERSION } from "./hello.ts";
import type { Outlet } from "./outlet.ts";
import { PeerLinks } from "./peer-links.ts";
import { poolOptions } from "./pool.ts";

interface Worker {
  links: PeerLinks;
  transport: GrpcTransport;
  address: string;
  outlets: Outlet[];
  came: Uint8Array[];
  lost: MyriadError[];
  news: string[];
  linked: number;
}

const opened: Worker[] = [];
afterEach(async () => {
  for (const { links } of opened) links.close();
  await Promise.all(opened.splice(0).map(({ transport }) => transport.close()));
});

async function makeWorker(id: number, { incarnation = `i${id}`, port = 0 } = {}): Promise<Worker> {
  const transport = new GrpcTransport({
    clock: systemClock,
    host: "127.0.0.1",
    port,
    silenceMsMax: 60_000,
    pool: poolOptions({}),
    breaker: breakerOptions({}),
  });
  transport.identity = {
    protocolVersion: PROTOCOL_VERSION,
    runId: "r",
    run: 1,
    epoch: 1,
    scenarioHash: "s",
    worker: id,
    incarnation,
  };
  const worker = { transport, outlets: [], came: [], lost: [], news: [], linked: 0 } as unknown as Worker;
  worker.links = new PeerLinks({
    transport,
    clock: systemClock,
    chance: () => 0.01,
    silenceMsMax: 60_000,
    peerWaitMs: 60_000,
    logs: spillLimits(),
    frame: (_peer, bytes) => void worker.came.push(bytes),
    onOutlet: (outlet) => worker.outlets.push(outlet),
    onLinked: () => worker.linked++,
    onLost: (_peer, reason) => worker.lost.push(reason),
    onNews: ({ kind, peer }) => worker.news.push(`${peer} ${kind}`),
  });
  worker.address = await transport.listen((stream) => worker.links.accept(stream));
  opened.push(worker);
  return worker;
}

const portOf = ({ address }: Worker): number => Number(address.split(":")[1]);
const at = (worker: number, { address }: Worker) => ({ worker, address, incarnation: `i${worker}` });

async function pair(): Promise<[Worker, Worker]> {
  const [a, b] = [await makeWorker(0), await makeWorker(1)];
  await Promise.all([a.links.connect([at(1, b)]), b.links.connect([at(0, a)])]);
  await until(() => a.linked === 1 && b.linked === 1);
  return [a, b];
}

const frameOf = (sender: number, window: number, bytes = 0): Uint8Array =>
  encodeFrames({ run: 1, epoch: 1, window, sender, frameSeq: 0 }, null, [], new Uint8Array(bytes).fill(7))[0]!;

describe("links over gRPC", () => {
  it("carry as much as they are given in both directions at once", async () => {
    const [a, b] = await pair();
    const count = 60;
    const bytes = 1024 * 1024;
    let taken = true;
    for (let window = 0; window < count; window++) {
      taken = a.outlets[0]!.send(frameOf(0, window, bytes));
      b.outlets[0]!.send(frameOf(1, window, bytes));
    }
    expect(taken).toBe(false);
    await until(() => a.came.length === count && b.came.length === count);
    expect([a.lost, b.lost, a.news, b.news]).toEqual([[], [], [], []]);
  });

  it("are mended when connections are lost, and say so", async () => {
    const [a, b] = await pair();
    a.outlets[0]!.send(frameOf(0, 0));
    await until(() => b.came.length === 1);
    // Where a listens all connections end; then it listens again, and is taken for the same process.
    await a.transport.close();
    a.outlets[0]!.send(frameOf(0, 1));
    const again = await makeWorker(0, { port: portOf(a) });
    again.links.accept = (stream) => a.links.accept(stream);
    await until(() => b.came.length === 2);
    expect(b.news).toEqual(["0 broken", "0 restored"]);
    expect(b.links.states).toMatchObject([{ peer: 0, up: true, breaker: "closed", reconnects: 1, repeats: 0 }]);
    expect(b.lost).toEqual([]);
  });

  it("end when another process answers in a peer's place", async () => {
    const [a, b] = await pair();
    await b.transport.close();
    await makeWorker(1, { port: portOf(b), incarnation: "later" });
    await until(() => a.lost.length === 1);
    expect(String(a.lost[0])).toMatch(/MISMATCH: incarnation of worker 1: expected i1, found later/);
  });

  it("do not begin with a process that the master has not named", async () => {
    const [a, b] = [await makeWorker(0), await makeWorker(1, { incarnation: "other" })];
    const open = a.links.connect([at(1, b)]);
    await expect(open).rejects.toThrow(/MISMATCH: incarnation of worker 1: expected i1, found other/);
    await expect(b.links.connect([at(0, a)])).rejects.toThrow(
      /MISMATCH: incarnation of worker 1: expected i1, it has other/,
    );
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
