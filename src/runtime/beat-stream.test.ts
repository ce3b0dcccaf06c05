import { Server } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, ManualClock, systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { bindServer } from "../net/grpc-options.ts";
import { BeatsService, type Pulse } from "../wire/gen/myriad/v1/beats.ts";
import { BeatService, type TakeBeats } from "./beat-service.ts";
import { BeatStream } from "./beat-stream.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** Listens for beats, on a free port or on this one. */
async function listen(take: TakeBeats, port = 0): Promise<{ service: BeatService; port: number; stop: () => void }> {
  const server = new Server();
  const service = new BeatService(take);
  server.addService(BeatsService, service.handlers);
  const stop = (): void => server.forceShutdown();
  closing.push(stop);
  return { service, port: await bindServer(server, "127.0.0.1", port), stop };
}

const ATTACHMENT = { runId: "r", workerId: 3, incarnation: "i", part: 0, epoch: 0 };

function beatTo(port: number, clock: Clock = systemClock, onRefused: (why: string) => void = () => {}): void {
  let sent = 0;
  const stream = new BeatStream({
    target: `127.0.0.1:${port}`,
    attachment: ATTACHMENT,
    intervalMs: 5,
    pulse: () => ({ sentMs: ++sent, lagMs: 0, rssBytes: 0, progress: [] }),
    onRefused,
    clock,
    chance: () => 0.5,
  });
  closing.push(() => stream.close());
}

/** Resolves with the pulses once there are so many. */
function pulses(count: number): { take: TakeBeats; come: Promise<Pulse[]>; attached: unknown[] } {
  const seen: Pulse[] = [];
  const attached: unknown[] = [];
  let done = (_: Pulse[]): void => {};
  const come = new Promise<Pulse[]>((resolve) => (done = resolve));
  const take: TakeBeats = (attachment) => {
    attached.push(attachment);
    return (pulse) => void (seen.push(pulse) === count && done(seen));
  };
  return { take, come, attached };
}

describe("a stream of beats", () => {
  it("says whose it is, then beats in order", async () => {
    const { take, come, attached } = pulses(5);
    beatTo((await listen(take)).port);
    expect((await come).map(({ sentMs }) => sentMs)).toEqual([1, 2, 3, 4, 5]);
    expect(attached).toEqual([ATTACHMENT]);
  });

  it("is opened anew when it is ended, and when the master was away", async () => {
    const first = pulses(2);
    const one = await listen(first.take);
    beatTo(one.port);
    await first.come;
    one.service.close();
    while (first.attached.length < 2) await new Promise((resolve) => setImmediate(resolve));
    one.stop();
    const second = pulses(3);
    await listen(second.take, one.port);
    await second.come;
    expect(second.attached).toEqual([ATTACHMENT]);
  });

  it("ends for good when it is refused", async () => {
    const { port } = await listen(() => {
      throw new MyriadError("MISMATCH", "you are not in the run");
    });
    const clock = new ManualClock();
    const why = await new Promise<string>((resolve) => beatTo(port, clock, resolve));
    // Nothing is left that could beat, or try again.
    expect([why, clock.pending]).toEqual(["you are not in the run", 0]);
  });
});
