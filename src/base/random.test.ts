import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COUNTER_MAX, NOBODY } from "./limits.ts";
import { drawExponential, drawInteger, drawNormal, Randomness, SeededStream, threefry2x32 } from "./random.ts";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const seeds = fc.maxSafeNat();

function words(k0: number, k1: number, c0: number, c1: number, rounds?: number): string {
  const out = new Uint32Array(2);
  threefry2x32(k0, k1, c0, c1, out, rounds);
  return [...out].map((word) => word.toString(16).padStart(8, "0")).join(" ");
}

describe("threefry2x32", () => {
  // Random123, tests/kat_vectors: zeros, ones, and the digits of pi.
  test("known answers", () => {
    const ones = 0xffff_ffff;
    expect(words(0, 0, 0, 0)).toBe("9d1c5ec6 8bd50731");
    expect(words(ones, ones, ones, ones)).toBe("fd36d048 2d17272c");
    expect(words(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toBe("ba3e4725 f27d669e");
    expect(words(0, 0, 0, 0, 20)).toBe("6b200159 99ba4efe");
    expect(words(ones, ones, ones, ones, 20)).toBe("1cb996fc bb002be7");
    expect(words(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 20)).toBe("c4923a9c 483df7a0");
  });
});

describe("Randomness", () => {
  test("uniform is 53 bits of the block with key = seed and counter = (draw, agent)", () => {
    fc.assert(
      fc.property(seeds, u32, u32, (seed, agent, draw) => {
        const out = new Uint32Array(2);
        threefry2x32(seed >>> 0, Number(BigInt(seed) >> 32n), draw, agent, out);
        const bits = (BigInt(out[0]! >>> 5) << 26n) | BigInt(out[1]! >>> 6);
        expect(new Randomness(seed).uniform(agent, draw)).toBe(Number(bits) / 2 ** 53);
      }),
    );
  });

  test("tie is the block with the seed xor the bits of the time, and a key of its own", () => {
    const time = fc.double({ min: 0, noDefaultInfinity: true, noNaN: true });
    fc.assert(
      fc.property(seeds, u32, u32, time, (seed, from, to, when) => {
        const bits = new Uint32Array(new Float64Array([when + 0]).buffer);
        const out = new Uint32Array(2);
        threefry2x32((seed ^ bits[0]!) >>> 0, Number(BigInt(seed) >> 32n) ^ bits[1]! ^ 0x8000_0000, from, to, out);
        expect(new Randomness(seed).tie(from, to, when)).toBe(out[0]);
      }),
    );
    expect(new Randomness(1).tie(2, 3, -0)).toBe(new Randomness(1).tie(2, 3, 0));
  });

  test("no two of many draws, agents, seeds or ties are alike", () => {
    const seen = new Set<number>();
    for (const seed of [0, 1, 2 ** 32, 2 ** 53 - 1]) {
      const randomness = new Randomness(seed);
      for (const agent of [0, 1, NOBODY])
        for (let draw = 0; draw < 100; draw++) seen.add(randomness.uniform(agent, draw));
      for (let agent = 0; agent < 10; agent++) {
        for (const time of [0, 1, 1.5, 1e300])
          seen.add(randomness.tie(agent, 3, time)).add(randomness.tie(3, 20 + agent, time));
      }
    }
    expect(seen.size).toBe(4 * (300 + 80));
  });

  test("draws are spread evenly: mean, variance and each of 64 bins within five standard errors", () => {
    const n = 200_000;
    const bins = new Uint32Array(64);
    const randomness = new Randomness(42);
    let [sum, squares] = [0, 0];
    for (let i = 0; i < n; i++) {
      const u = randomness.uniform(i % 100, Math.floor(i / 100));
      if (!(u >= 0 && u < 1)) throw new Error(`${u} is not in [0, 1)`);
      bins[Math.floor(u * 64)]!++;
      sum += u;
      squares += (u - 0.5) ** 2;
    }
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    for (const count of bins) expect(Math.abs(count - n / 64)).toBeLessThan(5 * Math.sqrt(n / 64));
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN, Infinity])("refuses the seed %d", (seed) => {
    expect(() => new Randomness(seed)).toThrow("INVALID_ARGUMENT: seed must be an integer from 0 to 2^53 - 1");
  });

  test.each([0, 1, 2 ** 53 - 2, 2 ** 53 - 1])("takes the seed %d", (seed) => {
    expect(new Randomness(seed).seed).toBe(seed);
  });
});

describe("distributions", () => {
  const largest = 1 - 2 ** -53;

  test("integers stay below n, for the largest draw too", () => {
    for (const n of [1, 2, 3, 10, 2 ** 31, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53]) {
      expect(drawInteger(0, n)).toBe(0);
      expect(drawInteger(largest, n)).toBe(n - 1);
    }
  });

  test("exponential and normal are finite at both ends and have their moments", () => {
    expect(Object.is(drawExponential(0, 3), 0)).toBe(true);
    expect(drawExponential(largest, 1)).toBeCloseTo(53 * Math.LN2, 9);
    expect(drawNormal(largest, 0)).toBeCloseTo(Math.sqrt(2 * 53 * Math.LN2), 9);
    const n = 100_000;
    const randomness = new Randomness(3);
    let [normal, square, exponential] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = drawNormal(randomness.uniform(0, 2 * i), randomness.uniform(0, 2 * i + 1));
      normal += x / n;
      square += (x * x) / n;
      exponential += drawExponential(randomness.uniform(1, i), 2) / n;
    }
    expect(Math.abs(normal)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(square - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(exponential - 2)).toBeLessThan((5 * 2) / Math.sqrt(n));
  });
});

describe("SeededStream", () => {
  test("draws as NOBODY, one after the other", () => {
    const [stream, randomness] = [new SeededStream(9), new Randomness(9)];
    for (let draw = 0; draw < 5; draw++) expect(stream.uniform()).toBe(randomness.uniform(NOBODY, draw));
    expect(stream.integer(1000)).toBe(Math.floor(randomness.uniform(NOBODY, 5) * 1000));
    expect(stream.integer(1)).toBe(0);
  });

  test.each([0, -1, 1.5, 2 ** 53, Number.NaN])("refuses integer(%d)", (n) => {
    expect(() => new SeededStream(1).integer(n)).toThrow("INVALID_ARGUMENT: n must be");
  });

  test("ends by name at the last draw", () => {
    const stream = new SeededStream(1, COUNTER_MAX - 1);
    stream.uniform();
    stream.uniform();
    expect(() => stream.uniform()).toThrow("LIMIT");
  });
});
