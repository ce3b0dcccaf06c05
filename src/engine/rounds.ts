import { NOBODY } from "../base/limits.ts";
import { BUILT_IN_EVENTS, type EventType, RoundEnding, RoundStarted } from "../model/event.ts";
import { FLAG_NONE, PHASE_EVENT, PHASE_ROUND, packMeta } from "../wire/event-batch.ts";
import { QUARANTINED, RETIRED } from "./agent-table.ts";
import type { Core } from "./core.ts";

const STARTED_ID = BUILT_IN_EVENTS.indexOf(RoundStarted as EventType);
const ENDING_ID = BUILT_IN_EVENTS.indexOf(RoundEnding as EventType);

export interface SavedRounds {
  readonly number: number;
  readonly completed: number;
  readonly windows: number;
  readonly ending: boolean;
}

/** Where a run stands in its rounds: from start events to quiescence, then the endings, then the next. */
export class Rounds {
  /** The round under way, from 1. */
  number = 1;
  completed = 0;
  /** Windows that this round has taken. */
  windows = 0;
  #ending = false;
  readonly #core: Core;
  readonly #handlesEnding: boolean;
  readonly #handlesStart: boolean;

  constructor(core: Core) {
    this.#core = core;
    this.#handlesEnding = core.program.handlers.some((handlers) => handlers[ENDING_ID] !== undefined);
    this.#handlesStart = core.program.handlers.some((handlers) => handlers[STARTED_ID] !== undefined);
  }

  /** Where the rounds stand, as plain data. */
  save(): SavedRounds {
    const { number, completed, windows } = this;
    return { number, completed, windows, ending: this.#ending };
  }

  load({ number, completed, windows, ending }: SavedRounds): void {
    this.number = number;
    this.completed = completed;
    this.windows = windows;
    this.#ending = ending;
  }

  /** Tells the own agents that the round begins, in `window`. False when no type wants to know. */
  start(window: number): boolean {
    this.#ending = false;
    this.windows = 0;
    if (!this.#handlesStart) return false;
    this.#tell(window, STARTED_ID, packMeta(PHASE_ROUND, 0, FLAG_NONE, STARTED_ID));
    return true;
  }

  /** At quiescence: tells the own agents that the round ends, in `window`. False when that is done, or nobody asks. */
  end(window: number): boolean {
    if (this.#ending || !this.#handlesEnding) {
      this.completed++;
      return false;
    }
    this.#ending = true;
    this.#tell(window, ENDING_ID, packMeta(PHASE_EVENT, 0, FLAG_NONE, ENDING_ID));
    return true;
  }

  /** Goes to the next round. False when no type starts anything in it. */
  next(window: number): boolean {
    this.number++;
    return this.start(window);
  }

  #tell(window: number, event: number, meta: number): void {
    const { table, program, calendar, grid } = this.#core;
    let offset = -1;
    for (let slot = 0; slot < table.count; slot++) {
      if (program.handlers[table.type[slot]!]![event] === undefined) continue;
      if ((table.flags[slot]! & (RETIRED | QUARANTINED)) !== 0) continue;
      const batch = calendar.bucket(window);
      if (offset < 0) {
        offset = batch.wordCount;
        batch.pushWord(this.number);
      }
      batch.pushAt(grid.edge(window), table.index[slot]!, NOBODY, this.number, meta, offset);
    }
  }
}
