import { randomBytes } from "node:crypto";

/** A new run's id: 12 hex digits. It names the run and never shows in its result. */
export const newRunId = (): string => randomBytes(6).toString("hex");

/** The run's number, as frames carry it. */
export const runNumber = (runId: string): number => Number.parseInt(runId.slice(0, 8), 16);

/** Tells a process from the one that had its name before. */
export const newIncarnation = (): string => randomBytes(8).toString("hex");
