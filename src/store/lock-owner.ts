import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** Who holds a lock: enough to say whether that process is still there, and to name it. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /** When the process started, in ticks since the machine did: a process id is used again, this pair is not. */
  readonly start: string;
  /** Changes at each start of the machine. */
  readonly boot: string;
  /** The id space that `pid` counts in: containers have their own. */
  readonly pidSpace: string;
}

const orNothing = (text: Promise<string>): Promise<string> => text.then((found) => found.trim()).catch(() => "");

/** When a process started; empty when there is none, or it has ended and only waits to be noticed, or the system has no /proc. */
async function startOf(pid: number): Promise<string> {
  const text = await orNothing(readFile(`/proc/${pid}/stat`, "utf8"));
  // The name in parentheses may hold anything; fields are counted behind it: 3 is the state, 22 the start.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
}

/** This process. */
export async function thisOwner(): Promise<LockOwner> {
  return {
    host: hostname(),
    pid: process.pid,
    start: await startOf(process.pid),
    boot: await orNothing(readFile("/proc/sys/kernel/random/boot_id", "utf8")),
    pidSpace: await orNothing(readlink("/proc/self/ns/pid")),
  };
}

/**
 * Whether the owner of a lock is known to be gone. What cannot be known counts as alive: a process on another machine, or in a container of its own.
 */
export async function isGone(owner: LockOwner, here: LockOwner): Promise<boolean> {
  if (owner.host !== here.host) return false;
  if (owner.boot !== here.boot) return true;
  if (owner.pidSpace !== here.pidSpace) return false;
  if (here.start !== "") return (await startOf(owner.pid)) !== owner.start;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (reason) {
    return (reason as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** What `JSON.stringify` made of an owner; undefined for anything else. */
export function parseOwner(text: string): LockOwner | undefined {
  try {
    const { host, pid, start, boot, pidSpace } = JSON.parse(text) as LockOwner;
    const texts = [host, start, boot, pidSpace].every((part) => typeof part === "string");
    return texts && Number.isSafeInteger(pid) && pid > 0 ? { host, pid, start, boot, pidSpace } : undefined;
  } catch {
    return undefined;
  }
}
