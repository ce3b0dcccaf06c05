import type { ResourceLimits } from "node:worker_threads";
import { type ErrorCode, MyriadError } from "../base/error.ts";
import type { PlacementOutcome, PlacementTask } from "../placement/place.ts";
import { startThread } from "./source-thread.ts";

export type { PlacementOutcome, PlacementTask } from "../placement/place.ts";

/** What the thread sends back: a placement, or the refusal of what cannot be met. */
export type PlacementAnswer =
  | { readonly outcome: PlacementOutcome }
  | { readonly code: ErrorCode; readonly message: string };

/**
 * Places agents in a thread of its own; the caller's event loop goes on meanwhile. All arrays of the task are handed over, not copied: they are empty for the
 * caller afterwards, so it passes copies of what it wants to keep. `heap`: limits of the thread's heap, those of the process by default (typed arrays are
 * not in it). When the promise settles the thread is gone. Throws INVALID_PLACEMENT as `place` does, STOPPED when `signal` is aborted, PLACEMENT_FAILED when the thread dies.
 */
export function placeInThread(
  task: PlacementTask,
  signal?: AbortSignal,
  heap: ResourceLimits = {},
): Promise<PlacementOutcome> {
  if (signal?.aborted) return Promise.reject(stopped());
  return new Promise((resolve, reject) => {
    const worker = startThread("placement-thread-main", heap);
    const abort = (): void => end(() => reject(stopped()));
    const end = (settle: () => void): void => {
      signal?.removeEventListener("abort", abort);
      worker.removeAllListeners();
      // Errors that are on their way when the thread is ended have nobody left to tell.
      worker.on("error", () => {});
      void worker.terminate().then(settle, settle);
    };
    signal?.addEventListener("abort", abort, { once: true });
    worker.once("message", (answer: PlacementAnswer) => {
      end(() => ("outcome" in answer ? resolve(answer.outcome) : reject(received(answer.code, answer.message))));
    });
    worker.once("error", (reason) => end(() => reject(failed(reason))));
    worker.once("messageerror", (reason) => end(() => reject(failed(reason))));
    worker.once("exit", (code) => end(() => reject(failed(new Error(`it ended with code ${code} and no answer`)))));
    try {
      worker.postMessage(task, buffersOf(task));
    } catch (reason) {
      end(() => reject(reason));
    }
  });
}

/** Each buffer once: columns may be views of one. */
function buffersOf(task: PlacementTask): ArrayBuffer[] {
  const { source, target, edgeWeights, loads, typeOf, workers, present, options } = task;
  const columns = [source, target, edgeWeights, loads, typeOf, workers, present, options.pinned];
  const buffers = new Set<ArrayBuffer>();
  for (const column of columns) {
    if (typeof column === "object" && column.buffer instanceof ArrayBuffer) buffers.add(column.buffer);
  }
  return [...buffers];
}

const stopped = (): MyriadError => new MyriadError("STOPPED", "the placement was stopped");

/** The same error on this side. */
const received = (code: ErrorCode, message: string): MyriadError =>
  new MyriadError(code, message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message);

function failed(cause: unknown): MyriadError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new MyriadError("PLACEMENT_FAILED", `the thread that places agents died: ${text}`, { cause });
}
