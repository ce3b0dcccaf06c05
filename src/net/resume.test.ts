import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chanceOf } from "../../test/seeded.ts";
import { ManualClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { spillBudget } from "../store/spill.suite.ts";
import { EventBatch, FLAG_NONE, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { encodeFrames, positionOf } from "../wire/frame.ts";
import { PayloadCodec } from "../wire/payload.ts";
import { FrameLog } from "./frame-log.ts";
import { Inlet } from "./inlet.ts";
import { Outlet } from "./outlet.ts";
import { type Faults, NO_FAULTS, RoughTransport } from "./rough-transport.suite.ts";

const CODECS = [new PayloadCodec("hop", [{ name: "count", kind: "u32" }])];
const META = packMeta(PHASE_EVENT, 0, FLAG_NONE, 0);
const SILENCE_MS = 2_000;

/** All frames of some windows, whose numbers leave gaps. */
function series(windows: readonly number[]): Uint8Array[] {
  return windows.flatMap((count, i) =>
    Array.from({ length: count }, (_, frameSeq) => {
      const batch = new EventBatch();
      batch.push(i, 0, 0, frameSeq, META);
      batch.pushWord(i);
      const header = { run: 1, epoch: 1, window: i * 3 - 1, sender: 0, frameSeq };
      return encodeFrames(header, batch, CODECS, frameSeq === count - 1 ? Uint8Array.of(i) : null)[0]!;
    }),
  );
}

interface Bench {
  clock: ManualClock;
  line: RoughTransport;
  outlet: Outlet;
  inlet: Inlet;
  log: FrameLog;
  came: Uint8Array[];
  lost: MyriadError[];
  news: string[];
}

async function bench(seed: number, peerWaitMs = 1e9, badFramesMax = 5): Promise<Bench> {
  const clock = new ManualClock();
  const chance = chanceOf(seed);
  const line = new RoughTransport(clock, chance);
  const came: Uint8Array[] = [];
  const lost: MyriadError[] = [];
  const news: string[] = [];
  const onLost = (reason: MyriadError): void => void lost.push(reason);
  const log = new FrameLog({ peer: 9, budget: spillBudget() });
  const outlet = new Outlet({
    peer: 9,
    clock,
    silenceMsMax: SILENCE_MS,
    peerWaitMs,
    onLost,
    onSilent: () => news.push("silent"),
    log,
  });
  await line.listen((stream) => outlet.resume(stream));
  const inlet = new Inlet({
    peer: { worker: 0, address: "rough", incarnation: "i" },
    transport: line,
    frame: (bytes) => {
      // As at a barrier: nothing of a window before the one before it has come.
      const { window } = positionOf(bytes);
      const known = came.length === 0 ? -4 : positionOf(came.at(-1)!).window;
      if (window > known + 3) throw new MyriadError("PROTOCOL", `window ${known + 3} has not come`);
      came.push(bytes);
      return undefined;
    },
    silenceMsMax: SILENCE_MS,
    clock,
    chance,
    peerWaitMs,
    badFramesMax,
    onBroken: (reason) => news.push(`broken ${reason?.code ?? "by a side"}`),
    onRestored: () => news.push("restored"),
    onLost,
  });
  return { clock, line, outlet, inlet, log, came, lost, news };
}

const probability = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
const anyFaults: fc.Arbitrary<Faults> = fc.record({
  cut: probability(0.2),
  unnoticed: probability(0.5),
  duplicate: probability(0.3),
  drop: probability(0.1),
  flip: probability(0.1),
  lateCall: probability(0.5),
  refusedCall: probability(0.5),
  delayMsMax: fc.integer({ min: 1, max: 200 }),
  silenceMsMax: fc.constant(SILENCE_MS),
});

describe("a link over a line that cuts, delays, repeats, drops and flips", () => {
  it("brings every frame once and in order, and keeps none in the end", async () => {
    let cuts = 0;
    let resent = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        anyFaults,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20, size: "max" }),
        async (seed, faults, windows) => {
          const { clock, line, outlet, inlet, log, came, lost } = await bench(seed, 1e9, 1e9);
          const frames = series(windows);
          void inlet.open();
          await clock.advance(10);
          line.faults = faults;
          for (const frame of frames) {
            outlet.send(frame);
            if (line.roll(0.3)) await clock.advance(line.delayMs());
          }
          for (let i = 0; i < 20; i++) await clock.advance(SILENCE_MS / 2);
          line.faults = NO_FAULTS;
          for (let i = 0; i < 10; i++) await clock.advance(SILENCE_MS);
          expect(lost).toEqual([]);
          expect(came).toEqual(frames);
          expect([log.empty, log.memoryBytes]).toEqual([true, 0]);
          cuts += line.cuts;
          resent += outlet.resent;
          inlet.close();
          outlet.close();
          await clock.advance(SILENCE_MS * 10);
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 500 }, // some 500 cuts in all, so that 100 is far below what chance brings
    );
    expect(cuts).toBeGreaterThan(100);
    expect(resent).toBeGreaterThan(100);
  });
});

/** A line over which the reader has come to the sender. */
async function standing(peerWaitMs?: number): Promise<Bench> {
  const all = await bench(1, peerWaitMs);
  const open = all.inlet.open();
  await all.clock.advance(10);
  await open;
  return all;
}

describe("a link", () => {
  it("is broken by a damaged frame, and goes on behind the last good one", async () => {
    const { clock, line, outlet, came, news, inlet } = await standing();
    const frames = series([3, 3]);
    outlet.send(frames[0]!);
    await clock.advance(10);
    line.faults = { ...NO_FAULTS, flip: 1 };
    for (const frame of frames.slice(1)) outlet.send(frame);
    await clock.advance(2);
    line.faults = NO_FAULTS;
    await clock.advance(1_000);
    expect(came).toEqual(frames);
    expect(news).toEqual(["broken CORRUPT", "restored"]);
    expect([inlet.reconnects, outlet.resent]).toEqual([1, 5]);
  });

  it("ends with CORRUPT, naming the peer, when one bad frame comes after the other", async () => {
    const { clock, line, outlet, came, lost, news } = await standing();
    line.faults = { ...NO_FAULTS, flip: 1 };
    outlet.send(series([1])[0]!);
    await clock.advance(60_000);
    expect(lost.map(String)).toEqual([
      expect.stringMatching(/CORRUPT: worker 0 at rough sent 5 bad frames in a row, the last: .*(checksum|frame)/),
    ]);
    expect(news.filter((each) => each === "broken CORRUPT").length).toBe(4);
    expect(came).toEqual([]);
  });

  it("does not add up bad frames between which good ones have come", async () => {
    const { clock, line, outlet, came, lost, news } = await standing();
    const frames = series([20]);
    for (const frame of frames) {
      line.faults = { ...NO_FAULTS, flip: 1 };
      outlet.send(frame);
      await clock.advance(2);
      line.faults = NO_FAULTS;
      await clock.advance(1_000);
    }
    expect([lost, came.length, news.length]).toEqual([[], 20, 40]);
  });

  it("ends with UNAVAILABLE on both sides when the peer was not reached for the time", async () => {
    const { clock, line, outlet, lost } = await standing(8_000);
    outlet.send(series([1])[0]!);
    await clock.advance(100);
    line.faults = { ...NO_FAULTS, cut: 1, refusedCall: 1, silenceMsMax: SILENCE_MS };
    outlet.send(series([2])[1]!);
    await clock.advance(7_900);
    expect(lost).toEqual([]);
    await clock.advance(4_200);
    expect(lost.map(String).sort()).toEqual([
      expect.stringMatching(/UNAVAILABLE: worker 0 was not to be reached for 8 s: .*refused/),
      expect.stringMatching(/UNAVAILABLE: worker 9 has not come back for 8 s/),
    ]);
    expect(clock.pending).toBe(0);
  });

  it("waits for a peer that has all for as long as there is nothing for it", async () => {
    const { clock, line, outlet, lost, log, inlet } = await standing(8_000);
    outlet.send(series([1])[0]!);
    await clock.advance(1_000);
    expect(log.empty).toBe(true);
    inlet.close();
    await clock.advance(100_000);
    expect(lost).toEqual([]);
    line.faults = NO_FAULTS;
    expect(outlet.send(series([1, 1])[1]!)).toBe(false);
    await clock.advance(16_000);
    expect(lost.map(String)).toEqual([expect.stringMatching(/UNAVAILABLE: worker 9 has not come back for 8 s/)]);
  });

  it("breaks a stream on which what was sent is not acknowledged, also when it looks well", async () => {
    const { clock, line, outlet, came, log } = await standing();
    const frames = series([1, 1]);
    line.faults = { ...NO_FAULTS, drop: 1 };
    outlet.send(frames[0]!);
    await clock.advance(SILENCE_MS - 100);
    line.faults = NO_FAULTS;
    expect(came).toEqual([]);
    await clock.advance(1_000);
    expect(came).toEqual([frames[0]]);
    outlet.send(frames[1]!);
    await clock.advance(1_000);
    expect([came.length, log.empty, outlet.resent]).toEqual([2, true, 1]);
  });

  it("asks again for a window that was lost as a whole", async () => {
    const { clock, line, outlet, came, news } = await standing();
    const frames = series([1, 1, 1]);
    outlet.send(frames[0]!);
    line.faults = { ...NO_FAULTS, drop: 1 };
    await clock.advance(2);
    line.faults = NO_FAULTS;
    outlet.send(frames[1]!);
    await clock.advance(1_000);
    expect([came, news]).toEqual([frames.slice(0, 2), ["broken PROTOCOL", "restored"]]);
  });

  it("acknowledges in batches", async () => {
    const { clock, line, outlet, came, log } = await standing();
    let acks = 0;
    const frames = series([200]);
    const accept = outlet.resume.bind(outlet);
    await line.listen((stream) => {
      const sink = accept(stream);
      return {
        ...sink,
        frame: (bytes) => {
          acks++;
          sink.frame(bytes);
        },
      };
    });
    line.faults = { ...NO_FAULTS, cut: 1 };
    outlet.send(frames[0]!);
    await clock.advance(2);
    line.faults = NO_FAULTS;
    await clock.advance(1_000);
    for (const frame of frames.slice(1)) outlet.send(frame);
    await clock.advance(1_000);
    expect([came.length, log.empty]).toEqual([200, true]);
    expect(acks).toBeLessThanOrEqual(4);
  });

  it("does not give a slow line more than it takes, and sends the rest when there is room", async () => {
    const { clock, line, outlet, came, log } = await standing();
    const frames = series([50]);
    const answers = frames.map((frame) => outlet.send(frame));
    expect(answers.slice(0, 3)).toEqual([true, true, true]);
    expect(answers.slice(3).some(Boolean)).toBe(false);
    expect(log.underWay).toBe(4);
    line.faults = NO_FAULTS;
    await clock.advance(1_000);
    expect(came).toEqual(frames);
  });

  it("does not hammer a peer whose stream breaks as soon as it stands", async () => {
    const { clock, line, outlet, news } = await standing();
    outlet.send(series([1])[0]!);
    line.faults = { ...NO_FAULTS, cut: 1 };
    await clock.advance(60_000);
    // Pauses are 2 s at most and 1 s on average, once they have grown.
    expect(news.filter((each) => each === "restored").length).toBeLessThan(120);
    expect(news.filter((each) => each === "restored").length).toBeGreaterThan(20);
  });
});
