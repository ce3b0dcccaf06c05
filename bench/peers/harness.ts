import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { atEnd } from "../at-end.ts";
import type { Measured } from "./peer.ts";

/** A harness, or an installation, that takes longer hangs. */
const HARNESS_MS_MAX = 600_000;
/** What a harness has started is given this long to follow it. */
const LEAVE_MS_MAX = 5_000;
const POLL_MS = 50;
/** In the environment of a harness and of all that it starts. */
const MARK = "MYRIAD_BENCH_MARK";

/** Runs a harness to its end and reads the figures that it prints. Throws with its last words when it fails, or leaves a process. */
export async function runHarness(command: readonly string[]): Promise<Measured[]> {
  const out = await runMarked(command);
  return out
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Measured);
}

/** Runs a command, gives it no input, and ends what it has left running. Throws when it fails, hangs or leaves a process. */
export async function runMarked(command: readonly string[]): Promise<string> {
  const mark = randomBytes(8).toString("hex");
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, [MARK]: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = atEnd(() => {
    for (const pid of markedProcesses(mark)) process.kill(pid, "SIGKILL");
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), HARNESS_MS_MAX);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    // Not "close": what is left behind may hold the pipes open.
    child.once("exit", (exitCode) => resolve(exitCode));
  }).finally(() => clearTimeout(timer));
  const left = await leftBehind(mark);
  end();
  if (code !== 0) throw new Error(lastLine(stderr) || `it ended with code ${code}`);
  if (left.length > 0)
    throw new Error(`it left ${left.length} processes running, which were ended: ${left.join(", ")}`);
  return stdout;
}

/** What is still there of a command that has ended; what ends by itself within a few seconds does not count. */
async function leftBehind(mark: string): Promise<number[]> {
  const untilMs = performance.now() + LEAVE_MS_MAX;
  for (;;) {
    const left = markedProcesses(mark);
    if (left.length === 0 || performance.now() > untilMs) return left;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Processes with the mark in their environment; none where there is no /proc. */
function markedProcesses(mark: string): number[] {
  return entriesOf("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && environmentOf(pid).includes(`${MARK}=${mark}`));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty for a process that is gone, or not ours. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
