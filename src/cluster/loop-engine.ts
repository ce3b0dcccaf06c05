import type { Decision } from "../engine/agreement.ts";
import type { EventBatch } from "../wire/event-batch.ts";

/** What the loop needs of an engine. */
export interface LoopEngine {
  runWindow(window: number): void | Promise<void>;
  outbox(peer: number): EventBatch;
  closing(): Uint8Array;
  acceptEvents(frame: Uint8Array): void;
  apply(closings: readonly Uint8Array[], stop: boolean): Decision;
}

/** Answers from outside that were taken in: no frame that may depend on them leaves before they are durable (protocol 17). */
export interface DeterminantLog {
  /** Something is not durable yet. */
  readonly dirty: boolean;
  /** Resolves when all that was taken in before is. */
  sync(): Promise<void>;
}
