import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAck, encodeAck, seal, unseal } from "./sealed.ts";

test("what is sealed comes out as it was, and a flipped bit shows", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, where) => {
      const sealed = seal(bytes);
      expect([...unseal(sealed)]).toEqual([...bytes]);
      const bit = where % (sealed.length * 8);
      sealed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unseal(sealed)).toThrow(/CORRUPT/);
    }),
  );
});

test.each([
  { window: -1, frameSeq: 0 },
  { window: 2 ** 31, frameSeq: 0xffff_ffff },
  { window: Number.NEGATIVE_INFINITY, frameSeq: 0 },
])("an acknowledgement of %o comes through", (position) => expect(decodeAck(encodeAck(position))).toEqual(position));

test("bytes that are no acknowledgement are refused", () => {
  expect(() => decodeAck(new Uint8Array(3))).toThrow(/CORRUPT/);
  expect(() => decodeAck(seal(new Uint8Array(5)))).toThrow(/CORRUPT: an acknowledgement of 5 bytes/);
});
