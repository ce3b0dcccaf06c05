import type { WorkerLoop } from "../cluster/worker-loop.ts";
import type { EffectRequest, EffectRunner, Outcome } from "../engine/effects.ts";
import type { Engine } from "../engine/engine.ts";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import type { ProgressBoard } from "./progress-board.ts";

/** Counts calls to the world outside. */
export class CountedEffects implements EffectRunner {
  readonly #runner: EffectRunner;
  readonly #limit: number;
  #asked = 0;

  /** `limit`: most that `runner` has under way at once. */
  constructor(runner: EffectRunner, limit: number) {
    this.#runner = runner;
    this.#limit = limit;
  }

  get underWay(): number {
    return Math.min(this.#asked, this.#limit);
  }

  async run(request: EffectRequest): Promise<Outcome> {
    this.#asked++;
    try {
      return await this.#runner.run(request);
    } finally {
      this.#asked--;
    }
  }

  stop(): void {
    this.#runner.stop();
  }
}

export interface GaugeOptions {
  readonly engine: Engine;
  readonly loop: Pick<WorkerLoop, "window" | "waitingFor">;
  readonly effects: CountedEffects;
  readonly board: ProgressBoard;
}

/** Writes on the board how a part is getting on. */
export class WorkerGauge {
  readonly #options: GaugeOptions;
  /** Pauses, or does not run windows at all; undefined while it does. */
  #aside: Activity | undefined = Activity.ACTIVITY_LOADING;

  constructor(options: GaugeOptions) {
    this.#options = options;
    options.board.activity = Activity.ACTIVITY_LOADING;
  }

  /** After each barrier; allocates nothing. */
  barrier(): void {
    const { engine, loop, board } = this.#options;
    const window = loop.window;
    board.reached(
      window,
      Math.max(0, window) * engine.program.lookahead,
      engine.counts.delivered,
      engine.roundsCompleted,
    );
    board.activity = Activity.ACTIVITY_COMPUTING;
  }

  /** In the middle of a window. */
  midWindow(): void {
    this.#options.board.events = this.#options.engine.counts.delivered;
  }

  /** What the part does beside windows, from now on; undefined: windows again. */
  set aside(activity: Activity | undefined) {
    this.#aside = activity;
    this.#options.board.activity = activity ?? Activity.ACTIVITY_COMPUTING;
  }

  /** As often as the event loop has time for it: whoever reads this on a timer is not in a handler. */
  look(): void {
    const { engine, loop, effects, board } = this.#options;
    board.queues(this.pending, engine.suspended, effects.underWay);
    const { waitingFor } = loop;
    if (this.#aside !== undefined) board.activity = this.#aside;
    else if (waitingFor.length > 0) board.waiting(waitingFor);
    // Neither at a barrier nor in a handler, and yet the loop turns: the window waits for answers.
    else if (engine.suspended > 0) board.activity = Activity.ACTIVITY_ANSWERS;
    else board.activity = Activity.ACTIVITY_COMPUTING;
  }

  /** Future events of the part's agents. */
  get pending(): number {
    let count = 0;
    for (const { batch } of this.#options.engine.core.calendar.batches()) count += batch.count;
    return count;
  }
}
