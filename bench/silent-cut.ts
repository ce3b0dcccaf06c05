import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BadLine } from "../test/bad-line.ts";
import { atEnd } from "./at-end.ts";
import { outputOf } from "./run-myriad.ts";

/** Seconds of silence after which a worker gives up a connection. */
const PEER_TIMEOUT_S = 2;
const COMMON = { MYRIAD_SCENARIO: "", MYRIAD_MASTER_ADDRESS: "127.0.0.1", MYRIAD_PEER_TIMEOUT: String(PEER_TIMEOUT_S) };

/**
 * Seconds from the moment at which a line between two workers falls silent, without a word, to the first attempt to
 * connect anew; `peerTimeout` is 2 s. `root`: folder of the Myriad to measure, built. `scenario` sends events for long.
 */
export async function silentCutSeconds(root: string, scenario: string): Promise<number> {
  const line = new BadLine({ chance: () => 0 });
  const processes: ChildProcess[] = [];
  const start = (role: string, more: Record<string, string>): ChildProcess => {
    const env = { ...process.env, ...COMMON, MYRIAD_SCENARIO: scenario, ...more };
    const child = spawn(process.execPath, [join(root, "bin/myriad.js"), role], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.once(
      "exit",
      atEnd(() => void child.kill("SIGKILL")),
    );
    processes.push(child);
    return child;
  };
  const port = await line.listen();
  try {
    const ofMaster = { MYRIAD_ADDRESS: "127.0.0.1", MYRIAD_LISTEN_PORT: "0", MYRIAD_EXPECTED_WORKERS: "2" };
    const master = start("master", { ...ofMaster, MYRIAD_PARAMS: '{"lps":1000,"remote":0.5}', MYRIAD_UNTIL: "1e9" });
    const MYRIAD_MASTER_PORT = await said(master, /"port":(\d+)[^\n]*"listening"/);
    const first = start("worker", { MYRIAD_MASTER_PORT, MYRIAD_NAME: "a", MYRIAD_WORKER_ADDRESS: `127.0.0.1:${port}` });
    line.forwardTo(Number(await said(first, /"port":(\d+)[^\n]*"attached"/)));
    start("worker", { MYRIAD_MASTER_PORT, MYRIAD_NAME: "b" });
    while (!(await isRunning(root, MYRIAD_MASTER_PORT)));
    const again = new Promise<number>((resolve) => (line.onClient = () => resolve(performance.now())));
    const sinceMs = performance.now();
    line.goSilent("up");
    line.goSilent("down");
    return ((await again) - sinceMs) / 1000;
  } finally {
    for (const child of processes) child.kill("SIGKILL");
    await Promise.all(processes.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
    await line.close();
  }
}

async function isRunning(root: string, port: string): Promise<boolean> {
  const args = [join(root, "bin/myriad.js"), "status", "--json", "--master", `127.0.0.1:${port}`];
  const status = JSON.parse(await outputOf(process.execPath, args)) as { state: string; window: number };
  return status.state === "running" && status.window > 0;
}

/** What the first group matches of what a process has said to standard error. */
function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr!.on("data", (data: Buffer) => {
      text += data.toString();
      const [, found] = pattern.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`ended without ${pattern}: ${text}`)));
  });
}
