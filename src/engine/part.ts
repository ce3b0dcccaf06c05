import { MyriadError } from "../base/error.ts";
import { Hash128 } from "../base/hash.ts";
import type { Program } from "../model/program.ts";
import type { EventBatch } from "../wire/event-batch.ts";
import { QUARANTINED, RETIRED } from "./agent-table.ts";
import type { Core } from "./core.ts";
import type { Counts } from "./counts.ts";
import type { EffectRunner } from "./effects.ts";
import type { AgentFailure } from "./failure.ts";
import type { SamplePartial } from "./sampler.ts";
import type { StrictGuard } from "./strict.ts";

/** Receives what handlers log. */
export type AgentLog = (agent: string, time: number, message: string, fields: unknown) => void;

export interface EngineOptions {
  readonly program: Program;
  /** This worker's id; default 0. */
  readonly self?: number;
  /** Workers in all; default 1. */
  readonly workers?: number;
  /** By worker: what part of all living agents it should host, in any unit; equal by default. The same on all workers. */
  readonly shares?: ArrayLike<number> | undefined;
  /** By worker: the most living agents that it may ever host; no limit by default. The same on all workers. */
  readonly agentLimits?: ArrayLike<number> | undefined;
  /** Prefix of the idempotency keys of effects: the run's id. */
  readonly runId: string;
  readonly runner: EffectRunner;
  readonly guard?: StrictGuard | undefined;
  readonly log?: AgentLog | undefined;
  /**
   * Takes a peer's events before the window ends; the batch is emptied when it returns. A promise: the window pauses
   * until that resolves.
   */
  readonly flush?: (peer: number, batch: EventBatch) => void | Promise<void>;
}

/** What one worker has at the end. */
export interface PartResult {
  /** 16 bytes; the sum over workers is the state hash. */
  readonly hash: Uint8Array;
  readonly counts: Counts;
  /** Own agents, retired ones included. */
  readonly agents: number;
  /** Of the final state: all workers' parts make the last sample. */
  readonly sample: SamplePartial;
  readonly sampledAt: number | undefined;
  readonly effects: { readonly calls: number; readonly replayed: number };
  readonly quarantined: readonly AgentFailure[];
}

/** One agent's final state. */
export interface StateRow {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly state: unknown;
  readonly flag?: "retired" | "quarantined";
}

/** The state hash of the whole run from the parts of its workers: 32 hex digits. */
export function stateHash(parts: readonly Uint8Array[]): string {
  const sum = new Hash128();
  for (const part of parts) sum.addHash(Hash128.fromBytes(part));
  return sum.hex();
}

/** The error that a failed run ends with. */
export const runFailure = (failure: { code: string; message: string }): MyriadError =>
  new MyriadError(failure.code as MyriadError["code"], failure.message);

/** A worker's agents in the order of their slots. */
export function* statesOf(core: Core): Iterable<StateRow> {
  const { table, program } = core;
  for (let slot = 0; slot < table.count; slot++) {
    const flags = table.flags[slot]!;
    const row = {
      index: table.index[slot]!,
      name: core.nameOf(slot),
      type: program.types[table.type[slot]!]!.name,
      state: table.state[slot],
    };
    if ((flags & RETIRED) !== 0) yield { ...row, flag: "retired" };
    else yield (flags & QUARANTINED) !== 0 ? { ...row, flag: "quarantined" } : row;
  }
}
