import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../bin/myriad.js", import.meta.url));
/** A process that has been killed is given this long to be gone. */
const GONE_MS = 20_000;
const POLL_MS = 20;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `myriad` command as a process. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the process is gone and all that it wrote has come. */
  readonly ended: Promise<Outcome>;
  /** Resolves when it, or a worker that it started, has written what matches to standard error. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with so many matches. */
  saysAll(pattern: RegExp, count: number): Promise<RegExpMatchArray[]>;
}

/** Commands in a folder of their own, and the files that they need. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "myriad-processes-"));
  readonly #running = new Set<Running>();

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  start(...args: string[]): Running {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: this.folder });
    let stdout = "";
    let stderr = "";
    const looks = new Set<() => void>();
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
      for (const look of looks) look();
    });
    const ended = new Promise<Outcome>((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    const saysAll = (pattern: RegExp, count: number): Promise<RegExpMatchArray[]> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = [...stderr.matchAll(new RegExp(pattern, "g"))];
          if (found.length < count) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
        child.on("close", () => reject(new Error(`ended without ${count} x ${pattern}: ${stderr}`)));
      });
    const says = async (pattern: RegExp): Promise<RegExpExecArray> => (await saysAll(pattern, 1))[0] as RegExpExecArray;
    const running: Running = { child, pid: child.pid!, ended, says, saysAll };
    this.#running.add(running);
    void ended.then(() => this.#running.delete(running));
    return running;
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(...args).ended;
  }

  /** Resolves when all commands are gone by themselves. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }

  /** Kills what still runs, and tells what that was. */
  async clear(): Promise<string[]> {
    const left = [...this.#running];
    for (const { child } of left) child.kill("SIGKILL");
    await Promise.all(left.map(({ ended }) => ended));
    return left.map(({ child }) => child.spawnargs.slice(2).join(" "));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves when no process has any of the ids. Throws with those that are left after a generous time. */
export async function gone(...pids: number[]): Promise<void> {
  const until = performance.now() + GONE_MS;
  for (;;) {
    const left = pids.filter(alive);
    if (left.length === 0) return;
    if (performance.now() > until) {
      for (const pid of left) process.kill(pid, "SIGKILL");
      throw new Error(`still there after ${GONE_MS} ms: ${left.join(", ")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A dead process that nobody has asked after yet (state Z) is gone. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}
