import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FRIENDSHIPS = join(ROOT, "examples/epidemic/data/friendships.el.gz");

let folder: string;
const children = new Set<ChildProcess>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-partition-"));
});
afterEach(() => {
  const left = [...children].map((child) => child.pid);
  for (const child of children) child.kill("SIGKILL");
  expect(left, "processes left behind").toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts node with these arguments in the folder. */
function start(args: string[]) {
  const child = spawn(process.execPath, args, { cwd: folder });
  children.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return { child, ended };
}

const partition = (...args: string[]) => start([join(ROOT, "bin/myriad.js"), "partition", ...args]);

describe("myriad partition as a process", () => {
  test("places a real graph, the same for the same seed, and counts the cut that it wrote", async () => {
    const args = [FRIENDSHIPS, "-k", "4", "--json", "--seed", "3"];
    const [one, two] = await Promise.all([
      partition(...args, "--out", "one").ended,
      partition(...args, "--out", "two").ended,
    ]);
    expect([one.code, one.stderr, two.code]).toEqual([0, "", 0]);
    expect(readFileSync(join(folder, "two"), "utf8")).toBe(readFileSync(join(folder, "one"), "utf8"));
    const report = JSON.parse(one.stdout) as Record<string, number>;
    expect(report).toMatchObject({ nodes: 4039, edges: 88_234, k: 4, seed: 3, preset: "fast", objective: "cut" });
    const parts = readFileSync(join(folder, "one"), "utf8").trim().split("\n").map(Number);
    const loads = [0, 1, 2, 3].map((worker) => parts.filter((part) => part === worker).length);
    expect(Math.max(...loads) / (4039 / 4) - 1).toBeCloseTo(report.imbalance!, 12);
    expect(report.imbalance).toBeLessThanOrEqual(0.03);
    expect(report.cut).toBe(report.cutWeight! / 88_234);
    expect(report.cut).toBeLessThan(0.1);
    expect(report.peakRssBytes).toBeGreaterThan(20e6);
  });

  test("Ctrl-C ends it with 130 and leaves no file", async () => {
    const ring = Array.from({ length: 200_000 }, (_, i) => `${i} ${(i * 7919 + 1) % 200_000}\n${i} ${i + 1}\n`);
    writeFileSync(join(folder, "ring.el"), ring.join(""));
    const before = readdirSync(folder).sort();
    const watcher = watch(folder);
    const begun = new Promise((resolve) => watcher.once("change", resolve));
    const { child, ended } = partition("ring.el", "-k", "64", "--preset", "best", "--out", "parts");
    await begun;
    watcher.close();
    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 130, stdout: "", stderr: "" });
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test("the thread keeps no process alive, whether it has placed or was stopped", async () => {
    const code = `
      import { placeInThread } from ${JSON.stringify(new URL("../dist/runtime/placement-thread.js", import.meta.url).href)};
      const task = (n) => ({ vertexCount: n, source: new Uint32Array(2 * n).map((_, i) => i % n),
        target: new Uint32Array(2 * n).map((_, i) => (i * 7919 + 1) % n), workers: 8, options: { preset: "best" } });
      const stop = new AbortController();
      const long = placeInThread(task(300_000), stop.signal);
      console.log((await placeInThread(task(100))).parts.length);
      stop.abort();
      await long.catch((error) => console.log(error.message));
      process.on("exit", () => console.log("ends by itself"));
    `;
    const { ended } = start(["--input-type=module", "-e", code]);
    expect(await ended).toEqual({
      code: 0,
      stdout: "100\nSTOPPED: the placement was stopped\nends by itself\n",
      stderr: "",
    });
  });
});
