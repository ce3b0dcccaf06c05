/**
 * Every failure that a user can meet, in one table: the code, and what it means in one line.
 * `usage` marks those that show before a run starts (exit code 2); the rest end a run (exit code 1).
 */
export const ERROR_CODES = {
  INVALID_CONFIG: {
    usage: true,
    means: "a configuration key or value is unknown, out of range or contradicts another",
  },
  INVALID_ARGUMENT: { usage: true, means: "a command line argument or an option of a function is not acceptable" },
  INVALID_SCENARIO: { usage: true, means: "the scenario module is missing, broken or not well formed" },
  INVALID_PARAMS: { usage: true, means: "the parameters do not satisfy the model's schema" },
  INVALID_DATA: { usage: true, means: "a data file cannot be read or has a bad line" },
  INVALID_OUTPUT: { usage: true, means: "the output folder or file cannot be written" },
  INVALID_PLACEMENT: { usage: true, means: "the agents cannot be placed on the workers" },
  ADDRESS_IN_USE: { usage: true, means: "the address to listen on is taken" },
  UNAVAILABLE: { usage: false, means: "a node cannot be reached" },
  MISMATCH: { usage: false, means: "two nodes, or a node and a run's folder, disagree on version, run or scenario" },
  PROTOCOL: { usage: false, means: "a peer sent what the protocol does not allow" },
  CORRUPT: { usage: false, means: "bytes do not match their checksum or layout" },
  STORE_FAILED: { usage: false, means: "the disk refused an operation on which durability depends" },
  LIMIT: { usage: false, means: "a named limit was reached" },
  CAPACITY: { usage: false, means: "the workers that are left cannot host all agents" },
  SPILL_FAILED: { usage: false, means: "frames that wait could not be written to disk, or read back" },
  INVALID_PAYLOAD: { usage: false, means: "an event's payload does not fit its declared fields" },
  NOT_PLAIN_DATA: { usage: false, means: "a value is not plain data" },
  INVALID_DELAY: { usage: false, means: "a delay is negative, not finite or below the lookahead" },
  UNKNOWN_AGENT: { usage: false, means: "no agent has this index" },
  UNKNOWN_EVENT: { usage: false, means: "the event is not known to the scenario" },
  UNHANDLED_EVENT: { usage: false, means: "the agent's type has no handler for the event" },
  UNKNOWN_NAME: { usage: false, means: "no relation, shared value or observation has this name" },
  NOT_ALLOWED: { usage: false, means: "the call is not allowed here" },
  FOREIGN_AWAIT: { usage: false, means: "a handler awaited something that is not the engine's" },
  HANDLER_FAILED: { usage: false, means: "a handler threw" },
  OBSERVATION_FAILED: { usage: false, means: "the function of an observation or of a stopping rule threw" },
  EFFECT_FAILED: { usage: false, means: "an effect was refused after its retries" },
  REQUEST_TIMEOUT: { usage: false, means: "no reply came in time" },
  AGENT_GONE: { usage: false, means: "the agent asked has retired" },
  STALLED: { usage: false, means: "nothing can happen any more, but a handler still waits" },
  ROUND_LIMIT: { usage: false, means: "a round did not come to an end" },
  PLACEMENT_FAILED: { usage: false, means: "placing the agents broke off, as for want of memory" },
  STOPPED: { usage: false, means: "the run was stopped" },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error class. The message starts with the code and names field, value and range. */
export class MyriadError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${code}: ${message}`, options);
    this.name = "MyriadError";
    this.code = code;
  }

  /** True when it shows before a run starts: exit code 2, not 1. */
  get usage(): boolean {
    return ERROR_CODES[this.code].usage;
  }

  /** The way in from a `catch`: what is thrown already stays as it is, all else is wrapped under `code`. */
  static from(reason: unknown, code: ErrorCode): MyriadError {
    if (reason instanceof MyriadError) return reason;
    return new MyriadError(code, reason instanceof Error ? reason.message : String(reason), { cause: reason });
  }
}
