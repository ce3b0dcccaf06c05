import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** What a figure depends on beside the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** Commit of the working tree; ends with "+" when it has been changed since. Empty without git. */
  readonly revision: string;
  readonly date: string;
  /** Mean number of processes that wanted a core in the minute before. */
  readonly loadAverage: number;
}

export function machineFacts(root: string): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    revision: revisionOf(root),
    date: new Date().toISOString(),
    loadAverage: loadAverage(),
  };
}

export const loadAverage = (): number => loadavg()[0]!;

function revisionOf(root: string): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).trim();
    const dirty = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "HEAD") + (dirty ? "+" : "");
  } catch {
    return "";
  }
}
