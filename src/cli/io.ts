import { systemClock } from "../base/clock.ts";
import type { SignalSource } from "./interrupt.ts";
import type { Terminal } from "./screen.ts";

/** All that commands touch of the process they run in. */
export interface Io {
  /** One line to standard output. */
  print(line: string): void;
  terminal: Terminal;
  signals: SignalSource;
  environment: NodeJS.ProcessEnv;
  commandLine: readonly string[];
  /** Milliseconds, never going back. */
  now(): number;
  /** Wall time, ISO 8601. */
  date(): string;
  /** The most memory that this process has had so far. */
  peakRssBytes(): number;
}

export const processIo = (): Io => ({
  print: (line) => void process.stdout.write(`${line}\n`),
  terminal: process.stderr,
  signals: process,
  environment: process.env,
  commandLine: process.argv,
  now: () => systemClock.now(),
  date: () => new Date().toISOString(),
  peakRssBytes: () => process.resourceUsage().maxRSS * 1024,
});
