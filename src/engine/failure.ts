import { MyriadError } from "../base/error.ts";

/** An agent's own failure: who, at what, when. The message stands alone on one line. */
export interface AgentFailure {
  readonly agent: number;
  readonly name: string;
  /** The event being handled, or `state` for the function that makes the state. */
  readonly handler: string;
  readonly time: number;
  readonly code: string;
  readonly message: string;
  /** Ends the run whatever `onAgentError` says: the process may be damaged (stack overflow), or the state cannot be hashed. */
  readonly fatal: boolean;
}

/** Describes what a handler threw. */
export function failureOf(reason: unknown, agent: number, name: string, handler: string, time: number): AgentFailure {
  // Codes of bad usage are for what shows before a run; here a handler passed something wrong.
  const code = reason instanceof MyriadError && !reason.usage ? reason.code : "HANDLER_FAILED";
  const fatal = reason instanceof RangeError && /call stack/i.test(reason.message);
  const text = reason instanceof Error ? reason.message : String(reason);
  const what = reason instanceof MyriadError ? text.slice(reason.code.length + 2) : text;
  const message = `agent "${name}", handler "${handler}", time ${time}: ${what.split("\n")[0]}`;
  return { agent, name, handler, time, code, message, fatal };
}

/** The failure that a run ends with, of those of one window: the earliest, and of these the lowest index. */
export function firstFailure(failures: readonly AgentFailure[]): AgentFailure | undefined {
  let first: AgentFailure | undefined;
  for (const failure of failures) {
    if (
      first === undefined ||
      failure.time < first.time ||
      (failure.time === first.time && failure.agent < first.agent)
    ) {
      first = failure;
    }
  }
  return first;
}
