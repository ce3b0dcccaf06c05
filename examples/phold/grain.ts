/**
 * Turns of the loop below that take one microsecond, measured once (AMD EPYC, Node 20: see README.md).
 * Work is counted, not timed: a clock inside a handler would let the machine's speed show in the result.
 */
export const TURNS_PER_MICROSECOND = 590;

/** Works for about `microseconds` and returns 1: xorshift32 (Marsaglia 2003) never reaches zero, which no compiler knows. */
export function spin(microseconds: number): number {
  let x = 2463534242;
  for (let turn = Math.round(microseconds * TURNS_PER_MICROSECOND); turn > 0; turn--) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x === 0 ? 0 : 1;
}
