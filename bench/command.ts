import { MyriadError } from "../src/base/error.ts";

const INTERRUPTED = 130;
/** Beyond, a run takes minutes and says no more. */
const SCALE_MAX = 10;

/**
 * Runs a command's main function: usage errors end with exit code 2, others with 1, each with one line. A signal ends it
 * with 130, and what it has started and made goes with it (`atEnd`).
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(INTERRUPTED));
  try {
    process.exitCode = await main();
  } catch (reason) {
    const usage = reason instanceof MyriadError ? reason.usage : isParseError(reason);
    console.error(`error: ${reason instanceof Error ? reason.message : String(reason)}`);
    process.exitCode = usage ? 2 : 1;
  }
}

/** An integer flag within its range. Throws INVALID_ARGUMENT. */
export function integerFlag(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most && text.trim() !== "") return value;
  throw new MyriadError("INVALID_ARGUMENT", `--${name} ${text} is not an integer of ${least} to ${most}`);
}

/** How much of its work a case does. Throws INVALID_ARGUMENT. */
export function scaleFlag(text: string): number {
  const scale = Number(text);
  if (scale > 0 && scale <= SCALE_MAX) return scale;
  throw new MyriadError("INVALID_ARGUMENT", `--scale ${text} is not a number above 0, at most ${SCALE_MAX}`);
}

/** What `parseArgs` throws for an unknown option or a missing value. */
const isParseError = (reason: unknown): boolean =>
  String((reason as { code?: unknown } | null)?.code ?? "").startsWith("ERR_PARSE_ARGS");
