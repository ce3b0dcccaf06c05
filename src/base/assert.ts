/**
 * States what the code relies on. A failure is a fault of Myriad's own, never the user's (those are a MyriadError with a code), and ends the run.
 * The message is built only when needed if given as a function: use that form where building it costs.
 */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(typeof message === "string" ? message : message());
}

/** The branch that the types say cannot be taken: leaving a case out of a switch becomes a compile error. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected case ${String(value)}`);
}

/** A broken assumption inside Myriad. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(`this is a bug in myriad: ${message}`);
    this.name = "AssertionError";
  }
}
