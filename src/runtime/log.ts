import { type DestinationStream, pino } from "pino";

export type LogFields = Record<string, string | number | boolean | undefined>;

/** Structured log of one process. Fields such as `run`, `worker` and `window` go first into `child`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export interface LogOptions {
  /** Takes one finished line, without its end. */
  write: (line: string) => void;
  /** JSON lines for machines, or short lines for people. */
  format: "json" | "human";
  level?: "debug" | "info" | "warn" | "error" | "silent";
  fields?: LogFields;
}

/** The only place that knows pino. Writes are synchronous: what was logged before a crash has been seen. */
export function createLog(options: LogOptions): Log {
  const destination: DestinationStream = {
    write: (line) => options.write(options.format === "json" ? line.trimEnd() : humanLine(line)),
  };
  const formatters = { level: (label: string) => ({ level: label }) };
  const base = { ...options.fields };
  return wrap(
    pino({ level: options.level ?? "info", base, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination),
  );
}

/** Logs nothing. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

type PinoLog = ReturnType<typeof pino>;

function wrap(inner: PinoLog): Log {
  return {
    debug: (message, fields) => inner.debug(fields ?? {}, message),
    info: (message, fields) => inner.info(fields ?? {}, message),
    warn: (message, fields) => inner.warn(fields ?? {}, message),
    error: (message, fields) => inner.error(fields ?? {}, message),
    child: (fields) => wrap(inner.child(fields)),
  };
}

/** `warn: worker lost  worker=2 window=17`; what is only information has no prefix. */
export function humanLine(json: string): string {
  const { level, time: _time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const prefix = level === "info" ? "" : `${level}: `;
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  return `${prefix}${String(msg)}${rest.length > 0 ? `  ${rest.join(" ")}` : ""}`;
}
