import { MyriadError } from "./error.ts";
import { COUNTER_MAX, NOBODY } from "./limits.ts";

/*
 * Threefry-2x32: a counter-based generator, so that a draw is a pure function of (seed, agent, draw number) and needs no state that would have to
 * travel. Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, and their library Random123, whose
 * known answers the tests use. 13 rounds are the fewest they call crush-resistant for two words; their default of 20 only adds a margin.
 */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** One block of Threefry-2x32 into `out[0]` and `out[1]`: the plain form, the model that the inlined ones are tested against. All arguments u32. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array, rounds = 13): void {
  const keys = [k0, k1, PARITY ^ k0 ^ k1];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let round = 0; round < rounds; round++) {
    const rotation = ROTATIONS[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x0 = (x0 + keys[injection % 3]!) | 0;
    x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** Sets the highest bit of a tie's key. Seeds have 53 bits and times no sign, so no tie ever shares a key with a draw. */
const TIE_KEY = 0x8000_0000;
const TWO_26 = 2 ** 26;
const TWO_MINUS_53 = 2 ** -53;
const time64 = new Float64Array(1);
const time32 = new Uint32Array(time64.buffer);
/** The second word of `block`, whose first one is its result: one call at a time, so one place is enough. */
let second = 0;

/** `threefry2x32` with 13 rounds, unrolled, without arrays. Returns the first word (as i32) and leaves the second in `second`. */
function block(k0: number, k1: number, c0: number, c1: number): number {
  const k2 = PARITY ^ k0 ^ k1;
  let x1 = (c1 + k1) | 0;
  let x0 = (c0 + k0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((((x1 << 6) | (x1 >>> 26)) ^ x0) + k2 + 1) | 0;
  x0 = (x0 + k1 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((((x1 << 24) | (x1 >>> 8)) ^ x0) + k0 + 2) | 0;
  x0 = (x0 + k2 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((((x1 << 6) | (x1 >>> 26)) ^ x0) + k1 + 3) | 0;
  x0 = (x0 + k0 + x1) | 0;
  second = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  return x0;
}

/** All chance of one run: every draw is a function of the seed and of who draws for the how-manieth time, never of the order of calls. */
export class Randomness {
  readonly seed: number;
  readonly #low: number;
  readonly #high: number;

  /** `seed`: an integer from 0 to 2^53 - 1; anything else throws INVALID_ARGUMENT. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new MyriadError("INVALID_ARGUMENT", `seed must be an integer from 0 to 2^53 - 1, not ${seed}`);
    }
    this.seed = seed + 0;
    this.#low = seed | 0;
    this.#high = Math.floor(seed / 2 ** 32);
  }

  /** A number in [0, 1), a multiple of 2^-53, for draw number `draw` of `agent` (both u32). */
  uniform(agent: number, draw: number): number {
    const first = block(this.#low, this.#high, draw, agent);
    return ((first >>> 5) * TWO_26 + (second >>> 6)) * TWO_MINUS_53;
  }

  /** A u32 that orders simultaneous events of one agent by chance, not by index: the same for all events of one sender at one time. `time` >= 0. */
  tie(from: number, to: number, time: number): number {
    time64[0] = time + 0;
    return block(this.#low ^ time32[0]!, this.#high ^ time32[1]! ^ TIE_KEY, from, to) >>> 0;
  }
}

/** An integer in [0, n) from a uniform draw; exact for n up to 2^53, since the largest draw times n still rounds below n. */
export function drawInteger(u: number, n: number): number {
  return Math.floor(u * n);
}

/** A standard normal from two uniform draws in [0, 1): G. Box and M. Muller, "A note on the generation of random normal deviates", 1958. */
export function drawNormal(u1: number, u2: number): number {
  return Math.sqrt(-2 * Math.log(1 - u1)) * Math.cos(2 * Math.PI * u2);
}

/** An exponential of the given mean from a uniform draw in [0, 1), by inversion. */
export function drawExponential(u: number, mean: number): number {
  return 0 - mean * Math.log(1 - u);
}

/** Draws one after the other, for code that runs once and in one place (the master that populates). It draws as agent NOBODY. */
export class SeededStream {
  readonly #randomness: Randomness;
  #draw: number;

  /** `draw`: the number of the first draw. */
  constructor(seed: number, draw = 0) {
    this.#randomness = new Randomness(seed);
    this.#draw = draw;
  }

  /** The next number in [0, 1). Throws LIMIT after 2^32 - 2 draws. */
  uniform(): number {
    if (this.#draw > COUNTER_MAX)
      throw new MyriadError("LIMIT", `a population may draw ${COUNTER_MAX + 1} times at most`);
    return this.#randomness.uniform(NOBODY, this.#draw++);
  }

  /** The next integer in [0, n). `n`: an integer from 1 to 2^53 - 1; anything else throws INVALID_ARGUMENT. */
  integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new MyriadError("INVALID_ARGUMENT", `n must be an integer from 1 to 2^53 - 1, not ${n}`);
    }
    return drawInteger(this.uniform(), n);
  }
}
