import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import type { MyriadError } from "../base/error.ts";
import { spillLimits } from "../store/spill.suite.ts";
import { encodeFrames, positionOf } from "../wire/frame.ts";
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

interface Making {
  incarnation?: string;
  port?: number;
  retain?: boolean;
  firstWindow?: number;
}

async function makeWorker(id: number, making: Making = {}): Promise<Worker> {
  const { incarnation = `i${id}`, port = 0, ...rest } = making;
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
    ...rest,
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

const frameOf = (sender: number, window: number, bytes = 0, closing = true): Uint8Array => {
  const stamp = { run: 1, epoch: 1, window, sender, frameSeq: 0 };
  return encodeFrames(stamp, null, [], closing ? new Uint8Array(bytes).fill(7) : null)[0]!;
};

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

const windowsOf = ({ came }: Worker): number[] => came.map((frame) => positionOf(frame).window);

describe("a worker that comes in the place of a lost one", () => {
  /** Worker 1 has sent windows up to 5, the last of them not closed, and is gone; worker 0 has sent up to 5. */
  async function lost(): Promise<[Worker, Worker]> {
    const [a, b] = [await makeWorker(0, { retain: true }), await makeWorker(1, { retain: true })];
    await Promise.all([a.links.connect([at(1, b)]), b.links.connect([at(0, a)])]);
    await until(() => a.linked === 1 && b.linked === 1);
    for (let window = 0; window <= 5; window++) {
      a.outlets[0]!.send(frameOf(0, window));
      b.outlets[0]!.send(frameOf(1, window, 10, window < 5));
    }
    await until(() => a.came.length === 6 && b.came.length === 6);
    b.links.close();
    await b.transport.close();
    return [a, b];
  }

  it("gets the windows since the checkpoint again, and what it sends goes on behind the last window that was closed", async () => {
    const [a] = await lost();
    const again = await makeWorker(1, { incarnation: "again", retain: true, firstWindow: 2 });
    // It knocks before worker 0 knows of it, and is let in as soon as that does.
    const connected = again.links.connect([at(0, a)]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([again.came, again.lost]).toEqual([[], []]);
    a.links.restart({ ...at(1, again), incarnation: "again" });
    await connected;
    await until(() => again.linked === 1);
    for (let window = 2; window <= 6; window++) again.outlets[0]!.send(frameOf(1, window, 20));
    a.outlets[0]!.send(frameOf(0, 6));
    await until(() => windowsOf(again).at(-1) === 6 && windowsOf(a).at(-1) === 6);
    expect(windowsOf(again)).toEqual([2, 3, 4, 5, 6]);
    expect(windowsOf(a)).toEqual([0, 1, 2, 3, 4, 5, 5, 6]);
    expect(a.came.slice(6)).toEqual([frameOf(1, 5, 20), frameOf(1, 6, 20)].map((each) => Buffer.from(each)));
    expect([a.lost, again.lost]).toEqual([[], []]);
    // Both keep what was acknowledged, until the next checkpoint is there.
    await until(() => a.links.states[0]!.up);
    const bytes = frameOf(0, 0).length;
    expect(a.links.figures).toEqual([{ peer: 1, memoryBytes: 7 * bytes, diskBytes: 0 }]);
    a.links.release(6);
    await until(() => a.links.figures[0]!.memoryBytes <= bytes);
  });

  it("may itself be lost, and another one come", async () => {
    const [a] = await lost();
    const second = await makeWorker(1, { incarnation: "second", retain: true, firstWindow: 3 });
    a.links.restart({ ...at(1, second), incarnation: "second" });
    await second.links.connect([at(0, a)]);
    await until(() => windowsOf(second).length === 3);
    second.links.close();
    await second.transport.close();
    const third = await makeWorker(1, { incarnation: "third", retain: true, firstWindow: 1 });
    a.links.restart({ ...at(1, third), incarnation: "third" });
    await third.links.connect([at(0, a)]);
    await until(() => windowsOf(third).length === 5 && third.linked === 1);
    third.outlets[0]!.send(frameOf(1, 5, 30));
    await until(() => a.came.length === 7);
    expect(windowsOf(third)).toEqual([1, 2, 3, 4, 5]);
  });

  it("may be lost before it was ever reached", async () => {
    const [a] = await lost();
    a.links.restart({ worker: 1, address: "127.0.0.1:1", incarnation: "second" });
    const third = await makeWorker(1, { incarnation: "third", retain: true, firstWindow: 1 });
    a.links.restart({ ...at(1, third), incarnation: "third" });
    await third.links.connect([at(0, a)]);
    await until(() => windowsOf(third).length === 5 && third.linked === 1);
    expect(a.lost).toEqual([]);
  });

  it("keeps out the one that was taken for lost", async () => {
    const [a, b] = await lost();
    const zombie = await makeWorker(1, { retain: true, port: portOf(b) });
    a.links.restart({ worker: 1, address: "127.0.0.1:1", incarnation: "again" });
    await expect(zombie.links.connect([at(0, a)])).rejects.toThrow(
      /UNAVAILABLE|MISMATCH: incarnation of worker 1: expected again, it has i1/,
    );
  });

  it("cannot be one that was never there", async () => {
    const [a] = await lost();
    expect(() => a.links.restart({ worker: 7, address: "127.0.0.1:1", incarnation: "x" })).toThrow(
      /PROTOCOL: worker 7 is restarted, and was no peer/,
    );
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
