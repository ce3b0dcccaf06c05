import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../src/runtime/run.ts";
import { atEnd } from "./at-end.ts";

/** A run that takes longer hangs. */
const RUN_MS_MAX = 600_000;
const CPU_PRELOAD = new URL("./cpu-preload.mjs", import.meta.url).href;

export interface RunWish {
  /** Path of the scenario, a module or a folder. */
  readonly scenario: string;
  readonly workers: number;
  readonly params?: Readonly<Record<string, number | boolean | string>>;
  readonly until?: number;
  readonly placement?: string;
}

export interface Run {
  /** What `--json` printed. */
  readonly result: RunResult;
  /** When the process was started, in milliseconds since 1970. */
  readonly startedMs: number;
  /** Processor time of this process and its workers, from start to exit. */
  readonly cpuSeconds: number;
}

/** `myriad run` of the copy in `root`, as a process of its own, so that no run inherits another's compiled code or heap. */
export async function runMyriad(root: string, wish: RunWish): Promise<Run> {
  const { scenario, workers, params = {}, until, placement } = wish;
  const args = ["run", scenario, "--workers", String(workers), "--json", "--quiet"];
  for (const [name, value] of Object.entries(params)) args.push("--param", `${name}=${value}`);
  if (until !== undefined) args.push("--until", String(until));
  if (placement !== undefined) args.push("--placement", placement);
  const folder = mkdtempSync(join(tmpdir(), "myriad-run-"));
  const clean = atEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const env = { NODE_OPTIONS: `--import ${CPU_PRELOAD}`, CPU_FOLDER: folder };
    const startedMs = performance.timeOrigin + performance.now();
    const stdout = await outputOf(process.execPath, [join(root, "bin/myriad.js"), ...args], { env });
    return { result: JSON.parse(stdout) as RunResult, startedMs, cpuSeconds: sumOf(folder, workers + 1) };
  } finally {
    clean();
  }
}

/** What the processes of a run have left. Throws when one has ended without a word: the sum would be too low. */
function sumOf(folder: string, processes: number): number {
  const seconds = readdirSync(folder).map((name) => Number(readFileSync(join(folder, name), "utf8")));
  if (seconds.length !== processes) throw new Error(`${seconds.length} of ${processes} processes told their time`);
  return seconds.reduce((sum, one) => sum + one, 0);
}

/** Standard output of a command; `env` is added to the environment. Throws with its standard error when it fails or hangs. */
export function outputOf(
  command: string,
  args: readonly string[],
  { env = {} }: { env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const end = atEnd(() => void child.kill("SIGTERM"));
  const timer = setTimeout(() => child.kill("SIGTERM"), RUN_MS_MAX);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      end();
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(" ")} ended ${signal ?? `with code ${code}`}: ${stderr.trim()}`));
    });
  });
}
