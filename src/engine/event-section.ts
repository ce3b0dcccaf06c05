import type { ByteWriter } from "../base/bytes.ts";
import { EventBatch } from "../wire/event-batch.ts";
import { decodeEvents, encodeFrames } from "../wire/frame.ts";
import type { Core } from "./core.ts";
import { copyRow } from "./rows.ts";
import { beginSection, endSection, type Section } from "./section.ts";

/** A section's body is a frame; what a frame's header says of its way is of no meaning here. */
const STAMP = { run: 0, epoch: 0, window: 0, sender: 0, frameSeq: 0 };
/** Windows with fewer events share a section. */
const LARGE_BATCH = 4_096;
const BLOCK_MAX = 65_536;

/**
 * All events to come of those agents that `wanted` names by slot (all when undefined), in sections of about
 * `chunkBytes`. Their order is that of nothing.
 */
export function* eventSections(
  out: ByteWriter,
  core: Core,
  next: number,
  wanted: Uint8Array | undefined,
  chunkBytes: number,
): Iterable<Uint8Array> {
  const { calendar, table, program } = core;
  const sections = (batch: EventBatch): Uint8Array[] =>
    encodeFrames(STAMP, batch, program.codecs, null).map((frame) => {
      beginSection(out, "events", next);
      out.raw(frame);
      return endSection(out);
    });
  const gathered = new EventBatch();
  for (const { batch } of calendar.batches()) {
    if (wanted === undefined && batch.count >= LARGE_BATCH) {
      yield* largeSections(batch, sections, chunkBytes);
      continue;
    }
    for (let row = 0; row < batch.count; row++) {
      if (wanted !== undefined && wanted[table.slotOf[batch.to[row]!]!] === 0) continue;
      copyRow(batch, row, gathered, program.codecs);
      if (gathered.frameBytes < chunkBytes) continue;
      yield* sections(gathered);
      gathered.clear();
    }
  }
  if (gathered.count > 0) yield* sections(gathered);
}

/** Rows are not copied; how many make a section is learnt from the one before. */
function* largeSections(
  batch: EventBatch,
  sections: (part: EventBatch) => Uint8Array[],
  chunkBytes: number,
): Iterable<Uint8Array> {
  let rows = LARGE_BATCH;
  for (let first = 0; first < batch.count; ) {
    const part = view(batch, first, Math.min(batch.count, first + rows));
    const made = sections(part);
    yield* made;
    first += part.count;
    const bytes = made.reduce((sum, section) => sum + section.length, 0);
    rows = Math.max(1, Math.min(BLOCK_MAX, rows * 16, Math.floor((part.count * chunkBytes) / bytes)));
  }
}

/** Rows [first, end) of a batch as a batch, sharing its memory. */
function view(batch: EventBatch, first: number, end: number): EventBatch {
  const part = new EventBatch(1);
  part.count = end - first;
  part.time = batch.time.subarray(first, end);
  part.to = batch.to.subarray(first, end);
  part.from = batch.from.subarray(first, end);
  part.seq = batch.seq.subarray(first, end);
  part.meta = batch.meta.subarray(first, end);
  part.offset = batch.offset.subarray(first, end);
  part.words = batch.words;
  part.wordCount = batch.wordCount;
  part.refs = batch.refs;
  return part;
}

/** Puts those events of a section into the calendar whose agents `wants` names. `rows`: an empty batch to work with. */
export function addEvents(core: Core, { body }: Section, wants: (index: number) => boolean, rows: EventBatch): void {
  const { calendar, program } = core;
  decodeEvents(body, program.codecs, () => rows);
  for (let row = 0; row < rows.count; row++) {
    if (!wants(rows.to[row]!)) continue;
    copyRow(rows, row, calendar.bucket(core.windowOf(rows.time[row]!)), program.codecs);
  }
  rows.clear();
}
