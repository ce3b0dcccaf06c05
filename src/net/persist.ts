import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { Backoff } from "./backoff.ts";
import { Patience } from "./patience.ts";

/** Pauses between attempts to reach a peer. */
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2_000;

/** A peer that the master has just named is up; it is waited for no longer than this when it was never reached. */
const FIRST_WAIT_MS_MAX = 10_000;

export const firstWaitMs = (peerWaitMs: number): number => Math.min(peerWaitMs, FIRST_WAIT_MS_MAX);

export const peerBackoff = (chance: () => number): Backoff =>
  new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, chance });

export interface Persistence {
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** After so long, the next failure is the last. */
  readonly waitMs: number;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  /** Names what is attempted: "worker 1". */
  readonly what: string;
}

/** Attempts again what fails with UNAVAILABLE. Throws anything else at once, UNAVAILABLE when the time is over, the signal's reason. */
export async function persist<T>(
  { clock, backoff, waitMs, signal, what }: Persistence,
  act: () => Promise<T>,
): Promise<T> {
  let over = false;
  const patience = new Patience(clock, waitMs, () => (over = true));
  patience.start();
  try {
    for (;;) {
      try {
        return await act();
      } catch (reason) {
        const error = MyriadError.from(reason, "UNAVAILABLE");
        if (error.code !== "UNAVAILABLE" || signal.aborted) throw error;
        if (over) {
          const message = `${what} was not to be reached for ${waitMs / 1000} s: ${error.message}`;
          throw new MyriadError("UNAVAILABLE", message, { cause: error });
        }
      }
      await clock.sleep(backoff.nextMs(), signal);
    }
  } finally {
    patience.stop();
  }
}
