import { isDeepStrictEqual } from "node:util";
import { MyriadError } from "../base/error.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { decodeChecked, encodeChecked } from "./checked-json.ts";
import { MANIFEST_FORMAT } from "./checkpoint-manifest.ts";
import { LOG_FORMAT } from "./decision-log.ts";
import { JOURNAL_FORMAT } from "./effect-journal.ts";
import { PART_FORMAT } from "./part-format.ts";

/** Of each kind of file in a run's folder: a run is only resumed by a version that writes the same ones. */
export interface Formats {
  readonly run: number;
  readonly manifest: number;
  readonly part: number;
  readonly log: number;
  readonly journal: number;
}

export const FORMATS: Formats = {
  run: 2,
  manifest: MANIFEST_FORMAT,
  part: PART_FORMAT,
  log: LOG_FORMAT,
  journal: JOURNAL_FORMAT,
};

/** What a run was told that a resumed one has to know; what is left out has its default. */
export interface KeptOptions {
  readonly workers: number;
  readonly until?: { readonly time?: number; readonly rounds?: number };
  readonly strict?: boolean;
  readonly placement?: string;
  readonly stallLimit?: number;
  readonly checkpointEvery?: number;
  readonly recovery?: string;
}

/** What a run is, written before it starts. */
export interface RunManifest {
  readonly formats: Formats;
  /** Version of this package. */
  readonly myriad: string;
  readonly runId: string;
  readonly seed: number;
  /** As they were given: the schema of the scenario adds its defaults. */
  readonly params: unknown;
  readonly options: KeptOptions;
  /** Path of the scenario module. */
  readonly scenario: string;
  readonly scenarioHash: string;
  readonly nodeMajor: number;
  readonly arch: string;
}

/** What can be said of this process before it resumes a run. Left out: not asked for, so not compared. */
export type Here = Partial<Omit<RunManifest, "params" | "options" | "scenario">>;

/**
 * Refuses to resume a run under other conditions: MISMATCH with both values of each. Versions and the machine count because the bits of `Math.exp` and its like
 * may depend on them.
 */
export function checkRun(manifest: RunManifest, here: Here): void {
  const differ: string[] = [];
  const compare = (what: string, theirs: unknown, ours: unknown): void => {
    if (ours !== undefined && theirs !== ours) differ.push(`${what} ${String(theirs)}, here ${String(ours)}`);
  };
  compare("run", manifest.runId, here.runId);
  compare("myriad", manifest.myriad, here.myriad);
  compare("seed", manifest.seed, here.seed);
  compare("scenario hash", manifest.scenarioHash, here.scenarioHash);
  compare("Node", manifest.nodeMajor, here.nodeMajor);
  compare("architecture", manifest.arch, here.arch);
  for (const kind of Object.keys(FORMATS) as (keyof Formats)[]) {
    compare(`format of ${kind}`, manifest.formats[kind], here.formats?.[kind]);
  }
  if (differ.length > 0) throw new MyriadError("MISMATCH", `the run was started with ${differ.join("; ")}`);
}

/** Where JSON would change them, parameters are packed: a run is resumed with exactly those that it had. */
const PACKED = "$packed";

export function encodeRun(manifest: RunManifest): Uint8Array {
  const { params } = manifest;
  const text = JSON.stringify(params);
  const readable = text !== undefined && isDeepStrictEqual(JSON.parse(text), params) && !text.includes(`"${PACKED}"`);
  const shown = readable ? params : { [PACKED]: Buffer.from(encodePlain(params)).toString("base64") };
  return encodeChecked({ ...manifest, params: shown });
}

/** Throws CORRUPT, and MISMATCH for another format, naming `path`. */
export function decodeRun(bytes: Uint8Array, path: string): RunManifest {
  const found = decodeChecked(bytes, path) as RunManifest;
  if (found.formats?.run !== FORMATS.run) {
    throw new MyriadError("MISMATCH", `"${path}" has format ${found.formats?.run}; this version reads ${FORMATS.run}`);
  }
  const packed = (found.params as Record<string, string> | null)?.[PACKED];
  return packed === undefined
    ? found
    : { ...found, params: decodePlain(new Uint8Array(Buffer.from(packed, "base64"))) };
}
