import fc from "fast-check";
import { expect, test } from "vitest";
import { crc, hex } from "./crc.ts";

test("is that of the whole, whatever the pieces, empty ones with and without memory", () => {
  expect(hex(crc(new TextEncoder().encode("123456789")))).toBe("cbf43926");
  const pieces = fc.array(fc.uint8Array({ maxLength: 5 }));
  fc.assert(
    fc.property(pieces, (all) => {
      const whole = crc(new Uint8Array(Buffer.concat(all)));
      expect(all.reduce((before, piece) => crc(piece, before), 0)).toBe(whole);
      expect(crc(new Uint8Array(0), whole)).toBe(whole);
      expect(crc(new Uint8Array(8).subarray(4, 4), whole)).toBe(whole);
    }),
  );
});
