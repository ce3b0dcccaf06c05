import type { Worker } from "node:worker_threads";
import { MyriadError } from "../base/error.ts";
import type { Attachment } from "../wire/gen/myriad/v1/control.ts";
import type { ProgressBoard } from "./progress-board.ts";
import { startThread } from "./source-thread.ts";

export interface BeatSettings {
  /** host:port of the master. */
  readonly target: string;
  readonly attachment: Attachment;
  /** Between two beats. */
  readonly intervalMs: number;
  /** Buffer of a MainPulse, which the main thread signs every `signMs` when it can. */
  readonly pulse: SharedArrayBuffer;
  readonly signMs: number;
}

/** What the thread is told. */
export type BeatOrder =
  | { readonly kind: "start"; readonly settings: BeatSettings }
  /** Beats tell the progress of this part as well, read from a ProgressBoard's buffer. */
  | { readonly kind: "add"; readonly worker: number; readonly board: SharedArrayBuffer };

/** What the thread says: once, if ever. */
export interface BeatsRefused {
  readonly why: string;
}

export interface BeatThreadOptions {
  /** The master does not take this worker for one of the run. */
  readonly onRefused: (why: string) => void;
  /** Without beats the master will take this worker for dead. */
  readonly onDied: (reason: MyriadError) => void;
}

/** A thread that beats, whatever the main thread is doing. */
export class BeatThread {
  readonly #thread: Worker;

  /** Starts the thread, which takes a while; it beats from `start` on. */
  constructor({ onRefused, onDied }: BeatThreadOptions) {
    this.#thread = startThread("beat-thread-main");
    const died = (why: string): void => {
      this.#thread.removeAllListeners("exit");
      onDied(new MyriadError("UNAVAILABLE", `the thread that beats died: ${why}`));
    };
    this.#thread.on("message", ({ why }: BeatsRefused) => onRefused(why));
    this.#thread.on("error", (reason: unknown) => died(reason instanceof Error ? reason.message : String(reason)));
    this.#thread.on("exit", (code) => died(`it ended with code ${code}`));
    this.#thread.unref();
  }

  start(settings: BeatSettings): void {
    this.#tell({ kind: "start", settings });
  }

  /** From now on beats tell the progress of this part of the run. */
  add(worker: number, { buffer }: ProgressBoard): void {
    this.#tell({ kind: "add", worker, board: buffer });
  }

  /** Resolves when the thread is gone. */
  async stop(): Promise<void> {
    this.#thread.removeAllListeners();
    // Errors that are on their way have nobody left to tell.
    this.#thread.on("error", () => {});
    await this.#thread.terminate();
  }

  #tell(order: BeatOrder): void {
    this.#thread.postMessage(order);
  }
}
