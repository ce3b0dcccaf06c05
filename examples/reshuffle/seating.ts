const ROUNDS = 4;

/**
 * A permutation of 0 to `count` - 1 that needs no table: a balanced Feistel network of four rounds (Luby and Rackoff 1988) over the next power of
 * four, walked until it comes out below `count` (Black and Rogaway 2002). The same key gives the same permutation.
 */
export class Seating {
  readonly #count: number;
  readonly #key: number;
  readonly #halfBits: number;
  readonly #halfMask: number;

  /** `count`: 1 to 2^30. `key`: u32. */
  constructor(count: number, key: number) {
    this.#count = count;
    this.#key = key;
    this.#halfBits = Math.max(1, Math.ceil((32 - Math.clz32(count - 1)) / 2));
    this.#halfMask = 2 ** this.#halfBits - 1;
  }

  /** Where someone sits. */
  seatOf(who: number): number {
    let seat = who;
    do seat = this.#forward(seat);
    while (seat >= this.#count);
    return seat;
  }

  /** Who sits there. */
  whoSits(seat: number): number {
    let who = seat;
    do who = this.#back(who);
    while (who >= this.#count);
    return who;
  }

  #forward(value: number): number {
    let left = value >>> this.#halfBits;
    let right = value & this.#halfMask;
    for (let round = 0; round < ROUNDS; round++) {
      const next = left ^ this.#mix(right, round);
      left = right;
      right = next;
    }
    return left * (this.#halfMask + 1) + right;
  }

  #back(value: number): number {
    let left = value >>> this.#halfBits;
    let right = value & this.#halfMask;
    for (let round = ROUNDS - 1; round >= 0; round--) {
      const before = right ^ this.#mix(left, round);
      right = left;
      left = before;
    }
    return left * (this.#halfMask + 1) + right;
  }

  /** The finaliser of MurmurHash3 (Appleby 2011), under key and round. */
  #mix(half: number, round: number): number {
    let h = Math.imul(half + 1, 0x9e3779b1) ^ (this.#key + Math.imul(round, 0x632be5ab));
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) & this.#halfMask;
  }
}
