import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Hash128, hashBytes } from "./hash.ts";

const entry = fc.record({ bytes: fc.uint8Array({ maxLength: 70 }), key: fc.integer({ min: 0, max: 0xffff_ffff }) });
type Entry = { bytes: Uint8Array; key: number };

function hashOf(entries: readonly Entry[]): Hash128 {
  const hash = new Hash128();
  for (const { bytes, key } of entries) hash.add(bytes, bytes.length, key);
  return hash;
}

const asInteger = (hash: Hash128): bigint => BigInt(`0x${hash.hex()}`);

describe("Hash128", () => {
  // SMHasher's verification: the hashes of [], [0], [0, 1] ... under the keys 256, 255, 254 ..., hashed once more; the first word is published with it.
  test("is MurmurHash3_x86_128", () => {
    const all = new Uint8Array(256 * 16);
    const input = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (let i = 0; i < 256; i++) {
      const hash = new Hash128();
      hash.add(input, i, 256 - i);
      all.set(hash.toBytes(), i * 16);
    }
    expect(new DataView(hashOf([{ bytes: all, key: 0 }]).toBytes().buffer).getUint32(0, true)).toBe(0xb3ece62a);
  });

  test("is the sum modulo 2^128, so neither order nor grouping matters", () => {
    fc.assert(
      fc.property(fc.array(entry), fc.nat(), (entries, at) => {
        const total = entries.reduce((sum, each) => (sum + asInteger(hashOf([each]))) % 2n ** 128n, 0n);
        const whole = hashOf(entries);
        expect(asInteger(whole)).toBe(total);
        const cut = at % (entries.length + 1);
        const parts = hashOf(entries.slice(cut).reverse());
        parts.addHash(hashOf(entries.slice(0, cut)));
        expect(parts.hex()).toBe(whole.hex());
        expect(Hash128.fromBytes(whole.toBytes()).hex()).toBe(whole.hex());
      }),
    );
  });

  test("carries go through all lanes", () => {
    const one = Hash128.fromBytes(Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 1 : 0)));
    const most = Hash128.fromBytes(new Uint8Array(16).fill(0xff));
    expect(most.hex()).toBe("f".repeat(32));
    most.addHash(one);
    expect(most.hex()).toBe("0".repeat(32));
    most.addHash(one);
    expect(most.hex()).toBe(`${"0".repeat(31)}1`);
  });

  test("every byte, the length and the key count; what lies beyond the length does not", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), fc.nat(), (bytes, key, at) => {
        const hash = hashOf([{ bytes, key }]).hex();
        const changed = bytes.slice();
        changed[at % bytes.length]! ^= 1 << (at % 8);
        expect(hashOf([{ bytes: changed, key }]).hex()).not.toBe(hash);
        expect(hashOf([{ bytes, key: key + 1 }]).hex()).not.toBe(hash);
        expect(hashOf([{ bytes: Uint8Array.of(...bytes, 0), key }]).hex()).not.toBe(hash);
        const longer = new Hash128();
        longer.add(Uint8Array.of(...bytes, 7, 7), bytes.length, key);
        expect(longer.hex()).toBe(hash);
      }),
    );
  });

  test("hashBytes is the hash under key 0; a hash has 16 bytes", () => {
    const bytes = new TextEncoder().encode("scenario");
    expect(hashBytes(bytes)).toBe(hashOf([{ bytes, key: 0 }]).hex());
    expect(hashBytes(bytes)).toMatch(/^[0-9a-f]{32}$/);
    expect(() => Hash128.fromBytes(new Uint8Array(15))).toThrow("CORRUPT");
    expect(() => Hash128.fromBytes(new Uint8Array(17))).toThrow("CORRUPT");
  });
});
