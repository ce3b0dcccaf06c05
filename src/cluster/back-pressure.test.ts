import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { BadLine } from "../../test/bad-line.ts";
import { chanceOf } from "../../test/seeded.ts";
import { drainMicrotasks, systemClock } from "../base/clock.ts";
import { FRAME_BYTES_TARGET } from "../base/limits.ts";
import type { Decision } from "../engine/agreement.ts";
import { breakerOptions } from "../net/breaker.ts";
import { GrpcTransport } from "../net/grpc.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { PeerLinks } from "../net/peer-links.ts";
import { poolOptions } from "../net/pool.ts";
import { spillLimits } from "../store/spill.suite.ts";
import { EventBatch, FLAG_NONE, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { decodeEvents } from "../wire/frame.ts";
import { PayloadCodec } from "../wire/payload.ts";
import type { LoopEngine } from "./loop-engine.ts";
import { WorkerLoop } from "./worker-loop.ts";

const CODECS = [new PayloadCodec("hop", [{ name: "count", kind: "u32" }])];
const META = packMeta(PHASE_EVENT, 0, FLAG_NONE, 0);
const MIB = 1024 * 1024;
/** More than the flow-control windows of HTTP/2 and all sockets take together, and far more than the budgets. */
const WINDOW_BYTES = 48 * MIB;
const BUDGET_BYTES = 4 * MIB;
const WINDOWS = 2;
const EVENTS = Math.floor(FRAME_BYTES_TARGET / 28);

/** Sends peers so many frames in each window, at full speed, and counts what comes. */
class Flooder implements LoopEngine {
  command = 0;
  flush: WorkerLoop["flush"] | undefined;
  got = 0;
  wrong = 0;
  readonly #frames: (peer: number) => number;
  readonly #outboxes: EventBatch[];
  readonly #inbox = new EventBatch();
  #window = -1;

  constructor(workers: number, frames: (peer: number) => number) {
    this.#frames = frames;
    this.#outboxes = Array.from({ length: workers }, () => new EventBatch());
  }

  async runWindow(window: number): Promise<void> {
    this.#window = window;
    for (const [peer, batch] of this.#outboxes.entries()) {
      for (let frame = this.#frames(peer); frame > 0; frame--) {
        for (let i = 0; i < EVENTS; i++) {
          batch.push(window + 1, peer, 0, i, META);
          batch.pushWord(window);
        }
        const pause = this.flush!(peer, batch);
        if (pause !== undefined) await pause;
      }
    }
  }

  outbox = (peer: number): EventBatch => this.#outboxes[peer]!;
  closing = (): Uint8Array => Uint8Array.of(7);

  acceptEvents(frame: Uint8Array): void {
    const inbox = this.#inbox;
    decodeEvents(frame, CODECS, () => inbox);
    this.got += inbox.count;
    for (let row = 0; row < inbox.count; row++) if (inbox.words[inbox.offset[row]!] !== this.#window) this.wrong++;
    inbox.clear();
  }

  apply(closings: readonly Uint8Array[]): Decision {
    expect(closings.map(([first]) => first)).toEqual(closings.map(() => 7));
    if (this.#window === WINDOWS - 1) return { kind: "end", reason: "time", virtualTime: this.#window };
    return { kind: "window", window: this.#window + 1 };
  }
}

interface Member {
  engine: Flooder;
  loop: WorkerLoop;
  links: PeerLinks;
  transport: GrpcTransport;
  /** Before it: what others get from it passes there. */
  lines: BadLine[];
  address: string;
}

const folder = mkdtempSync(join(tmpdir(), "myriad-pressure-"));
const opened: Member[] = [];
afterEach(async () => {
  for (const { links } of opened) links.close();
  for (const { transport, lines } of opened.splice(0)) {
    await transport.close();
    await Promise.all(lines.map((line) => line.close()));
  }
  expect(readdirSync(folder)).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const identityOf = (worker: number) => ({
  protocolVersion: PROTOCOL_VERSION,
  runId: "r",
  run: 1,
  epoch: 1,
  scenarioHash: "s",
  worker,
  incarnation: `i${worker}`,
});

async function makeMember(self: number, workers: number, frames: (peer: number) => number): Promise<Member> {
  const engine = new Flooder(workers, frames);
  const limits = spillLimits({ memoryBytes: BUDGET_BYTES, folder });
  const shared = { self, workers, run: 1, epoch: 1, codecs: CODECS, clock: systemClock };
  const loop = new WorkerLoop({ engine, ...shared, staging: limits });
  engine.flush = loop.flush;
  const timing = { clock: systemClock, silenceMsMax: 100_000 };
  const pools = { pool: poolOptions({}), breaker: breakerOptions({}) };
  const transport = new GrpcTransport({ ...timing, host: "127.0.0.1", port: 0, ...pools });
  transport.identity = identityOf(self);
  const links = new PeerLinks({
    transport,
    ...timing,
    logs: limits,
    chance: () => 0.5,
    peerWaitMs: 100_000,
    frame: (peer, bytes) => loop.receive(peer, bytes),
    onOutlet: (outlet) => loop.setSender(outlet),
    onLinked: () => {},
    onLost: (peer, reason) => loop.peerLost(peer, reason),
    onNews: () => {},
  });
  const address = await transport.listen((stream) => links.accept(stream));
  const member = { engine, loop, links, transport, lines: [], address };
  opened.push(member);
  return member;
}

/** Workers that send each other as many frames as the table says, by sender and receiver. */
async function cluster(frames: readonly (readonly number[])[]): Promise<Member[]> {
  const ids = [...frames.keys()];
  const members = await Promise.all(ids.map((self) => makeMember(self, ids.length, (peer) => frames[self]![peer]!)));
  await Promise.all(
    members.map(async ({ links }, self) => {
      const peers = ids.filter((peer) => peer !== self);
      // A line of its own for each pair, so that one of them can be held up alone.
      const at = async (worker: number) => {
        const line = new BadLine({ chance: chanceOf(1) });
        const port = await line.listen();
        line.forwardTo(Number(members[worker]!.address.split(":")[1]));
        members[worker]!.lines[self] = line;
        return { worker, address: `127.0.0.1:${port}`, incarnation: `i${worker}` };
      };
      await links.connect(await Promise.all(peers.map(at)));
    }),
  );
  return members;
}

function expectBounded(members: readonly Member[]): void {
  for (const { links, loop } of members) {
    expect(links.peaks.memoryBytes).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(loop.staged.peaks.memoryBytes).toBeLessThanOrEqual(BUDGET_BYTES);
  }
}

const FRAMES = Math.ceil(WINDOW_BYTES / FRAME_BYTES_TARGET);

it("two workers that flood each other, far beyond all buffers in one window, come to the end within their budgets", async () => {
  const members = await cluster([
    [0, FRAMES],
    [FRAMES, 0],
  ]);
  await Promise.all(members.map(({ loop }) => loop.run()));
  for (const { engine } of members) expect([engine.got, engine.wrong]).toEqual([WINDOWS * FRAMES * EVENTS, 0]);
  expectBounded(members);
  const disk = members.map(({ links, loop }) => links.peaks.diskBytes + loop.staged.peaks.diskBytes);
  for (const bytes of disk) expect(bytes).toBeGreaterThan(WINDOW_BYTES / 4);
});

it("a peer that takes nothing holds up nobody else until the barrier, and costs its sender disk, not memory", async () => {
  const few = 20;
  const members = await cluster([
    [0, FRAMES, few],
    [few, 0, few],
    [few, few, 0],
  ]);
  const [sender, slow, other] = members as [Member, Member, Member];
  sender.lines[1]!.hold("down");
  const runs = Promise.all(members.map(({ loop }) => loop.run()));
  // Not even the opening has come to worker 1: it passes no barrier, and the others wait for it at the first window's.
  const waits = ({ loop }: Member): boolean => loop.window === 0 && loop.state === "waiting for 1";
  while (!waits(sender) || !waits(other)) await drainMicrotasks();
  expect(slow.loop.window).toBe(-1);
  const [figures] = sender.links.figures.filter(({ peer }) => peer === 1);
  expect(figures!.diskBytes).toBeGreaterThan(WINDOW_BYTES / 2);
  expect(figures!.memoryBytes).toBeLessThanOrEqual(BUDGET_BYTES);
  sender.lines[1]!.release("down");
  await runs;
  const sum = (counts: number[]): number => counts.reduce((a, b) => a + b) * WINDOWS * EVENTS;
  expect(members.map(({ engine }) => engine.got)).toEqual([sum([few, few]), sum([FRAMES, few]), sum([few, few])]);
  expectBounded(members);
});
