import { systemClock } from "../base/clock.ts";
import type { Engine } from "../engine/engine.ts";
import type { Program } from "../model/program.ts";
import type { Until } from "../model/until.ts";
import type { Progress } from "./run.ts";

/** Between two reports, in milliseconds: often enough for a live line, seldom enough to cost nothing. */
const REPORT_MS = 100;

/** Reports the progress of an engine, at barriers, no more often than is useful. */
export function progressMeter(
  program: Program,
  workers: number,
  report: ((progress: Progress) => void) | undefined,
): (engine: Engine, window: number) => void {
  if (report === undefined) return () => undefined;
  let lastMs = systemClock.now();
  let lastEvents = 0;
  return (engine, window) => {
    const now = systemClock.now();
    if (now - lastMs < REPORT_MS) return;
    const events = engine.delivered;
    const virtualTime = program.lookahead * (window + 1);
    const eventsPerSecond = Math.round(((events - lastEvents) * 1000) / (now - lastMs));
    const fraction = fractionOf(program.until, virtualTime, engine.roundsCompleted);
    lastMs = now;
    lastEvents = events;
    report({
      virtualTime,
      window,
      events,
      eventsPerSecond,
      workers,
      agents: engine.core.table.total,
      ...(fraction === undefined ? {} : { fraction }),
    });
  };
}

/** How much of the run is done, 0 to 1, when its rule tells in advance; of several rules the one that is nearest. */
export function fractionOf(until: Until | undefined, virtualTime: number, rounds: number): number | undefined {
  if (until === undefined) return undefined;
  const parts = (until.any ?? []).map((rule) => fractionOf(rule, virtualTime, rounds));
  if (until.time !== undefined) parts.push(virtualTime / until.time);
  if (until.rounds !== undefined) parts.push(rounds / until.rounds);
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : Math.min(1, Math.max(...known));
}
