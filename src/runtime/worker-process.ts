import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";

/** The command's entry; two steps up from both `src/runtime` and `dist/runtime`. */
const COMMAND = fileURLToPath(new URL("../../bin/myriad.js", import.meta.url));
/** Workers on this machine beat so often that a line which shows progress lives. Seconds. */
const HEARTBEAT_S = 0.1;
/** A worker that was told to end has this long, then it is killed. */
const END_MS = 2_000;

export interface SpawnOptions {
  readonly name: string;
  readonly masterAddress: string;
  readonly masterPort: number;
}

/** A worker process on this machine. */
export interface WorkerProcess {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when the process is gone, to how it ended: "with code 1", "by SIGKILL". */
  readonly exited: Promise<string>;
  /** Waits until it has ended by itself; kills it when that takes too long. */
  end(clock: Clock): Promise<void>;
}

/**
 * Starts `myriad worker` as a process. Its configuration is in the environment; its standard error is ours. It holds
 * one end of a pipe as descriptor 3 and ends when the other is closed: it cannot outlive this process.
 */
export function spawnWorker(options: SpawnOptions): WorkerProcess {
  const child = spawn(process.execPath, [COMMAND, "worker"], {
    env: {
      ...withoutOwn(process.env),
      MYRIAD_MASTER_ADDRESS: options.masterAddress,
      MYRIAD_MASTER_PORT: String(options.masterPort),
      MYRIAD_NAME: options.name,
      MYRIAD_SPAWNED: "1",
      MYRIAD_HEARTBEAT_INTERVAL: String(HEARTBEAT_S),
    },
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    // A group of its own: Ctrl-C in the terminal is for this process, which stops the run at a barrier.
    detached: true,
  });
  const exited = new Deferred<string>();
  if (children.size === 0) process.once("exit", killChildren);
  children.add(child);
  void exited.promise.then(() => {
    children.delete(child);
    if (children.size === 0) process.removeListener("exit", killChildren);
  });
  child.once("exit", (code, signal) => exited.resolve(signal === null ? `with code ${code}` : `by ${signal}`));
  child.once("error", (error) => exited.resolve(`before it began: ${error.message}`));
  return {
    name: options.name,
    pid: child.pid,
    exited: exited.promise,
    end: (clock) => end(child, exited.promise, clock),
  };
}

const children = new Set<ChildProcess>();

/** Takes along those as well that have been stopped (SIGSTOP) and cannot see the pipe close. */
function killChildren(): void {
  for (const child of children) child.kill("SIGKILL");
}

async function end(child: ChildProcess, exited: Promise<string>, clock: Clock): Promise<void> {
  const cancel = clock.setTimer(END_MS, () => void child.kill("SIGKILL"));
  await exited;
  cancel();
}

/** What is set for this process is not meant for its workers. */
function withoutOwn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("MYRIAD_")));
}
