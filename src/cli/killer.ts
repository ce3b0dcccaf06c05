import type { RunOptions } from "../runtime/run.ts";

/** Workers killed in one run. */
const KILLS = 3;
/** Enough checkpoints for recoveries to begin from them, also in runs of a few seconds. */
const CHECKPOINT_EVERY = 0.5;

export interface KillerOptions {
  /** Events of the undisturbed run: kills are spread over them. */
  readonly events: number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  readonly kill: (pid: number) => void;
}

/** Kills random workers of a run at random moments, as `kill -9` does. */
export class Killer {
  /** Workers killed so far. */
  killed = 0;
  readonly #options: KillerOptions;
  readonly #alive: number[] = [];
  readonly #moments: number[];

  constructor(options: KillerOptions) {
    this.#options = options;
    this.#moments = Array.from({ length: KILLS }, () => options.chance() * options.events).sort((a, b) => a - b);
  }

  /** To be given to the run. `watch`: told of progress as well. */
  options(watch: NonNullable<RunOptions["onProgress"]>): RunOptions {
    return {
      checkpointEvery: CHECKPOINT_EVERY,
      onWorker: (_name, pid) => pid !== undefined && this.#alive.push(pid),
      onProgress: (progress) => {
        watch(progress);
        this.#look(progress.events);
      },
    };
  }

  #look(events: number): void {
    if (this.#alive.length === 0 || events < (this.#moments[0] ?? Number.POSITIVE_INFINITY)) return;
    this.#moments.shift();
    const [pid] = this.#alive.splice(Math.floor(this.#options.chance() * this.#alive.length), 1);
    this.killed++;
    this.#options.kill(pid!);
  }
}
