import type { MyriadError } from "../base/error.ts";
import type { CheckpointManifest } from "./checkpoint-manifest.ts";
import type { PartWriter } from "./part-writer.ts";

/** A checkpoint that is being written by this process: its parts only; what makes it one is `commit`. */
export interface CheckpointDraft {
  /** Begins the part of `worker`. What it closes with goes to the master, for the manifest. */
  part(worker: number): Promise<PartWriter>;
}

/** Told of a file that is missing, damaged or unreadable. */
export type OnBadFile = (file: string, reason: MyriadError) => void;

/** Where checkpoints are kept. Workers write and read parts; only the master commits and prunes. All throw STORE_FAILED. */
export interface CheckpointStore {
  /** `base`: the checkpoint that the parts tell the differences to; without one they are full. */
  begin(id: number, options?: { readonly base?: number }): Promise<CheckpointDraft>;
  /** From when it resolves, the checkpoint is there for good. Its parts must have been closed, by whomever. */
  commit(manifest: CheckpointManifest): Promise<void>;
  /**
   * The newest checkpoint that is whole to the last byte, with all that it is based on; undefined when there is none. Newer ones that are not are told to
   * `onBad`, with the file that is to blame. Throws MISMATCH for one of another run or format: going back behind that is for people to decide.
   */
  newest(onBad: OnBadFile): Promise<CheckpointManifest | undefined>;
  /** The manifest of one checkpoint, as for the base of another. Throws CORRUPT, MISMATCH; STORE_FAILED when there is none. */
  manifest(id: number): Promise<CheckpointManifest>;
  /** The sections of a part in order, each checked. Throws CORRUPT naming the file; INVALID_ARGUMENT when the worker has no part in it. */
  readPart(manifest: CheckpointManifest, worker: number): AsyncIterable<Uint8Array>;
  /** Removes all but the last `keep` (default 2) and what they are based on, and what is left of checkpoints that were never committed. */
  prune(keep?: number): Promise<void>;
}
