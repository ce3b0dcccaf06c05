/** Events kept at most: the remote share estimated from one worker's sample is within 1.6% (two standard errors). */
export const SAMPLE_MAX = 4_096;
/** At most one event in so many: the rest are what a plan is made from, and a plan is not judged by what it was made from. */
const STRIDE_MIN = 4;

/**
 * A uniform sample of a stream of events, by which plans are judged: it is drawn from other events than the ties, so what is only
 * chance in the ties shows no saving here. One event in `stride` is kept, by a hash of its number; a full sample drops a half and doubles the stride.
 */
export class TrafficSample {
  readonly from = new Uint32Array(SAMPLE_MAX);
  readonly to = new Uint32Array(SAMPLE_MAX);
  count = 0;
  /** Events to a kept one. */
  stride = STRIDE_MIN;
  #number = 0;

  /** False when the event is not for the sample. */
  take(from: number, to: number): boolean {
    if ((mix(this.#number++) & (this.stride - 1)) !== 0) return false;
    if (this.count === SAMPLE_MAX) {
      this.#dropHalf();
      this.stride *= 2;
    }
    this.from[this.count] = from;
    this.to[this.count++] = to;
    return true;
  }

  /** The past counts half. With little left, more of what comes is kept. */
  halve(): void {
    this.#dropHalf();
    if (this.count < SAMPLE_MAX / 8 && this.stride > STRIDE_MIN) this.stride /= 2;
  }

  /** Every second one: neighbours in the sample are alike, so both halves are like the whole. */
  #dropHalf(): void {
    const { from, to } = this;
    let kept = 0;
    for (let i = mix(this.#number) & 1; i < this.count; i += 2) {
      from[kept] = from[i]!;
      to[kept++] = to[i]!;
    }
    this.count = kept;
  }
}

/** 32 bits that look random, of a counter. */
export function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
