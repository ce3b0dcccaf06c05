import { MyriadError } from "../base/error.ts";

/** How a command can end, as the shell sees it. */
export const EXIT = {
  done: 0,
  /** The run failed, or hashes differ. */
  failed: 1,
  /** Bad usage or input; nothing was started. */
  usage: 2,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM, where it cut a run short. */
  terminated: 143,
} as const;

/** The exit code for what a command threw. */
export const exitCodeOf = (reason: unknown): number =>
  reason instanceof MyriadError && reason.usage ? EXIT.usage : EXIT.failed;

/** `error: CODE: message` on one line. What is not ours is a bug, or the system's: it keeps its stack. */
export function errorText(reason: unknown): string {
  if (reason instanceof MyriadError) return `error: ${oneLine(reason.message)}`;
  if (reason instanceof Error) return `error: ${reason.stack ?? reason.message}`;
  return `error: ${String(reason)}`;
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ").trim();
