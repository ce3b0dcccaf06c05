/**
 * The partitioner's own chance: a 32-bit mixed counter (the finaliser of splitmix, as in Steele, Lea, Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). Small and fast, and of no other use: a simulation's draws come from `base/random.ts`.
 */
export class Chance {
  readonly #state = new Int32Array(1);

  /** `seed`: any integer; seeds that differ in their low 53 bits give unrelated streams. */
  constructor(seed: number) {
    this.#state[0] = mix32((seed | 0) ^ mix32(Math.floor(seed / 2 ** 32) ^ 0x2545f491));
  }

  /** The next 32 random bits, as an unsigned integer. */
  next(): number {
    const state = (this.#state[0]! + 0x9e3779b9) | 0;
    this.#state[0] = state;
    return mix32(state) >>> 0;
  }

  /** The next integer in [0, n), for n up to 2^31. */
  below(n: number): number {
    return Math.floor(this.next() * 2 ** -32 * n);
  }

  /** The next number in [0, 1), a multiple of 2^-32. */
  unit(): number {
    return this.next() * 2 ** -32;
  }

  /** Another stream, unrelated to what follows in this one. */
  fork(): Chance {
    return new Chance(this.next());
  }
}

function mix32(x: number): number {
  let z = x | 0;
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b);
  return z ^ (z >>> 16);
}

/** Puts the first `length` items into random order (Fisher and Yates). */
export function shuffle(items: Int32Array, length: number, chance: Chance): void {
  for (let i = length - 1; i > 0; i--) {
    const j = chance.below(i + 1);
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  }
}

/** The numbers 0 to n - 1 in random order. */
export function permutation(n: number, chance: Chance): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  shuffle(order, n, chance);
  return order;
}
