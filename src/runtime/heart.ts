import type { Clock } from "../base/clock.ts";
import type { MyriadError } from "../base/error.ts";
import type { Attachment } from "../wire/gen/myriad/v1/control.ts";
import { BeatThread } from "./beat-thread.ts";
import { MainPulse } from "./main-pulse.ts";
import type { ProgressBoard } from "./progress-board.ts";

/** The main thread signs at least so often, so that its lag is known to this. */
const SIGN_MS_MAX = 100;

export interface HeartOptions {
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** As often as the main thread signs. */
  readonly onSign: () => void;
  /** The master has refused the beats, or nobody sends them any more. */
  readonly onStopped: (reason: string | MyriadError) => void;
}

/** A worker process's beats: the thread that sends them, and what the main thread does for them. */
export class Heart {
  readonly #options: HeartOptions;
  #thread: BeatThread | undefined;
  readonly #pulse = new MainPulse();
  #cancel: () => void = () => {};

  constructor(options: HeartOptions) {
    this.#options = options;
  }

  /** Beats to the master at host:port from now on; the first comes when the thread has started. */
  start(target: string, attachment: Attachment): void {
    const { heartbeatMs, clock, onSign, onStopped } = this.#options;
    const signMs = Math.min(SIGN_MS_MAX, heartbeatMs / 2);
    this.#thread = new BeatThread({ onRefused: onStopped, onDied: onStopped });
    this.#thread.start({ target, attachment, intervalMs: heartbeatMs, pulse: this.#pulse.buffer, signMs });
    let dueMs = clock.now();
    const sign = (): void => {
      const nowMs = clock.now();
      this.#pulse.sign(nowMs, nowMs - dueMs);
      onSign();
      dueMs = nowMs + signMs;
      this.#cancel = clock.setTimer(signMs, sign);
    };
    sign();
  }

  /** From now on beats tell the progress of this part as well. */
  add(worker: number, board: ProgressBoard): void {
    this.#thread?.add(worker, board);
  }

  /** Resolves when the thread is gone. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#thread?.stop();
  }
}
