import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** Small enough for a test where the example is not; the defaults are for people. */
const EXAMPLES: readonly [name: string, workers: string, args: readonly string[]][] = [
  ["epidemic", "1,2,3", []],
  ["rumor", "2,3", ["--param", "rumors=10"]],
  ["opinions", "3", ["--rounds", "4"]],
  ["labor-market", "1,2,3", ["--rounds", "12"]],
  ["phold", "1,2,3", ["--param", "lps=1000", "--param", "remote=0.5", "--until", "20"]],
  ["reshuffle", "2,3", ["--param", "agents=1000", "--param", "groups=20", "--param", "changeAt=10", "--until", "20"]],
  ["survey", "1,2,3", ["--param", "agents=150", "--param", "questions=3"]],
];

const json = async (args: readonly string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await run(process.execPath, ["bin/myriad.js", ...args, "--json", "--quiet"], { cwd: ROOT });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
};

describe("on real worker processes", () => {
  test.each(EXAMPLES)("%s comes to the same on one process and on %s workers", async (name, workers, args) => {
    const verdict = await json(["verify", `examples/${name}`, "--workers", workers, "--seed", "11", ...args]);
    expect(verdict).toMatchObject({ same: true });
    expect((verdict.runs as unknown[]).length).toBe(workers.split(",").length + 1);
  });

  test.each(["contiguous", "hash"])("placement %s does not show in the result", async (placement) => {
    const base = ["run", "examples/epidemic", "--seed", "7"];
    const [alone, spread] = [await json(base), await json([...base, "--workers", "3", "--placement", placement])];
    for (const key of ["stateHash", "events", "observations", "virtualTime", "windows", "agents"]) {
      expect(spread[key], key).toEqual(alone[key]);
    }
    expect(spread.remoteEvents).toBeGreaterThan(0);
  });

  test("another seed comes to another result", async () => {
    const [a, b] = [
      await json(["run", "examples/epidemic", "--seed", "1"]),
      await json(["run", "examples/epidemic", "--seed", "2"]),
    ];
    expect(a.stateHash).not.toBe(b.stateHash);
  });
});
