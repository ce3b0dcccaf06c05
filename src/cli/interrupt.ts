import { EXIT } from "./exit.ts";

/** Signals that stop a run, with the exit code of one that was cut short by it. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: 129 } as const;
type Name = keyof typeof CODES;

/** What the handling of signals needs of a process; `process`, or a stand-in for tests. */
export interface SignalSource {
  on(name: Name, listener: () => void): unknown;
  off(name: Name, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * The first signal aborts `signal`, so that the run stops at the next barrier; a second one ends the process at once.
 */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #source: SignalSource;
  readonly #listeners: [Name, () => void][];
  #code: number | undefined;

  constructor(source: SignalSource, first: (name: string) => void, atOnce: () => void = () => {}) {
    this.#source = source;
    this.#listeners = (Object.keys(CODES) as Name[]).map((name) => [
      name,
      () => {
        if (this.#code !== undefined) {
          atOnce();
          source.exit(CODES[name]);
          return;
        }
        this.#code = CODES[name];
        first(name);
        this.#controller.abort(name);
      },
    ]);
    for (const [name, listener] of this.#listeners) source.on(name, listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code that the signal asks for; undefined while there was none. */
  get code(): number | undefined {
    return this.#code;
  }

  dispose(): void {
    for (const [name, listener] of this.#listeners) this.#source.off(name, listener);
  }
}
