import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventBatch, FLAG_REPLY, metaFlag, metaType, packMeta } from "./event-batch.ts";
import {
  closingOf,
  decodeEvents,
  encodeFrame,
  encodeFrames,
  type FrameStamp,
  readHeader,
  verifyChecksum,
} from "./frame.ts";
import { type FieldKind, PayloadCodec } from "./payload.ts";

const KINDS: FieldKind[] = ["u8", "u16", "u32", "i32", "f32", "f64", "bool", "text", "ref", "json"];
const STAMP: FrameStamp = { run: 7, epoch: 3, window: 2 ** 40 + 1, sender: 1023, frameSeq: 4, command: 77 };

const codecOf = (name: string, kinds: readonly FieldKind[]): PayloadCodec =>
  new PayloadCodec(
    name,
    kinds.map((kind, i) => ({ name: `f${i}`, kind })),
  );
/** By event type id: each kind alone, none, all, and odd mixtures that need gaps for alignment. */
const CODECS = [
  codecOf("empty", []),
  ...KINDS.map((kind) => codecOf(kind, [kind])),
  codecOf("all", KINDS),
  codecOf("gaps", ["u8", "f64", "bool", "u16", "text", "u8", "json", "f32", "text"]),
];

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const VALUES: Record<FieldKind, fc.Arbitrary<unknown>> = {
  u8: fc.integer({ min: 0, max: 255 }),
  u16: fc.integer({ min: 0, max: 65535 }),
  u32,
  i32: fc.integer(),
  f32: fc.float(),
  f64: fc.double(),
  bool: fc.boolean(),
  text: fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "é", "\ud800", "é".repeat(40), "a".repeat(25))),
  ref: u32,
  json: fc.oneof(fc.jsonValue(), fc.constantFrom({}, new Map([[1, new Set(["a"])]]), new Float64Array([1.5, -2]))),
};

interface Row {
  time: number;
  ids: [number, number, number];
  meta: number;
  hidden: number;
  payload: Record<string, unknown>;
  /** Takes the payload of the row before, when that is of the same event type and without a hidden word. */
  shares: boolean;
}
const row: fc.Arbitrary<Row> = fc.nat({ max: CODECS.length - 1 }).chain((type) =>
  fc.record({
    time: fc.double({ min: 0, noNaN: true }),
    ids: fc.tuple(u32, u32, u32),
    meta: fc
      .tuple(fc.nat({ max: 3 }), fc.nat({ max: 4095 }), fc.nat({ max: 3 }))
      .map(([phase, generation, flag]) => packMeta(phase, generation, flag, type)),
    hidden: u32,
    payload: fc.record(Object.fromEntries(CODECS[type]!.fields.map(({ name, kind }) => [name, VALUES[kind]]))),
    shares: fc.boolean(),
  }),
);
const rows = fc.array(row, { maxLength: 60 });

function batchOf(list: readonly Row[]): EventBatch {
  const batch = new EventBatch();
  for (const { time, ids, meta, hidden, payload, shares } of list) {
    const before = batch.count - 1;
    const plain = metaFlag(meta) < FLAG_REPLY;
    if (!plain) batch.pushWord(hidden);
    const at = batch.push(time, ...ids, meta);
    const same = before >= 0 && metaType(batch.meta[before]!) === metaType(meta);
    if (shares && plain && same) batch.offset[at] = batch.offset[before]!;
    else CODECS[metaType(meta)]!.write(batch, payload);
  }
  return batch;
}

/** Everything that a reader of the batch can see, row by row. */
function listing(batch: EventBatch): unknown[] {
  return Array.from({ length: batch.count }, (_, r) => {
    const meta = batch.meta[r]!;
    const hidden = metaFlag(meta) >= FLAG_REPLY ? batch.words[batch.offset[r]! - 1] : undefined;
    const payload = CODECS[metaType(meta)]!.read(batch, r);
    return [batch.time[r], batch.to[r], batch.from[r], batch.seq[r], meta, hidden, payload];
  });
}

function decodeAll(frames: readonly Uint8Array[]): EventBatch {
  const batch = new EventBatch();
  for (const frame of frames) {
    verifyChecksum(frame);
    decodeEvents(frame, CODECS, () => batch);
  }
  return batch;
}

function check(frame: Uint8Array): void {
  readHeader(frame);
  verifyChecksum(frame);
}

describe("a frame", () => {
  test("brings back every row, hidden word and payload", () => {
    fc.assert(
      fc.property(rows, fc.option(fc.uint8Array()), (list, closing) => {
        const batch = batchOf(list);
        const frame = encodeFrame(STAMP, batch, CODECS, closing);
        expect(readHeader(frame)).toMatchObject({ ...STAMP, count: list.length, closing: closing !== null });
        expect([...closingOf([frame])]).toEqual([...(closing ?? [])]);
        expect(isDeepStrictEqual(listing(decodeAll([frame])), listing(batch))).toBe(true);
        expect(encodeFrame(STAMP, decodeAll([frame]), CODECS, closing)).toEqual(frame);
      }),
      { numRuns: 500 },
    );
  });

  test("without events holds its header and closing section", () => {
    const frame = encodeFrame({ ...STAMP, window: -1 }, null, CODECS, new Uint8Array([9, 8, 7]));
    expect(readHeader(frame)).toEqual({ ...STAMP, window: -1, closing: true, count: 0, blobBytes: 0, closingBytes: 3 });
    expect([...closingOf([frame])]).toEqual([9, 8, 7]);
    expect(decodeAll([frame]).count).toBe(0);
    expect(encodeFrame(STAMP, new EventBatch(), CODECS, null).length).toBe(60);
  });

  test("reads the same from any place in memory, and stays as it is", () => {
    fc.assert(
      fc.property(rows, fc.nat({ max: 15 }), (list, shift) => {
        const frame = encodeFrame(STAMP, batchOf(list), CODECS, new Uint8Array([1]));
        const memory = new Uint8Array(frame.length + 32).fill(0xff);
        const moved = Buffer.from(memory.buffer, shift, frame.length);
        moved.set(frame);
        expect(isDeepStrictEqual(listing(decodeAll([moved])), listing(decodeAll([frame])))).toBe(true);
        expect([...closingOf([moved])]).toEqual([1]);
        expect(moved.equals(frame)).toBe(true);
      }),
    );
  });

  test("spreads its rows over the batches that are asked for, in row order", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 5 }), (list, buckets) => {
        const batches = Array.from({ length: buckets }, () => new EventBatch());
        const asked: [number, number][] = [];
        const frame = encodeFrame(STAMP, batchOf(list), CODECS, null);
        decodeEvents(frame, CODECS, (time, meta) => {
          asked.push([time, meta]);
          return batches[asked.length % buckets]!;
        });
        expect(asked).toEqual(list.map(({ time, meta }) => [time, meta]));
        const all = listing(batchOf(list));
        batches.forEach((batch, b) => {
          const own = all.filter((_, r) => (r + 1) % buckets === b);
          expect(isDeepStrictEqual(listing(batch), own)).toBe(true);
        });
      }),
    );
  });

  test("does not share memory with what is decoded from it", () => {
    const batch = new EventBatch();
    batch.push(1, 2, 3, 4, packMeta(2, 0, 0, 10));
    CODECS[10]!.write(batch, { f0: { list: new Uint8Array([1, 2]) } });
    const frame = encodeFrame(STAMP, batch, CODECS, null);
    const decoded = decodeAll([frame]);
    frame.fill(0);
    expect(CODECS[10]!.read(decoded, 0)).toEqual({ f0: { list: new Uint8Array([1, 2]) } });
  });
});

describe("a damaged frame", () => {
  const batch = batchOf(fc.sample(row, { numRuns: 12, seed: 5 }));
  const frame = encodeFrame(STAMP, batch, CODECS, new Uint8Array([1, 2, 3, 4, 5]));

  test("is refused for any flipped byte and any flipped bit", () => {
    for (let at = 0; at < frame.length; at++) {
      for (const flip of [0xff, 1 << (at % 8)]) {
        const damaged = frame.slice();
        damaged[at]! ^= flip;
        expect(() => check(damaged), `byte ${at}`).toThrow(/^CORRUPT: /);
      }
    }
  });

  test("is refused when cut or longer", () => {
    for (let length = 0; length < frame.length; length++) {
      expect(() => check(frame.subarray(0, length))).toThrow(/^CORRUPT: /);
      expect(() => readHeader(frame.subarray(0, length))).toThrow(/^CORRUPT: /);
    }
    expect(() => readHeader(new Uint8Array([...frame, 0]))).toThrow(/^CORRUPT: /);
  });

  test("never reads past its end, even with a checksum that was not looked at", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = frame.slice();
        damaged[at % frame.length]! ^= flip;
        try {
          decodeEvents(damaged, CODECS, () => new EventBatch());
        } catch (reason) {
          expect(String(reason)).toMatch(/CORRUPT|UNKNOWN_EVENT/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("is refused when its parts do not fit each other", () => {
    const texts = new EventBatch();
    for (const f0 of ["one", "three"]) {
      texts.push(0, 0, 0, 0, packMeta(2, 0, 0, 8));
      CODECS[8]!.write(texts, { f0 });
    }
    const ENDS_AT = 56 + 2 * 24;
    for (const [at, value] of [
      [40, 0],
      [36, 0],
      [ENDS_AT, 9],
      [ENDS_AT + 4, 2],
    ] as const) {
      const odd = encodeFrame(STAMP, texts, CODECS, new Uint8Array(9));
      new DataView(odd.buffer).setUint32(at, value, true);
      expect(() => decodeEvents(odd, CODECS, () => new EventBatch()), `${at}`).toThrow(/^CORRUPT: /);
    }
  });

  test("appends nothing when its columns do not fit its event types", () => {
    const others = [...CODECS].reverse();
    const into = new EventBatch();
    expect(() => decodeEvents(frame, others, () => into)).toThrow(/^MyriadError: CORRUPT: |^CORRUPT: /);
    expect(() => decodeEvents(frame, CODECS.slice(0, 2), () => into)).toThrow(/UNKNOWN_EVENT: event type \d+ /);
    expect(into.count + into.wordCount).toBe(0);
    expect(() => encodeFrames(STAMP, batch, CODECS.slice(0, 2), null)).toThrow(/UNKNOWN_EVENT: event type \d+ /);
  });
});
