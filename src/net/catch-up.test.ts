import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chanceOf } from "../../test/seeded.ts";
import { drainMicrotasks, ManualClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { Staging } from "../cluster/staging.ts";
import { spillBudget, spillLimits } from "../store/spill.suite.ts";
import type { SpillBudget } from "../store/spill-budget.ts";
import { encodeFrames, readHeader } from "../wire/frame.ts";
import { FrameLog } from "./frame-log.ts";
import { Inlet } from "./inlet.ts";
import { Outlet } from "./outlet.ts";
import { type Faults, NO_FAULTS, RoughTransport } from "./rough-transport.suite.ts";
import { allOf } from "./series.ts";

const SILENCE_MS = 2_000;
const SENDER = 0;
const SELF = 1;
/** Windows leave gaps. */
const windowOf = (i: number): number => i * 3 + 6;

function framesOf(i: number, count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, frameSeq) => {
    const stamp = { run: 1, epoch: 1, window: windowOf(i), sender: SENDER, frameSeq };
    // Only a closing frame has a section; the others are of no more than a header, so a window needs several of these.
    const section = new Uint8Array(bytes).fill(i);
    return encodeFrames(stamp, null, [], frameSeq === count - 1 ? section : null)[0]!;
  });
}

interface Line {
  clock: ManualClock;
  transport: RoughTransport;
  budget: SpillBudget;
  log: FrameLog;
  outlet: Outlet;
  inlet: Inlet;
  staging: Staging;
  lost: MyriadError[];
  news: string[];
}

/** A sender that kept its frames, and a receiver that begins anew behind window 3. */
async function line(seed: number, memoryBytes: number): Promise<Line> {
  const clock = new ManualClock();
  const chance = chanceOf(seed);
  const transport = new RoughTransport(clock, chance);
  const lost: MyriadError[] = [];
  const news: string[] = [];
  const onLost = (reason: MyriadError): void => void lost.push(reason);
  const budget = spillBudget({ memoryBytes });
  const log = new FrameLog({ peer: SELF, budget, retain: true });
  const timing = { clock, silenceMsMax: SILENCE_MS, peerWaitMs: 1e9 };
  const outlet = new Outlet({ peer: SELF, ...timing, onLost, onSilent: () => news.push("silent"), log });
  await transport.listen((stream) => outlet.resume(stream));
  const staging = new Staging(SELF, 2, windowOf(0), spillLimits({ memoryBytes }));
  const inlet: Inlet = new Inlet({
    peer: { worker: SENDER, address: "rough", incarnation: "i" },
    transport,
    from: allOf(3),
    frame: (bytes) => {
      // No line leaves out a window as a whole and brings the next; this one does, and it is as with a gap within one.
      const header = readHeader(bytes);
      if (header.window > inlet.whole.window + 3) throw new MyriadError("PROTOCOL", "a window is left out");
      return staging.accept(header, bytes);
    },
    ...timing,
    chance,
    badFramesMax: 1e9,
    onBroken: () => news.push("broken"),
    onRestored: () => {},
    onLost,
  });
  return { clock, transport, budget, log, outlet, inlet, staging, lost, news };
}

async function takeAll(staging: Staging): Promise<Uint8Array[]> {
  const taken = staging.take(SENDER);
  if (taken !== undefined) return [...taken];
  const drained: Uint8Array[] = [];
  for await (const frame of staging.drain(SENDER)) drained.push(frame.slice());
  return drained;
}

async function end({ clock, inlet, outlet }: Line): Promise<void> {
  inlet.close();
  outlet.close();
  await clock.advance(SILENCE_MS * 10);
  expect(clock.pending).toBe(0);
}

const probability = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });
const anyFaults: fc.Arbitrary<Faults> = fc.record({
  cut: probability(0.1),
  unnoticed: probability(0.5),
  duplicate: probability(0.2),
  drop: probability(0.05),
  flip: probability(0.05),
  lateCall: probability(0.3),
  refusedCall: probability(0.3),
  delayMsMax: fc.integer({ min: 1, max: 100 }),
  silenceMsMax: fc.constant(SILENCE_MS),
});

describe("a receiver that is many windows behind", () => {
  it("gets all of them at its own pace, while neither end takes more memory than it may", async () => {
    let ahead = 0;
    let onDisk = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.option(anyFaults, { nil: NO_FAULTS }),
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 0, max: 4_000 }) }), {
          minLength: 3,
          maxLength: 25,
          size: "max",
        }),
        fc.integer({ min: 12_000, max: 60_000 }),
        async (seed, faults, windows, memoryBytes) => {
          const all = await line(seed, memoryBytes);
          const { clock, transport, budget, outlet, staging, log } = all;
          const wanted = windows.map(({ count, bytes }, i) => framesOf(i, count, bytes));
          void all.inlet.open();
          await clock.advance(10);
          transport.faults = faults;
          for (const frame of wanted.flat()) {
            outlet.send(frame);
            await outlet.room();
            expect(budget.memoryBytes).toBeLessThanOrEqual(memoryBytes);
            if (transport.roll(0.05)) await clock.advance(transport.delayMs());
          }
          for (const [i, frames] of wanted.entries()) {
            for (let turn = 0; staging.missing.length > 0; turn++) {
              if (turn === 50) transport.faults = NO_FAULTS;
              await clock.advance(50);
              expect(staging.figures.memoryBytes).toBeLessThanOrEqual(memoryBytes);
              expect(all.lost).toEqual([]);
            }
            if (transport.roll(0.3)) await clock.advance(transport.chance() * 3 * SILENCE_MS);
            if (log.underWay > 0) ahead++;
            onDisk += staging.figures.diskBytes + budget.diskBytes;
            expect(await takeAll(staging)).toEqual(frames);
            staging.advance(windowOf(i + 1));
          }
          await end(all);
        },
      ),
      { numRuns: 60 },
    );
    expect([ahead > 50, onDisk > 500_000]).toEqual([true, true]);
  });

  it("is not taken for silent while it has no room", async () => {
    const all = await line(1, 2 ** 30);
    const { clock, outlet, inlet, staging, log } = all;
    void inlet.open();
    await clock.advance(10);
    const wanted = Array.from({ length: 10 }, (_, i) => framesOf(i, 3, 100));
    for (const frame of wanted.flat()) outlet.send(frame);
    await clock.advance(10 * SILENCE_MS);
    expect(log.underWay).toBeGreaterThan(0);
    // Two windows, and no more than are under way at once beside them.
    expect(log.underWay).toBeLessThanOrEqual(8);
    for (const [i, frames] of wanted.entries()) {
      expect(await takeAll(staging)).toEqual(frames);
      staging.advance(windowOf(i + 1));
      await clock.advance(2 * SILENCE_MS);
    }
    expect([log.empty, inlet.repeats, inlet.reconnects, all.news]).toEqual([true, 0, 0, []]);
    await end(all);
  });

  it("that is dead is taken for silent", async () => {
    const all = await line(1, 2 ** 30);
    const { clock, outlet, inlet, transport } = all;
    void inlet.open();
    await clock.advance(10);
    for (let i = 0; i < 10; i++) for (const frame of framesOf(i, 3, 100)) outlet.send(frame);
    await clock.advance(10);
    transport.faults = { ...NO_FAULTS, drop: 1 };
    await clock.advance(2 * SILENCE_MS);
    expect(all.news).toContain("silent");
    await drainMicrotasks();
    await end(all);
  });
});
