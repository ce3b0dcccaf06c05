import { MyriadError } from "../base/error.ts";
import { decodeChecked, encodeChecked } from "./checked-json.ts";
import type { PartInfo } from "./part-writer.ts";

/** Rises when what stands in the manifest changes. */
export const MANIFEST_FORMAT = 1;

/** What makes parts a checkpoint: there is one when its manifest stands. */
export interface CheckpointManifest {
  readonly format: number;
  readonly runId: string;
  readonly seed: number;
  readonly scenarioHash: string;
  readonly nodeMajor: number;
  readonly arch: string;
  /** Of this checkpoint: rises, and is never used twice in a run. */
  readonly id: number;
  /** The window that is run next. */
  readonly window: number;
  readonly epoch: number;
  /** Ids of the workers of that epoch. */
  readonly workers: readonly number[];
  /** Version of the placement under which the parts were written. */
  readonly placement: number;
  /** The checkpoint that this one tells the differences to; null when it is full. */
  readonly base: number | null;
  readonly parts: readonly PartInfo[];
  /** When it was committed, ISO 8601; for people only. */
  readonly time: string;
}

export const encodeManifest = (manifest: CheckpointManifest): Uint8Array => encodeChecked(manifest);

/** Throws CORRUPT, and MISMATCH for another format, naming `path`. */
export function decodeManifest(bytes: Uint8Array, path: string): CheckpointManifest {
  const manifest = decodeChecked(bytes, path) as CheckpointManifest;
  if (manifest.format === MANIFEST_FORMAT) return manifest;
  throw new MyriadError("MISMATCH", `"${path}" has format ${manifest.format}; this version reads ${MANIFEST_FORMAT}`);
}
