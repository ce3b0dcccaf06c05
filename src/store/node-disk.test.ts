import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { diskSuite } from "./disk.suite.ts";
import { CHILD, loadAnswers, newestId, openLog } from "./fault-child.suite.ts";
import { nodeDisk } from "./node-disk.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODE = [process.execPath, "--import", "tsx", CHILD];

/** Why a test cannot run here; undefined when it can. */
function lacks(what: string, command: string, ...args: string[]): string | undefined {
  const { status, error } = spawnSync(command, args);
  return status === 0
    ? undefined
    : `${what} is not to be had here: ${error?.message ?? `"${command}" ended with ${status}`}`;
}
const NO_MOUNT = lacks("a disk of one's own", "unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt");
const NO_STRACE = lacks("fault injection", "strace", "-f", "-qq", "-o", "/dev/null", "true");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-disk-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Line = Record<string, unknown>;

interface Child {
  readonly process: ChildProcess;
  readonly lines: Line[];
  /** Resolves with all lines when it has ended, which it must do well unless it was killed. */
  readonly ended: Promise<Line[]>;
}

function start(
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onLine: (line: Line) => void = () => {},
): Child {
  const child = spawn(command[0]!, command.slice(1), { cwd: ROOT, env: { ...process.env, ...env } });
  const lines: Line[] = [];
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  createInterface(child.stdout).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    onLine(line);
  });
  const ended = new Promise<Line[]>((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(lines);
      else reject(new Error(`the process ended with ${code ?? signal}: ${said}`));
    });
  });
  return { process: child, lines, ended };
}

/** Runs a scenario on a small file system of its own, which ends with the process. */
const onTmpfs = (scenario: string, size: string): Promise<Line[]> => {
  const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$@"`;
  return start(["unshare", "-m", "sh", "-c", script, folder, ...NODE, scenario, folder]).ended;
};

describe("the machine's disk", () => {
  diskSuite(async () => ({ disk: nodeDisk, folder: join(folder, "new") }));

  test("names what cannot be: a folder in a file, and where the system has none", async () => {
    const file = await nodeDisk.create(join(folder, "x"));
    await file.close();
    await expect(nodeDisk.makeFolder(join(folder, "x", "y"))).rejects.toThrow(
      /^STORE_FAILED: make the folder ".*\/x\/y": E/,
    );
    await expect(nodeDisk.makeFolder("/proc/x/y")).rejects.toThrow(/^STORE_FAILED: make the folder "\/proc\/x\/y"/);
    await expect(nodeDisk.syncFolder(join(folder, "z"))).rejects.toThrow(/^STORE_FAILED: fsync the folder ".*\/z"/);
    await expect(nodeDisk.lock(join(folder, "z", "lock"))).rejects.toThrow(
      /^STORE_FAILED: lock ".*\/z\/lock": there is no/,
    );
  });
});

test("a process killed with -9, again and again, loses nothing that it had said to be on disk", async () => {
  const said: Line[] = [];
  for (const count of [1, 6, 13, 40, 75]) {
    let child: Child | undefined;
    child = start([...NODE, "work", folder], {}, () => {
      if (child!.lines.length === count) child!.process.kill("SIGKILL");
    });
    said.push(...(await child.ended));
    // Its lock is taken over.
    const log = await openLog(folder);
    const numbers = log.decisions.map(({ number }) => number);
    const acknowledged = Math.max(...said.map(({ decision }) => (decision as number) ?? 0));
    const last = numbers.at(-1) ?? acknowledged;
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    expect(numbers).toEqual(numbers.map((_, i) => last - numbers.length + 1 + i));
    expect(numbers.length > 0 || log.snapshot !== null).toBe(true);
    await log.close();
    const answers = await loadAnswers(folder);
    for (const { agent, call } of said.filter((line) => "agent" in line)) {
      expect(answers.get(agent as number, call as number)?.outcome()).toBe("x".repeat((call as number) % 5_000));
    }
    const newest = Math.max(0, ...said.map(({ checkpoint }) => (checkpoint as number) ?? 0));
    expect(await newestId(folder)).toBeGreaterThanOrEqual(newest);
    expect(said.filter((line) => "bad" in line)).toEqual([]);
  }
});

test("a full disk is named, keeps what was committed, and can be gone on with once there is room", async ({ skip }) => {
  if (NO_MOUNT !== undefined) skip(NO_MOUNT);
  const full = expect.stringMatching(/^STORE_FAILED: write ".*": the disk is full \(ENOSPC\)$/);
  expect(await onTmpfs("full", "1m")).toEqual([
    { refused: full, newest: 1 },
    { refused: full, answers: 0 },
    { refused: full },
    { newest: 3, snapshot: { all: "before" }, decisions: ["after"] },
  ]);
});

test("a read-only disk is named, and what is on it can be read", async ({ skip }) => {
  if (NO_MOUNT !== undefined) skip(NO_MOUNT);
  const readOnly = (operation: string) =>
    expect.stringMatching(new RegExp(`^STORE_FAILED: ${operation} ".*": the disk is read-only \\(EROFS\\)$`));
  expect(await onTmpfs("readonly", "1m")).toEqual([
    { refused: readOnly("create"), newest: 2 },
    { refused: readOnly("lock") },
    { refused: readOnly("remove"), newest: 2 },
  ]);
});

test("an fsync that fails is not tried again: the file is given up, and its contents written anew", async ({
  skip,
}) => {
  if (NO_STRACE !== undefined) skip(NO_STRACE);
  const trace = join(folder, "trace");
  // With one thread for all calls the ninth fsync is the ninth of the process.
  const inject = ["-e", "trace=fsync,openat,close", "-e", "inject=fsync:error=EIO:when=9"];
  const strace = ["strace", "-f", "-y", "-qq", "-o", trace, ...inject];
  const lines = await start([...strace, ...NODE, "fsync", join(folder, "run")], { UV_THREADPOOL_SIZE: "1" }).ended;
  const { acknowledged } = lines[0] as { acknowledged: number };
  expect(acknowledged).toBeGreaterThan(0);
  expect(lines).toEqual([
    {
      refused: expect.stringMatching(/^STORE_FAILED: fsync ".*1.log.*": the disk reports a fault \(EIO\)$/),
      acknowledged,
    },
    { refused: expect.stringMatching(/^STORE_FAILED: fsync/) },
    { decision: acknowledged + 3 },
    { snapshot: { upTo: acknowledged }, decisions: ["after"] },
  ]);
  const calls = readFileSync(trace, "utf8").split("\n");
  const failed = calls.findIndex((call) => call.includes("(INJECTED)"));
  const file = /fsync\(\d+<([^>]*)>/.exec(calls[failed]!)![1]!;
  expect(file).toMatch(/1\.log(\.tmp)?$/);
  expect(calls.slice(failed + 1).filter((call) => call.includes("fsync(") && call.includes(`<${file}>`))).toEqual([]);
});
