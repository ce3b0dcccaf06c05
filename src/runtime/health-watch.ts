import type { Clock } from "../base/clock.ts";
import { STALL_LIMIT } from "./config-limits.ts";
import type { Log } from "./log.ts";
import type { MasterOptions } from "./master-options.ts";
import type { WorkerLink } from "./worker-link.ts";

export const WORKER_TIMEOUT_MS_DEFAULT = 3_000;
const HEALTH_CHECK_MS_DEFAULT = 1_000;

export interface HealthOptions extends Pick<MasterOptions, "workerTimeoutMs" | "stallLimitMs" | "healthCheckMs"> {
  /** The workers as of now. */
  readonly links: () => readonly WorkerLink[];
  readonly clock: Clock;
  readonly log: Log;
  /** By its beats, a worker is not to be counted on any more. */
  readonly onDead: (link: WorkerLink, why: string) => void;
}

/** Tells when beats do not come, or come without progress. Returns what ends it. */
export function watchHealth({ links, clock, log, onDead, ...given }: HealthOptions): () => void {
  const { healthCheckMs: intervalMs = HEALTH_CHECK_MS_DEFAULT } = given;
  const { workerTimeoutMs: timeoutMs = WORKER_TIMEOUT_MS_DEFAULT, stallLimitMs: stallMs = STALL_LIMIT * 1000 } = given;
  let lookedMs = clock.now();
  const look = (): void => {
    const nowMs = clock.now();
    // Beats that came while this process stood still have not been read yet.
    const stoodMs = nowMs - lookedMs - intervalMs;
    lookedMs = nowMs;
    for (const link of links()) {
      if (link.gone) continue;
      if (stoodMs > 0) link.health.forgive(stoodMs);
      const health = link.health.at(nowMs, { timeoutMs, stallMs });
      if (health.kind === "dead") onDead(link, health.why);
      else if (health.kind === "straggling" && !link.straggling) {
        link.straggling = true;
        const window = link.progress[0]?.window;
        log.warn("worker makes no progress", { worker: link.name, window, forMs: Math.round(health.forMs) });
      } else if (health.kind === "alive" && link.straggling) {
        link.straggling = false;
        log.info("worker makes progress again", { worker: link.name });
      }
    }
    cancel = clock.setTimer(intervalMs, look);
  };
  let cancel = clock.setTimer(intervalMs, look);
  return () => cancel();
}
