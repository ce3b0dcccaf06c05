import { describe, expect, test } from "vitest";
import { PAYLOAD_BYTES_MAX } from "../base/limits.ts";
import { EventBatch } from "./event-batch.ts";
import { type FieldKind, isVariable, PayloadCodec } from "./payload.ts";

const of = (kind: FieldKind): PayloadCodec => new PayloadCodec("probe", [{ name: "value", kind }]);

/** What a handler reads when `value` was sent. */
function sent(kind: FieldKind, value: unknown): unknown {
  const batch = new EventBatch();
  const row = batch.push(0, 0, 0, 0, 0);
  const codec = of(kind);
  codec.write(batch, { value });
  return codec.read(batch, row).value;
}

/** By kind: values that arrive as they are, and values that are refused. */
const CASES: Record<FieldKind, [accepted: unknown[], refused: unknown[]]> = {
  u8: [
    [0, 1, 255],
    [-1, 256, 0.5, Number.NaN, Infinity, "1", true, null, undefined],
  ],
  u16: [
    [0, 65535],
    [-1, 65536, 1.5, "1", undefined],
  ],
  u32: [
    [0, 2 ** 31, 2 ** 32 - 1],
    [-1, 2 ** 32, 1.5, undefined],
  ],
  i32: [
    [0, -(2 ** 31), 2 ** 31 - 1],
    [-(2 ** 31) - 1, 2 ** 31, 0.5, undefined],
  ],
  ref: [
    [0, 2 ** 32 - 1],
    [-1, 2 ** 32, "alice", undefined],
  ],
  f32: [
    [0, 0.5, Infinity, Number.NaN],
    ["0.5", null, undefined, 1n],
  ],
  f64: [
    [0.1, -Infinity, Number.NaN, Number.MIN_VALUE, -0],
    ["0.1", null, undefined, {}],
  ],
  bool: [
    [true, false],
    [0, 1, "true", null, undefined],
  ],
  text: [
    ["", "é 🎈", "x".repeat(1000)],
    [1, null, undefined, ["a"], Symbol("s")],
  ],
  json: [
    [null, 1, "a", [1, [2]], { a: { b: new Map([[1, 2]]) } }],
    [undefined, () => 1, new Date(0), { at: 1n }],
  ],
};

describe.each(Object.entries(CASES))("a %s", (name, [accepted, refused]) => {
  const kind = name as FieldKind;

  test("arrives as it was sent", () => {
    for (const value of accepted) expect(sent(kind, value)).toStrictEqual(value);
  });

  test("out of its range is refused by event, field and value", () => {
    for (const value of refused) {
      const batch = new EventBatch();
      batch.push(0, 0, 0, 0, 0);
      const plain = kind === "json" && value !== undefined;
      const message = plain
        ? /^NOT_PLAIN_DATA: probe\.value/
        : /^INVALID_PAYLOAD: event "probe", field "value": .* is not /;
      expect(() => of(kind).write(batch, { value })).toThrow(message);
    }
  });
});

test("writing coerces as a wire would", () => {
  expect(sent("f32", 0.1)).toBe(Math.fround(0.1));
  expect(sent("text", "a\ud800")).toBe("a\ufffd");
  for (const kind of ["u8", "u16", "u32", "i32", "ref"] as const) expect(sent(kind, -0)).toBe(0);
  expect(sent("json", { a: -0, b: undefined })).toStrictEqual({ a: 0 });
});

test("json is copied when it is sent", () => {
  const value = { list: [1] };
  const arrived = sent("json", value) as typeof value;
  value.list.push(2);
  expect(arrived).toEqual({ list: [1] });
});

test("a payload without fields is always the same frozen object", () => {
  const codec = new PayloadCodec("empty", []);
  const batch = new EventBatch();
  batch.push(0, 0, 0, 0, 0);
  codec.write(batch, {});
  expect(batch.wordCount).toBe(0);
  expect(codec.read(batch, 0)).toBe(codec.read(batch, 0));
  expect(Object.isFrozen(codec.read(batch, 0))).toBe(true);
});

test("fields stand in the order of their declaration", () => {
  const kinds: FieldKind[] = ["text", "u8", "json", "bool"];
  const codec = new PayloadCodec(
    "mixed",
    kinds.map((kind) => ({ name: kind, kind })),
  );
  expect([codec.numeric, codec.owned]).toEqual([false, true]);
  const batch = new EventBatch();
  batch.push(0, 0, 0, 0, 0);
  const payload = { bool: true, json: { a: 1 }, u8: 7, text: "t" };
  codec.write(batch, payload);
  expect([...batch.words.subarray(0, batch.wordCount)]).toEqual([0, 7, 1, 1]);
  expect(codec.read(batch, 0)).toStrictEqual(payload);
  expect(Object.keys(codec.read(batch, 0))).toEqual(kinds);
  expect(kinds.map(isVariable)).toEqual([true, false, true, false]);
});

test("a copy in another batch reads the same, and shares objects only when it may", () => {
  for (const kind of Object.keys(CASES) as FieldKind[]) {
    for (const fresh of [true, false]) {
      const codec = of(kind);
      const [one, two] = [new EventBatch(), new EventBatch()];
      two.pushRef("taken");
      for (const value of CASES[kind][0]) {
        const row = one.push(0, 0, 0, 0, 0);
        codec.write(one, { value });
        const copied = two.push(0, 0, 0, 0, 0);
        codec.copy(one, one.offset[row]!, two, fresh);
        expect(codec.read(two, copied)).toStrictEqual(codec.read(one, row));
        if (value === null || typeof value !== "object") continue;
        expect(codec.read(two, copied).value === codec.read(one, row).value).toBe(!fresh);
      }
    }
  }
});

describe("text and json of one event", () => {
  const text = new PayloadCodec("chat", [{ name: "text", kind: "text" }]);
  const note = new PayloadCodec("note", [{ name: "data", kind: "json" }]);

  test("may take as much as fits into a frame, on any path", () => {
    for (const over of [-1, 0]) {
      expect(() => text.write(new EventBatch(), { text: "x".repeat(PAYLOAD_BYTES_MAX + over) })).not.toThrow();
    }
    expect(() => text.write(new EventBatch(), { text: "x".repeat(PAYLOAD_BYTES_MAX + 1) })).toThrow(
      /^LIMIT: event "chat"/,
    );
    expect(() => text.write(new EventBatch(), { text: "é".repeat(PAYLOAD_BYTES_MAX / 2 + 1) })).toThrow(/^LIMIT/);
    expect(() => note.write(new EventBatch(), { data: new Float64Array(500_000) })).not.toThrow();
    expect(() => note.write(new EventBatch(), { data: new Float64Array(600_000) })).toThrow(/^LIMIT: event "note"/);
  });

  test("are in a record", () => {
    for (const payload of [undefined, null, 5, "x"]) {
      expect(() => text.write(new EventBatch(), payload as never)).toThrow(
        /^INVALID_PAYLOAD: event "chat": its payload is/,
      );
    }
  });
});

test("text and json count in what a batch would take as a frame, written or copied: large ones must leave in time", () => {
  for (const [kind, value] of [
    ["text", "x".repeat(70_000)],
    ["json", { list: new Array(70_000).fill("x") }],
  ] as const) {
    const batch = new EventBatch();
    batch.push(0, 0, 0, 0, 0);
    of(kind).write(batch, { value });
    expect(batch.frameBytes).toBeGreaterThan(70_000);
    const copy = new EventBatch();
    of(kind).copy(batch, 0, copy, false);
    copy.pushAt(0, 0, 0, 0, 0, 0);
    expect(copy.frameBytes).toBe(batch.frameBytes);
    batch.clear();
    expect(batch.frameBytes).toBe(0);
  }
});
