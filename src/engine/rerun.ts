import { EventBatch, metaType } from "../wire/event-batch.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { Activation, type ActivationHost } from "./activation.ts";
import type { Core } from "./core.ts";
import type { ActivationRecord } from "./journal.ts";
import { decodeRow } from "./rows.ts";

/**
 * Runs a suspended handler again up to where its record was made. `drain` empties the microtask queue between segments.
 * The agent's state and counters are set back first; at the end they are what they were.
 */
export async function restoreActivation(
  host: ActivationHost,
  record: ActivationRecord,
  drain: () => Promise<void>,
): Promise<Activation> {
  const { table, program } = host.core;
  const slot = table.slotOf[record.agent]!;
  const event = new EventBatch();
  decodeRow(record.event, event, program.codecs);
  table.state[slot] = decodePlain(record.state);
  [table.draws[slot], table.sends[slot], table.children[slot], table.calls[slot]] = record.counters;
  const handler = program.handlers[table.type[slot]!]![metaType(event.meta[0]!)]!;
  const activation = new Activation(host, slot, handler, event, 0, record.now, record.total);
  for (const row of record.waiting) decodeRow(row, activation.waiting, program.codecs);
  activation.journal.begin(record);
  const { edge } = host.core;
  try {
    await rerun(host.core, activation, record, drain);
  } finally {
    host.core.edge = edge;
  }
  activation.endRerun(record);
  return activation;
}

/** The segments one after the other, each with what it saw when it ran first. */
async function rerun(
  core: Core,
  activation: Activation,
  record: ActivationRecord,
  drain: () => Promise<void>,
): Promise<void> {
  core.edge = edgeAfter(core, record.now);
  activation.start();
  await drain();
  const { ctx, journal } = activation;
  for (let answer = journal.nextAnswer(); answer !== undefined; answer = journal.nextAnswer()) {
    activation.total = answer.total;
    core.edge = edgeAfter(core, Math.max(ctx.now, answer.time));
    activation.resume(answer.call, answer.time, answer.outcome);
    await drain();
  }
}

/** The end of the window that a segment ran in: handles name the windows of what was sent. */
const edgeAfter = (core: Core, now: number): number => core.grid.edge(core.windowOf(now) + 1);
