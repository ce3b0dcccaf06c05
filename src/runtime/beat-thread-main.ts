import { parentPort } from "node:worker_threads";
import { systemClock } from "../base/clock.ts";
import type { Pulse } from "../wire/gen/myriad/v1/beats.ts";
import { BeatStream } from "./beat-stream.ts";
import type { BeatOrder, BeatSettings, BeatsRefused } from "./beat-thread.ts";
import { MainPulse } from "./main-pulse.ts";
import { ProgressBoard } from "./progress-board.ts";

/** What runs in the thread of `BeatThread`: it does as it is told until it is ended. */

/** A main thread that is so many signs behind stands still. */
const SIGNS_MISSED = 3;

const boards = new Map<number, ProgressBoard>();

parentPort?.on("message", (order: BeatOrder) => {
  if (order.kind === "start") start(order.settings);
  else boards.set(order.worker, new ProgressBoard(order.board));
});

function start({ target, attachment, intervalMs, pulse, signMs }: BeatSettings): void {
  const main = new MainPulse(pulse);
  new BeatStream({
    target,
    attachment,
    intervalMs,
    pulse: () => pulseOf(main, signMs),
    onRefused: (why) => parentPort?.postMessage({ why } satisfies BeatsRefused),
    clock: systemClock,
    chance: Math.random,
  });
}

function pulseOf(main: MainPulse, signMs: number): Pulse {
  const lagMs = main.takeLagMs(signMs);
  const blocked = lagMs > SIGNS_MISSED * signMs;
  return {
    sentMs: systemClock.now(),
    lagMs,
    rssBytes: process.memoryUsage.rss(),
    progress: [...boards].map(([worker, board]) => board.read(worker, blocked)),
  };
}
