import { MyriadError } from "../base/error.ts";
import { NOBODY } from "../base/limits.ts";
import { type AgentLoads, summariseLoads, TRAFFIC_VERSION, type TrafficReport } from "./traffic-report.ts";
import { mix, TrafficSample } from "./traffic-sample.ts";
import { TrafficTies } from "./traffic-ties.ts";

export interface TrafficSketchOptions {
  readonly part: number;
  /** How many parts there are. */
  readonly parts: number;
  /** Ties remembered: a power of two from 8 to 65,536; 65,536 by default, in 1.6 MB. */
  readonly capacity?: number;
  /** One row in so many is noted, on average: 8 by default. A row passed over costs a nanosecond, one that is noted some tens, most of it memory. An integer from 1 to EVERY_MAX. */
  readonly every?: number;
}

/** Gaps between rows stay integers of 31 bits. */
export const EVERY_MAX = 1_000_000;
const CAPACITY = 65_536;
const EVERY = 8;

/**
 * Who talks to whom, as one worker sees it, in bounded space: exact counts by part, the heaviest ties, a sample to judge plans by. Costs nanoseconds a row and
 * allocates nothing. Both what leaves and what stays is to be noted, alike: a planner that sees only what is remote moves agents away from
 * those they talk to at home. Deterministic: the same rows in the same order give the same sketch.
 */
export class TrafficSketch {
  readonly ties: TrafficTies;
  readonly #part: number;
  readonly #counts: Float64Array;
  readonly #sample = new TrafficSample();
  readonly #every: number;
  /** Rows to pass over before the next that is noted. */
  #skip = 0;
  #noted = 0;

  /** Throws INVALID_ARGUMENT for options out of range. */
  constructor({ part, parts, capacity = CAPACITY, every = EVERY }: TrafficSketchOptions) {
    if (!(Number.isInteger(every) && every >= 1 && every <= EVERY_MAX)) {
      throw new MyriadError("INVALID_ARGUMENT", `every is ${every}; it must be an integer from 1 to ${EVERY_MAX}`);
    }
    this.#part = part;
    this.#every = every;
    this.#counts = new Float64Array(parts);
    this.ties = new TrafficTies(capacity);
  }

  /** Adds to the events sent to a part; to the own part: kept. Exact, whatever is sampled; a published event counts as the frame's one row. */
  count(other: number, events: number): void {
    this.#counts[other]! += events;
  }

  /** One event. What agents send themselves, and what nobody sent, is no tie. */
  note(from: number, to: number): void {
    if (this.#skip > 0) this.#skip--;
    else {
      this.#skip = this.#gap();
      this.#take(from, to);
    }
  }

  /** The first `count` rows of two columns, as if each were noted. `to` are agents: rows that stand for a publish go by the agents that they are spread to. */
  noteRows(from: Uint32Array, to: Uint32Array, count: number): void {
    let row = this.#skip;
    for (; row < count; row += 1 + this.#gap()) this.#take(from[row]!, to[row]!);
    this.#skip = row - count;
  }

  /** The past counts half: to be called at even intervals. */
  decay(): void {
    for (let part = 0; part < this.#counts.length; part++) this.#counts[part]! /= 2;
    this.ties.halve();
    this.#sample.halve();
  }

  /** As plain data of less than 1 MiB. `loads`: what the agents of this part have handled. */
  encode(loads: AgentLoads): TrafficReport {
    const { low, high, counts, errors } = this.ties;
    const known = Uint32Array.from(counts.keys()).filter((i) => counts[i]! > errors[i]!);
    const { from, to, count } = this.#sample;
    return {
      version: TRAFFIC_VERSION,
      part: this.#part,
      counts: this.#counts.slice(),
      low: known.map((i) => low[i]!),
      high: known.map((i) => high[i]!),
      weights: Float32Array.from(known, (i) => counts[i]! - errors[i]!),
      sampleFrom: from.slice(0, count),
      sampleTo: to.slice(0, count),
      ...summariseLoads(loads),
    };
  }

  #take(from: number, to: number): void {
    if (from === to || from === NOBODY || this.#sample.take(from, to)) return;
    this.ties.note(from, to);
  }

  /** 0 to 2 x every - 2, by a hash of how many were noted: rows often repeat with a period. */
  #gap(): number {
    return this.#every === 1 ? 0 : mix(this.#noted++) % (2 * this.#every - 1);
  }
}
