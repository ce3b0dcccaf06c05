import { NOBODY } from "../base/limits.ts";
import type { Core } from "./core.ts";
import { lowOf, windowOfTimer } from "./handle.ts";
import type { OrderQueue } from "./order-queue.ts";
import { findOwn } from "./rows.ts";

/** True when the own timer named by a handle is still to come. `queue`: the agent's, when it is not the one being run. */
export function hasTimer(core: Core, agent: number, handle: number, queue: OrderQueue = core.queue): boolean {
  const window = windowOfTimer(handle);
  const low = lowOf(handle);
  if (findWaiting(core, agent, low) >= 0) return true;
  if (window === core.window) return queue.find(core.current, agent, low) >= 0;
  return window > core.window && core.calendar.has(window, agent, low);
}

/** Removes an own timer that is still to come. */
export function cancelTimer(core: Core, agent: number, handle: number): void {
  const window = windowOfTimer(handle);
  const low = lowOf(handle);
  const late = findWaiting(core, agent, low);
  if (late >= 0) core.waiting!.to[late] = NOBODY;
  else if (window !== core.window) core.calendar.cancel(window, agent, low);
  else {
    const at = core.queue.find(core.current, agent, low);
    if (at >= 0) core.queue.removeAt(at);
  }
}

function findWaiting(core: Core, agent: number, low: number): number {
  return core.waiting === undefined ? -1 : findOwn(core.waiting, agent, low, core.waitingHead);
}
