import { Activity, type Progress } from "../wire/gen/myriad/v1/beats.ts";

/** Places of the numbers in the shared memory. */
const AT = {
  window: 0,
  virtualTime: 1,
  events: 2,
  rounds: 3,
  pending: 4,
  suspended: 5,
  effects: 6,
  activity: 7,
  waitingFor: 8,
  waitingForMore: 9,
} as const;
const BYTES = Object.keys(AT).length * Float64Array.BYTES_PER_ELEMENT;

/** The window of a part that has not closed any. */
const BEFORE_ANY = -1;

/**
 * Progress of one part of a run in memory that two threads share: the main thread writes at barriers and on a timer, the
 * one that beats reads. Nothing is locked: each number is true, and one of them may be a barrier older than the next.
 */
export class ProgressBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;

  /** Of a buffer that another thread's board has made, or of a new one. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(BYTES);
    this.#values = new Float64Array(this.buffer);
    if (buffer === undefined) this.#values[AT.window] = BEFORE_ANY;
  }

  /** What a barrier has brought. */
  reached(window: number, virtualTime: number, events: number, rounds: number): void {
    const values = this.#values;
    values[AT.window] = window;
    values[AT.virtualTime] = virtualTime;
    values[AT.events] = events;
    values[AT.rounds] = rounds;
  }

  /** Deliveries so far, in the middle of a window. */
  set events(count: number) {
    this.#values[AT.events] = count;
  }

  queues(pending: number, suspended: number, effects: number): void {
    this.#values[AT.pending] = pending;
    this.#values[AT.suspended] = suspended;
    this.#values[AT.effects] = effects;
  }

  /** `peers`: those that a barrier waits for. */
  set activity(activity: Activity) {
    this.#values[AT.activity] = activity;
  }

  waiting(peers: readonly number[]): void {
    this.#values[AT.waitingFor] = peers[0]!;
    this.#values[AT.waitingForMore] = peers.length - 1;
    this.#values[AT.activity] = Activity.ACTIVITY_WAITING;
  }

  /** `blocked`: the main thread has not written for a while, so it cannot be waiting for answers: it computes. */
  read(workerId: number, blocked: boolean): Progress {
    const values = this.#values;
    const activity = values[AT.activity]! as Activity;
    return {
      workerId,
      window: values[AT.window]!,
      virtualTime: values[AT.virtualTime]!,
      events: values[AT.events]!,
      rounds: values[AT.rounds]!,
      pending: values[AT.pending]!,
      suspended: values[AT.suspended]!,
      effects: values[AT.effects]!,
      activity: blocked && activity === Activity.ACTIVITY_ANSWERS ? Activity.ACTIVITY_COMPUTING : activity,
      waitingFor: values[AT.waitingFor]!,
      waitingForMore: values[AT.waitingForMore]!,
    };
  }
}
