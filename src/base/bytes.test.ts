import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "./bytes.ts";

type Item =
  | { kind: "u8" | "u16" | "u32" | "f64"; value: number }
  | { kind: "text"; value: string }
  | { kind: "raw"; value: Uint8Array };
const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant("u8" as const), value: fc.integer({ min: 0, max: 0xff }) }),
  fc.record({ kind: fc.constant("u16" as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant("u32" as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant("f64" as const), value: fc.double() }),
  fc.record({ kind: fc.constant("text" as const), value: fc.string({ unit: "binary", maxLength: 100 }) }),
  fc.record({ kind: fc.constant("raw" as const), value: fc.uint8Array({ maxLength: 100 }) }),
);

function write(out: ByteWriter, { kind, value }: Item): void {
  if (kind === "text") out.text(value);
  else if (kind === "raw") out.raw(value);
  else out[kind](value);
}

describe("bytes", () => {
  test("what is written is read back, whatever the capacity to start with", () => {
    fc.assert(
      fc.property(fc.array(item), fc.integer({ min: 0, max: 64 }), (items, capacity) => {
        const out = new ByteWriter(capacity);
        for (const each of items) write(out, each);
        const reader = new ByteReader(out.bytes());
        for (const { kind, value } of items) {
          if (kind === "raw") expect(reader.raw(value.length)).toEqual(value);
          else expect(reader[kind]()).toBe(value);
        }
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test("little endian, unaligned, and the length before a text is that of its UTF-8", () => {
    const out = new ByteWriter();
    out.u8(1);
    out.u16(0x0203);
    out.u32(0x04050607);
    out.text("é€");
    expect([...out.bytes()]).toEqual([1, 3, 2, 7, 6, 5, 4, 5, 0, 0, 0, 0xc3, 0xa9, 0xe2, 0x82, 0xac]);
  });

  test.each([0, 1, 47, 48, 49, 500])("texts of %d characters, ASCII and not, in both ways of encoding", (length) => {
    for (const tail of ["", "é", "😀", "\u007f", "\u0080"]) {
      const text = "a".repeat(length) + tail;
      const out = new ByteWriter();
      out.text(text);
      expect(out.bytes().subarray(4)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
    }
  });

  test("lone surrogates become U+FFFD", () => {
    const out = new ByteWriter();
    out.text("a\ud800b");
    expect(new ByteReader(out.bytes()).text()).toBe("a\ufffdb");
  });

  test("reset and a lower length take back what was written", () => {
    const out = new ByteWriter();
    out.u32(1);
    const mark = out.length;
    out.text("gone");
    out.length = mark;
    out.u8(9);
    expect([...out.bytes()]).toEqual([1, 0, 0, 0, 9]);
    expect(out.buffer()[4]).toBe(9);
    out.reset();
    expect(out.bytes().length).toBe(0);
  });

  test("reads at the end, one before and one beyond", () => {
    expect(new ByteReader(Uint8Array.of(1, 2, 3, 4, 5).subarray(2)).u16()).toBe(0x0403);
    const bytes = new Uint8Array(9).subarray(1);
    expect(new ByteReader(bytes).f64()).toBe(0);
    expect(new ByteReader(bytes).raw(7).length).toBe(7);
    expect(new ByteReader(bytes).raw(8).length).toBe(8);
    expect(() => new ByteReader(bytes).raw(9)).toThrow("CORRUPT: bytes end at 8, but 9 were expected at 0");
    expect(() => new ByteReader(bytes.subarray(1)).f64()).toThrow("CORRUPT");
    expect(() => new ByteReader(new Uint8Array([200, 0, 0, 0, 65])).text()).toThrow("CORRUPT");
    expect(() => new ByteReader(new Uint8Array([1, 0, 0, 0, 0xff])).text()).toThrow(
      "CORRUPT: text at byte 4 is not UTF-8",
    );
  });
});
