import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Decision } from "../engine/agreement.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { MemoryNetwork, MemoryTransport } from "../net/memory.ts";
import { PeerLinks } from "../net/peer-links.ts";
import { spillLimits } from "../store/spill.suite.ts";
import { EventBatch, FLAG_NONE, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { decodeEvents, encodeFrames, readHeader } from "../wire/frame.ts";
import { PayloadCodec } from "../wire/payload.ts";
import { type Command, type CommandKind, CommandQueue } from "./commands.ts";
import type { LoopEngine } from "./loop-engine.ts";
import { WorkerLoop, type WorkerLoopOptions } from "./worker-loop.ts";

const CODECS = [new PayloadCodec("hop", [{ name: "count", kind: "u32" }])];
const META = packMeta(PHASE_EVENT, 0, FLAG_NONE, 0);
const RUN = 77;

/** Sends every peer some events each window; windows go up by 1 + window % 3, and end at `last`. */
class FakeEngine implements LoopEngine {
  readonly log: string[] = [];
  readonly #outboxes: EventBatch[];
  readonly #self: number;
  readonly #last: number;
  readonly #pause: (window: number, self: number) => Promise<void> | undefined;
  readonly accepted = new EventBatch();
  #window = -1;
  flush: ((peer: number, batch: EventBatch) => void | Promise<void>) | undefined;

  constructor(
    self: number,
    workers: number,
    last: number,
    pause: (window: number, self: number) => Promise<void> | undefined,
  ) {
    this.#self = self;
    this.#last = last;
    this.#pause = pause;
    this.#outboxes = Array.from({ length: workers }, () => new EventBatch());
  }

  runWindow(window: number): void | Promise<void> {
    this.#window = window;
    const paused = this.#pause(window, this.#self);
    for (const [peer, batch] of this.#outboxes.entries()) {
      if (peer === this.#self) continue;
      for (let i = 0; i <= window % 4; i++) {
        batch.push(window + 1, peer, this.#self, i, META);
        batch.pushWord(window * 10 + i);
        if (i === 1) this.flush?.(peer, batch);
      }
    }
    return paused;
  }

  outbox = (peer: number): EventBatch => this.#outboxes[peer]!;
  closing = (): Uint8Array => Uint8Array.of(this.#self, this.#window & 0xff);

  acceptEvents(frame: Uint8Array): void {
    decodeEvents(frame, CODECS, () => this.accepted);
  }

  apply(closings: readonly Uint8Array[], stop: boolean): Decision {
    const batch = this.accepted;
    const rows = Array.from(
      { length: batch.count },
      (_, row) => `${batch.from[row]}/${batch.words[batch.offset[row]!]}`,
    );
    this.log.push(`${this.#window}: ${rows.join(" ")} | ${closings.map((bytes) => bytes.join("."))}`);
    batch.clear();
    if (stop) return { kind: "end", reason: "stopped", virtualTime: this.#window };
    if (this.#window >= this.#last) return { kind: "end", reason: "time", virtualTime: this.#window };
    return { kind: "window", window: this.#window + 1 + (Math.max(0, this.#window) % 3) };
  }
}

interface Cluster {
  loops: WorkerLoop[];
  engines: FakeEngine[];
  /** Ends a worker as its process would: its links and its own run. */
  end(worker: number): Promise<void>;
}

const PEER_WAIT_MS = 50;

async function cluster(
  workers: number,
  last: number,
  pause: (window: number, self: number) => void | Promise<void> = () => {},
  more: (worker: number) => Partial<WorkerLoopOptions> = () => ({}),
): Promise<Cluster> {
  const network = new MemoryNetwork();
  const ids = Array.from({ length: workers }, (_, i) => i);
  const engines = ids.map((self) => new FakeEngine(self, workers, last, (window) => pause(window, self) ?? undefined));
  const transports = ids.map(() => new MemoryTransport(network));
  const loops = ids.map((self) => {
    const engine = engines[self]!;
    const fixed = {
      engine,
      self,
      workers,
      run: RUN,
      epoch: 1,
      codecs: CODECS,
      clock: systemClock,
      staging: spillLimits(),
    };
    const loop = new WorkerLoop({ ...fixed, ...more(self) });
    engine.flush = loop.flush;
    return loop;
  });
  const links = ids.map(
    (self) =>
      new PeerLinks({
        transport: transports[self]!,
        clock: systemClock,
        chance: () => 0.5,
        silenceMsMax: 60_000,
        logs: spillLimits(),
        peerWaitMs: PEER_WAIT_MS,
        frame: (peer, bytes) => loops[self]!.receive(peer, bytes),
        onOutlet: (outlet) => loops[self]!.setSender(outlet),
        onLinked: () => {},
        onLost: (peer, reason) => loops[self]!.peerLost(peer, reason),
        onNews: () => {},
      }),
  );
  const end = async (worker: number): Promise<void> => {
    links[worker]!.close();
    await transports[worker]!.close();
    loops[worker]!.fail(new MyriadError("STOPPED", "the worker was told to end"));
  };
  opened.push(...ids.map((worker) => () => end(worker)));
  const addresses: string[] = [];
  for (const self of ids) {
    transports[self]!.identity = {
      protocolVersion: PROTOCOL_VERSION,
      runId: "r",
      run: RUN,
      epoch: 1,
      scenarioHash: "s",
      worker: self,
      incarnation: `i${self}`,
    };
    addresses[self] = await transports[self]!.listen((stream) => links[self]!.accept(stream));
  }
  const peersOf = (self: number) =>
    ids
      .filter((peer) => peer !== self)
      .map((worker) => ({ worker, address: addresses[worker]!, incarnation: `i${worker}` }));
  await Promise.all(ids.map((self) => links[self]!.connect(peersOf(self))));
  return { loops, engines, end };
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((end) => end()));
});

describe("worker loop", () => {
  it.each([1, 2, 3, 5])(
    "%i workers agree on all windows and take in events in the order of worker ids",
    async (workers) => {
      // Workers hold each other up in ever new ways.
      let turn = 0;
      const pause = (): Promise<void> | undefined =>
        turn++ % 3 === 0 ? new Promise((r) => setImmediate(r)) : undefined;
      const { loops, engines } = await cluster(workers, 60, pause);
      const ends = await Promise.all(loops.map((loop) => loop.run()));
      expect(new Set(ends.map((end) => end.kind === "end" && end.virtualTime)).size).toBe(1);
      const windows = engines.map((engine) => engine.log.map((line) => line.split(":")[0]));
      for (const list of windows) expect(list).toEqual(windows[0]);
      const others = (self: number): number[] => [...loops.keys()].filter((peer) => peer !== self);
      for (const [self, engine] of engines.entries()) {
        for (const line of engine.log.slice(1)) {
          const window = Number(line.split(":")[0]);
          const rows = others(self).flatMap((peer) =>
            Array.from({ length: 1 + (window % 4) }, (_, i) => `${peer}/${window * 10 + i}`),
          );
          const closings = engines.map((_, worker) => `${worker}.${window}`);
          expect(line).toBe(`${window}: ${rows.join(" ")} | ${closings.join(",")}`);
        }
      }
    },
  );

  it("ends on every worker when one of them fails", async () => {
    const { loops, end } = await cluster(3, 1e9, (window) =>
      window === 20 ? new Promise((resolve) => setImmediate(resolve)) : undefined,
    );
    const runs = loops.map((loop) => loop.run());
    await end(1);
    const outcomes = await Promise.allSettled(runs);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(String((outcomes[0] as PromiseRejectedResult).reason)).toMatch(/UNAVAILABLE: worker 1 is lost/);
  });

  it("ends while a window is still being computed", async () => {
    const { loops } = await cluster(2, 1e9, () => new Promise(() => {}));
    const run = loops[0]!.run();
    loops[1]!.run().catch(() => {}); // Ended with the test.
    await new Promise((resolve) => setImmediate(resolve));
    expect(loops[0]!.state).toBe("computing");
    loops[0]!.fail(new MyriadError("STOPPED", "enough"));
    await expect(run).rejects.toThrow(/STOPPED: enough/);
  });

  const stamp = { run: RUN, epoch: 1, window: -1, sender: 1, frameSeq: 0 };
  const stray: [string, () => Uint8Array, RegExp][] = [
    ["of another run", () => encodeFrames({ ...stamp, run: 1 }, null, CODECS, null)[0]!, /PROTOCOL: frame of run 1,/],
    ["of an epoch to come", () => encodeFrames({ ...stamp, epoch: 2 }, null, CODECS, null)[0]!, /PROTOCOL.*epoch 2/],
    ["of another worker", () => encodeFrames({ ...stamp, sender: 2 }, null, CODECS, null)[0]!, /PROTOCOL.*worker 2/],
    ["of a window to come", () => encodeFrames({ ...stamp, window: 4 }, null, CODECS, null)[0]!, /PROTOCOL.*window 4/],
    ["that is none", () => new Uint8Array(200), /CORRUPT/],
  ];
  it.each(stray)("refuses a frame %s", async (_what, frame, message) => {
    const { loops } = await cluster(2, 10);
    const taken = frame();
    expect(() => loops[0]!.receive(1, taken)).toThrow(message);
  });

  it("says whom it waits for", async () => {
    const { loops } = await cluster(3, 10);
    const runs = [loops[0]!.run(), loops[2]!.run()];
    await new Promise((resolve) => setImmediate(resolve));
    expect(loops[0]!.state).toBe("waiting for 1");
    runs.push(loops[1]!.run());
    await Promise.all(runs);
    expect(loops[0]!.state).toBe("ended");
    expect(loops[0]!.waitMs).toBeGreaterThan(0);
  });
});

describe("commands", () => {
  const command = (number: number, kind: CommandKind): Command => ({ number, kind, checkpoint: number });

  it("take effect at one barrier on all workers, once each, and a window waits for what they do", async () => {
    const queues = [0, 1, 2].map(() => new CommandQueue());
    const log: string[][] = [[], [], []];
    let windows = 0;
    const pause = (window: number): undefined => {
      // They come to the workers at different times.
      const at = { 4: 0, 9: 1, 14: 2 }[++windows];
      if (at !== undefined) for (const n of [1, 2]) queues[at]!.accept(command(n, n === 1 ? "checkpoint" : "pause"));
      for (const list of log) list.push(`run ${window}`);
    };
    const { loops } = await cluster(3, 40, pause, (worker) => ({
      commands: queues[worker]!,
      onCommand: ({ number, kind }, next) => {
        log[worker]!.push(`${kind} ${number} before ${next}`);
        return number === 1 ? undefined : new Promise((done) => setImmediate(done));
      },
    }));
    await Promise.all(loops.map((loop) => loop.run()));
    const done = log.map((lines) => lines.filter((line) => !line.startsWith("run")));
    expect(done[0]).toHaveLength(2);
    expect(done[1]).toEqual(done[0]);
    expect(done[2]).toEqual(done[0]);
    expect(loops[1]!.account(0).applied).toEqual(loops[0]!.account(1).applied);
  });

  it("stop ends the run at the first barrier by which all have received it", async () => {
    const queues = [0, 1, 2].map(() => new CommandQueue());
    let windows = 0;
    let last = 0;
    const pause = (window: number): undefined => {
      if (++windows % 3 === 1 && windows < 9) queues[(windows - 1) / 3]!.accept(command(1, "stop"));
      last = window;
    };
    const { loops } = await cluster(3, 400, pause, (worker) => ({ commands: queues[worker]! }));
    const ends = await Promise.all(loops.map((loop) => loop.run()));
    expect(ends[0]).toMatchObject({ kind: "end", reason: "stopped", virtualTime: last });
    expect(windows).toBeLessThan(20);
  });

  it("halt ends all loops before the same window", async () => {
    const queues = [0, 1].map(() => new CommandQueue());
    let windows = 0;
    const pause = (): undefined => {
      if (++windows === 7) for (const queue of queues) queue.accept(command(1, "halt"));
    };
    const { loops } = await cluster(2, 40, pause, (worker) => ({ commands: queues[worker]! }));
    const [a, b] = await Promise.all(loops.map((loop) => loop.run()));
    expect(a).toMatchObject({ kind: "halted" });
    expect(b).toEqual(a);
  });
});

describe("determinants", () => {
  it("are durable before any frame leaves that may depend on them, those within the window as well", async () => {
    const log: string[] = [];
    const determinants = {
      dirty: false,
      sync: async (): Promise<void> => {
        await new Promise((done) => setImmediate(done));
        determinants.dirty = false;
        log.push("durable");
      },
    };
    let current = -1;
    const pause = (window: number, self: number): void => {
      if (self !== 0) return;
      current = window;
      determinants.dirty = window % 2 === 1;
    };
    const { loops } = await cluster(2, 30, pause, (worker) => (worker === 0 ? { determinants } : {}));
    const send = loops[1]!.receive.bind(loops[1]);
    loops[1]!.receive = (peer, frame) => {
      log.push(determinants.dirty && readHeader(frame).window === current ? "too early" : "frame");
      send(peer, frame);
    };
    await Promise.all(loops.map((loop) => loop.run()));
    expect(log).toContain("durable");
    expect(log).toContain("frame");
    expect(log).not.toContain("too early");
  });
});
