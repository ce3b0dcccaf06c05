import { EventBatch, metaType } from "../wire/event-batch.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { Activation, type ActivationHost } from "./activation.ts";
import type { Core } from "./core.ts";
import type { ActivationRecord } from "./journal.ts";
import { decodeRow } from "./rows.ts";

/**
 * Runs suspended handlers again up to where their records were made, all at once. `drain` empties the microtask queue
 * between segments. The agents' states and counters are set back first; at the end they are what they were. Throws
 * PROTOCOL for a handler that goes another way than it went before.
 */
export async function restoreActivations(
  host: ActivationHost,
  records: readonly ActivationRecord[],
  drain: () => Promise<void>,
): Promise<Activation[]> {
  const all = records.map((record) => activationOf(host, record));
  for (const activation of all) activation.start();
  let running = all;
  while (running.length > 0) {
    await drain();
    running = running.filter((activation) => resume(host.core, activation));
  }
  for (const [i, activation] of all.entries()) activation.endRerun(records[i]!);
  return all;
}

function activationOf(host: ActivationHost, record: ActivationRecord): Activation {
  const { table, program } = host.core;
  const slot = table.slotOf[record.agent]!;
  const event = new EventBatch(1);
  decodeRow(record.event, event, program.codecs);
  table.state[slot] = decodePlain(record.state);
  [table.draws[slot], table.sends[slot], table.children[slot], table.calls[slot]] = record.counters;
  const handler = program.handlers[table.type[slot]!]![metaType(event.meta[0]!)]!;
  const activation = new Activation(host, slot, handler, event, 0, record.now, record.total);
  for (const row of record.waiting) decodeRow(row, activation.waiting, program.codecs);
  activation.journal.begin(record);
  activation.edge = edgeAfter(host.core, record.now);
  return activation;
}

/** Lets the handler go on with its next known answer, seeing what it saw then. False when there is none. */
function resume(core: Core, activation: Activation): boolean {
  const answer = activation.journal.nextAnswer();
  if (answer === undefined) return false;
  activation.total = answer.total;
  activation.edge = edgeAfter(core, Math.max(activation.ctx.now, answer.time));
  activation.resume(answer.call, answer.time, answer.outcome);
  return true;
}

/** The end of the window that a segment ran in: handles name the windows of what was sent. */
const edgeAfter = (core: Core, now: number): number => core.grid.edge(core.windowOf(now) + 1);
