import { createLog, type Log, silentLog } from "../runtime/log.ts";
import type { Progress } from "../runtime/run.ts";
import { statusLine } from "./status-line.ts";

/** What a screen writes to: `process.stderr`, or a stand-in for tests. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ScreenOptions {
  terminal: Terminal;
  /** Nothing at all is written. */
  quiet: boolean;
  /** Milliseconds, never going back. */
  now: () => number;
}

const COLUMNS_DEFAULT = 80;
/** Redrawing more often would only flicker. */
const REDRAW_MS = 100;
/** Between two lines where nobody looks on. */
const LINE_MS = 3_000;
const CLEAR = "\r\u001b[K";

/**
 * The way to standard error: a live line on a terminal, a line every few seconds elsewhere, and log lines between,
 * for people on a terminal and as JSON elsewhere.
 */
export class Screen {
  readonly log: Log;
  readonly #terminal: Terminal;
  readonly #live: boolean;
  readonly #quiet: boolean;
  readonly #now: () => number;
  #started: number;
  #shown = "";
  #last: number;

  constructor({ terminal, quiet, now }: ScreenOptions) {
    this.#terminal = terminal;
    this.#live = terminal.isTTY === true;
    this.#quiet = quiet;
    this.#now = now;
    this.#started = now();
    this.#last = this.#live ? Number.NEGATIVE_INFINITY : this.#started;
    const write = (line: string): void => this.line(line);
    this.log = quiet ? silentLog : createLog({ write, format: this.#live ? "human" : "json" });
  }

  /** Time starts to count for what is left. */
  restart(): void {
    this.#started = this.#now();
  }

  /** Shows how far the run is, if it is time to. */
  progress(progress: Progress): void {
    const now = this.#now();
    if (this.#quiet || now - this.#last < (this.#live ? REDRAW_MS : LINE_MS)) return;
    this.#last = now;
    const elapsedMs = now - this.#started;
    if (this.#live) {
      this.#draw(statusLine({ ...progress, elapsedMs }, (this.#terminal.columns || COLUMNS_DEFAULT) - 1));
      return;
    }
    const { virtualTime, window, events, eventsPerSecond, workers, agents, fraction } = progress;
    const share = fraction === undefined ? {} : { percent: Math.floor(fraction * 100) };
    this.log.info("progress", {
      window,
      virtualTime,
      ...share,
      events,
      eventsPerSecond: Math.round(eventsPerSecond),
      workers,
      agents,
    });
  }

  /** A whole line, above the live one. */
  line(text: string): void {
    if (this.#quiet) return;
    const shown = this.#shown;
    this.clear();
    this.#terminal.write(`${text}\n`);
    if (shown !== "") this.#draw(shown);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown !== "") this.#terminal.write(CLEAR);
    this.#shown = "";
  }

  #draw(text: string): void {
    this.#terminal.write(`${CLEAR}${text}`);
    this.#shown = text;
  }
}
