import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { Hash128 } from "../base/hash.ts";
import { snapshot, writeCanonical } from "../base/plain.ts";
import { type EventBatch, metaType } from "../wire/event-batch.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import type { Activation } from "./activation.ts";
import { SUSPENDED } from "./agent-table.ts";
import type { Core } from "./core.ts";
import { answers, requestOf } from "./rows.ts";

/** Keys of the hashes that belong to no agent; agents have their indices, below 2^31. */
const EVENT_KEY = 0xf000_0001;
const SHARED_KEY = 0xf000_0002;
const RUN_KEY = 0xf000_0003;

/**
 * This worker's part of the state hash (protocol 12): a sum over its agents and their pending events, so that the parts
 * of all workers add up to the same, however agents are spread. What belongs to nobody is in the part of worker 0.
 */
export function hashPart(core: Core, activations: ReadonlyMap<number, Activation>, delivered: number): Hash128 {
  const hash = new Hash128();
  const out = new ByteWriter();
  hashAgents(core, activations, hash, out);
  for (const { batch } of core.calendar.batches()) {
    for (let row = 0; row < batch.count; row++) hashEvent(core, batch, row, hash, out);
  }
  if (core.self !== 0) return hash;
  out.reset();
  core.shared.writeCanonical(out);
  hash.add(out.bytes(), out.length, SHARED_KEY);
  out.reset();
  out.f64(core.table.total);
  out.f64(delivered);
  hash.add(out.bytes(), out.length, RUN_KEY);
  return hash;
}

function hashAgents(core: Core, activations: ReadonlyMap<number, Activation>, hash: Hash128, out: ByteWriter): void {
  const { table, relations } = core;
  for (let slot = 0; slot < table.count; slot++) {
    out.reset();
    out.u16(table.type[slot]!);
    out.u8(table.flags[slot]!);
    out.u32(table.draws[slot]!);
    out.u32(table.sends[slot]!);
    out.u32(table.children[slot]!);
    out.u32(table.calls[slot]!);
    writeState(core, slot, out);
    for (let relation = 0; relation < relations.count; relation++) writeTies(core, relation, slot, out);
    if ((table.flags[slot]! & SUSPENDED) !== 0) writeActivation(out, activations.get(slot)!);
    hash.add(out.bytes(), out.length, table.index[slot]!);
  }
}

/** What got past the check after each handler, which looks at a bounded number of values, is found and named here. */
function writeState(core: Core, slot: number, out: ByteWriter): void {
  const state = core.table.state[slot];
  try {
    writeCanonical(out, state);
  } catch (reason) {
    throw new MyriadError("NOT_PLAIN_DATA", `agent "${core.nameOf(slot)}": ${faultOf(state) ?? String(reason)}`);
  }
}

/** Where a state is not plain data, in words. */
function faultOf(state: unknown): string | undefined {
  try {
    snapshot(state, "state");
    return undefined;
  } catch (reason) {
    return (reason as Error).message.replace("NOT_PLAIN_DATA: ", "");
  }
}

/** Answers that are in but not due are left out: whether they are is a matter of real time. */
function writeActivation(out: ByteWriter, activation: Activation): void {
  const record = activation.encode();
  writeCanonical(out, { ...record, state: decodePlain(record.state), outcomes: [] });
}

function writeTies(core: Core, relation: number, slot: number, out: ByteWriter): void {
  const ties = core.relations.out(relation);
  const targets = ties.targets(slot);
  if (targets.length === 0) return;
  const weights = ties.weights(slot);
  out.u16(relation);
  out.u32(targets.length);
  for (let i = 0; i < targets.length; i++) {
    out.u32(targets[i]!);
    out.f64(weights[i]! + 0);
  }
}

function hashEvent(core: Core, batch: EventBatch, row: number, hash: Hash128, out: ByteWriter): void {
  const meta = batch.meta[row]!;
  out.reset();
  out.f64(batch.time[row]!);
  out.u32(batch.to[row]!);
  out.u32(batch.from[row]!);
  out.u32(batch.seq[row]!);
  out.u32(meta);
  if (answers(meta)) out.u32(requestOf(batch, row));
  writeCanonical(out, core.program.codecs[metaType(meta)]!.read(batch, row));
  hash.add(out.bytes(), out.length, EVENT_KEY);
}
