/**
 * Measures one part in this process and prints it as JSON:
 *
 *   node --import tsx bench/part-main.ts ROOT PART SCALE
 *
 * ROOT is the folder of the Myriad to measure, built. A frame holds as many events as leave at once (about 64 KiB of f64).
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { do_not_optimize, measure } from "mitata";
import type { EventBatch } from "../src/wire/event-batch.ts";
import type { Part } from "./part-cases.ts";

const ROWS = 2_000;
const MEASURE_NS = 5e8;
const STAMP = { run: 1, epoch: 1, window: 0, sender: 0, frameSeq: 0 };

const [root, part, scale] = process.argv.slice(2) as [string, Part, string];
const wire = <T>(name: string): Promise<T> => import(pathToFileURL(join(root, "dist/wire", `${name}.js`)).href);
const batches = await wire<typeof import("../src/wire/event-batch.ts")>("event-batch");
const frames = await wire<typeof import("../src/wire/frame.ts")>("frame");
const { PayloadCodec } = await wire<typeof import("../src/wire/payload.ts")>("payload");

const codecs = [
  new PayloadCodec("ping", [{ name: "value", kind: "f64" }]),
  new PayloadCodec("note", [{ name: "message", kind: "json" }]),
];
const [direction, type] = part.split(" ") as ["encode" | "decode", "f64" | "json"];
const stats = await measure(direction === "encode" ? encoding(filled()) : decoding(filled()), {
  min_cpu_time: MEASURE_NS * Math.min(1, Number(scale)),
});
console.log(JSON.stringify({ eventsPerSecond: (ROWS / stats.p50) * 1e9 }));

function filled(): EventBatch {
  const batch = new batches.EventBatch();
  const id = type === "f64" ? 0 : 1;
  for (let i = 0; i < ROWS; i++) {
    batch.push(i / ROWS, (i * 7919) % ROWS, i, i, batches.packMeta(batches.PHASE_EVENT, 0, 0, id));
    const payload = id === 0 ? { value: i / 7 } : { message: { hops: i, text: `process ${i}`, value: i / 7 } };
    codecs[id]!.write(batch, payload);
  }
  return batch;
}

function encoding(batch: EventBatch): () => void {
  return () => do_not_optimize(frames.encodeFrames(STAMP, batch, codecs, null));
}

/** As a worker receives: the header, the checksum, and the rows into a batch. */
function decoding(batch: EventBatch): () => void {
  const [frame] = frames.encodeFrames(STAMP, batch, codecs, null);
  const bucket = new batches.EventBatch();
  return () => {
    bucket.clear();
    frames.readHeader(frame!);
    frames.verifyChecksum(frame!);
    frames.decodeEvents(frame!, codecs, () => bucket);
    do_not_optimize(bucket.count);
  };
}
