import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { CHUNK_BYTES, FRAME_BYTES_MAX } from "../base/limits.ts";
import { EventBatch, packMeta } from "./event-batch.ts";
import { closingOf, decodeEvents, encodeFrame, encodeFrames, readHeader, verifyChecksum } from "./frame.ts";
import { PayloadCodec } from "./payload.ts";

const STAMP = { run: 1, epoch: 1, window: 0, sender: 0, frameSeq: 5 };
const CODECS = [
  new PayloadCodec("dose", [{ name: "amount", kind: "f64" }]),
  new PayloadCodec("chat", [{ name: "text", kind: "text" }]),
  new PayloadCodec("note", [{ name: "data", kind: "json" }]),
];
/** Header, one row, the end of its text, checksum. */
const AROUND_TEXT = 56 + 24 + 4 + 4;

function batchOf(type: number, payloads: readonly Record<string, unknown>[]): EventBatch {
  const batch = new EventBatch();
  payloads.forEach((payload, seq) => {
    batch.push(seq, 0, 0, seq, packMeta(2, 0, 0, type));
    CODECS[type]!.write(batch, payload);
  });
  return batch;
}

function decodeAll(frames: readonly Uint8Array[]): EventBatch {
  const batch = new EventBatch();
  for (const frame of frames) {
    verifyChecksum(frame);
    decodeEvents(frame, CODECS, () => batch);
  }
  return batch;
}

const same = (a: Uint32Array | Float64Array, b: typeof a, count: number): boolean =>
  isDeepStrictEqual(a.subarray(0, count), b.subarray(0, count));
/** One row whose payload did not pass the codec, which would refuse it before it meets a frame. */
function single(type: number, value: unknown): EventBatch {
  const batch = new EventBatch();
  batch.push(0, 0, 0, 0, packMeta(2, 0, 0, type));
  batch.pushRef(value);
  return batch;
}

const chat = (bytes: number): EventBatch => single(1, "x".repeat(bytes));

test("one event may fill a frame to the limit, not beyond", () => {
  // Closing sections start on 8 bytes, so sizes go in steps; the text fills the last step exactly.
  const most = FRAME_BYTES_MAX - AROUND_TEXT;
  const full = most - ((AROUND_TEXT - 4 + most) % 8);
  const at = encodeFrame(STAMP, chat(full), CODECS, null);
  expect(at.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  expect(FRAME_BYTES_MAX - at.length).toBeLessThan(8);
  expect(decodeAll([at]).refs).toEqual(["x".repeat(full)]);
  expect(decodeAll([encodeFrame(STAMP, chat(full - 1), CODECS, null)]).refs).toEqual(["x".repeat(full - 1)]);
  expect(() => encodeFrame(STAMP, chat(full + 1), CODECS, null)).toThrow(/^LIMIT: a frame of 1 events takes more than/);
  expect(() => encodeFrames(STAMP, chat(full + 1), CODECS, null)).toThrow(
    new RegExp(`^LIMIT: event "chat" takes a frame of ${at.length + 8} bytes; at most ${FRAME_BYTES_MAX}$`),
  );
  expect(() => encodeFrames(STAMP, single(2, ["é".repeat(FRAME_BYTES_MAX)]), CODECS, null)).toThrow(
    /^LIMIT: event "note" takes a frame of 8388\d{3} bytes/,
  );
});

test("a closing section over the size of a chunk begins in frames before the closing one", () => {
  for (const [bytes, count] of [
    [CHUNK_BYTES - 1, 1],
    [CHUNK_BYTES, 1],
    [CHUNK_BYTES + 1, 2],
    [3 * CHUNK_BYTES, 3],
    [10_000_000, 10],
  ] as const) {
    const closing = new Uint8Array(bytes).map((_, i) => i * 31);
    const frames = encodeFrames(STAMP, chat(10), CODECS, closing);
    const headers = frames.map(readHeader);
    expect(headers.map((header) => header.closing)).toEqual(frames.map((_, i) => i === count - 1));
    expect(headers.map((header) => header.frameSeq)).toEqual(frames.map((_, i) => STAMP.frameSeq + i));
    expect(Buffer.compare(closingOf(frames), closing)).toBe(0);
    expect(decodeAll(frames).count).toBe(1);
  }
});

test("a batch over the limit goes out as several frames, the last with the closing section", () => {
  const numbers = batchOf(
    0,
    Array.from({ length: 300_000 }, (_, i) => ({ amount: i / 3 })),
  );
  const texts = batchOf(
    1,
    Array.from({ length: 1000 }, (_, i) => ({ text: `${i}-`.repeat(5000) })),
  );
  const notes = batchOf(
    2,
    Array.from({ length: 1000 }, (_, i) => ({ data: { text: `${i}-`.repeat(5000), even: i % 2 === 0 } })),
  );
  for (const batch of [numbers, texts, notes]) {
    const closing = new Uint8Array([1, 2, 3]);
    const frames = encodeFrames(STAMP, batch, CODECS, closing);
    const headers = frames.map(readHeader);
    expect(frames.length).toBeGreaterThan(2);
    expect(headers.map((header) => header.frameSeq)).toEqual(frames.map((_, i) => STAMP.frameSeq + i));
    expect(headers.map((header) => header.closing)).toEqual(frames.map((_, i) => i === frames.length - 1));
    expect([...closingOf(frames)]).toEqual([1, 2, 3]);
    const decoded = decodeAll(frames);
    expect(decoded.count).toBe(batch.count);
    expect(same(decoded.seq, batch.seq, batch.count)).toBe(true);
    expect(decoded.refs).toEqual(batch.refs);
    if (batch === numbers) expect(same(decoded.words, batch.words, 300_000)).toBe(true);
  }
});

test("rows and closing section that do not fit together go apart", () => {
  const frames = encodeFrames(STAMP, chat(4_000_000), CODECS, new Uint8Array(CHUNK_BYTES).fill(7));
  expect(frames.map(readHeader).map(({ count, closing }) => [count, closing])).toEqual([
    [1, false],
    [0, true],
  ]);
  expect(closingOf(frames).length).toBe(CHUNK_BYTES);
});

test("after a refusal the next batch is encoded as if nothing had been", () => {
  const before = encodeFrame(STAMP, chat(10), CODECS, null);
  expect(() => encodeFrames(STAMP, chat(5_000_000), CODECS, null)).toThrow(/LIMIT/);
  expect(() => encodeFrame(STAMP, chat(10), [CODECS[0]!], null)).toThrow(/UNKNOWN_EVENT/);
  expect(encodeFrame(STAMP, chat(10), CODECS, null)).toEqual(before);
});
