import type { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Agreement, SavedAgreement } from "./agreement.ts";
import type { Core } from "./core.ts";
import { beginSection, endSection, openSection } from "./section.ts";

/** What is equal on all workers between two windows: all that decides what happens next, but for the agents. */
export interface Common {
  /** The window to be run next. */
  readonly next: number;
  /** The last one that was run. */
  readonly window: number;
  /** Windows run so far. */
  readonly windows: number;
  /** By index: the worker of every agent at the time. */
  readonly placement: Uint16Array;
  /** Agents that have retired, ascending. */
  readonly gone: Uint32Array;
  /** By relation, in the order of `relations`. */
  readonly directed: readonly boolean[];
  readonly relations: readonly string[];
  /** Names of the shared values, in the order of `values`. */
  readonly shared: readonly string[];
  readonly values: readonly unknown[];
  readonly agreement: SavedAgreement;
}

export function encodeCommon(out: ByteWriter, core: Core, agreement: Agreement, next: number): Uint8Array {
  const { table, program, relations } = core;
  const common: Common = {
    next,
    window: core.window,
    windows: core.counts.windows,
    placement: table.placement.slice(0, table.total),
    gone: relations.gone,
    directed: program.relations.map((_, id) => relations.directed(id)),
    relations: program.relations,
    shared: program.shared.map(({ name }) => name),
    values: core.shared.save(),
    agreement: agreement.save(),
  };
  beginSection(out, "common", next);
  out.raw(encodePlain(common));
  return endSection(out);
}

/**
 * What a common section holds; agents in all are as many as `placement` has. Throws CORRUPT for bytes that are not
 * whole, MISMATCH for a section of another version or kind.
 */
export function decodeCommon(bytes: Uint8Array): Common {
  const { kind, body } = openSection(bytes);
  if (kind !== "common") throw new MyriadError("MISMATCH", `a section (${kind}) is given as the common one`);
  return decodePlain(body) as Common;
}

/** Throws MISMATCH when the section is of a model with other relations or shared values. */
export function checkModel(common: Common, { relations, shared }: Core["program"]): void {
  const refuse = (what: string, saved: readonly string[], here: readonly string[]): void => {
    if (saved.join() === here.join()) return;
    throw new MyriadError("MISMATCH", `${what} of the checkpoint: ${saved.join()}; of the model: ${here.join()}`);
  };
  refuse("relations", common.relations, relations);
  const names = shared.map(({ name }) => name);
  refuse("shared values", common.shared, names);
}
