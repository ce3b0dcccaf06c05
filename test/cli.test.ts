import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const COMMAND = fileURLToPath(new URL("../bin/myriad.js", import.meta.url));

const SCENARIO = `
import { count, defineEvent, defineModel, u32 } from "myriad";
import { z } from "zod";

const model = defineModel({ name: "hello", params: z.object({ beta: z.number().min(0).default(1), last: z.number().default(5) }) });
const Tick = defineEvent("tick", { n: u32 });
const Agent = model.agent("agent").state(() => ({ n: 0 })).on(Tick, (self, { n }, ctx) => {
  self.n = n;
  ctx.record("n", n);
  if (ctx.now < ctx.params.last) ctx.send((ctx.id + 1) % 10, Tick, { n: n + 1 });
});
export default model.scenario({
  agents: [Agent],
  populate(world) {
    for (const i of [0, 5]) world.send(world.spawn(Agent, 5).at(0), Tick, { n: i });
  },
  observe: { ticked: count(Agent, (agent) => agent.n > 0) },
});
`;

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;
const children = new Set<ChildProcess>();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Starts the command in the folder of the test's files. Its standard error is no terminal. */
function start(
  args: string[],
  environment: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, env: { ...process.env, ...environment } });
  children.add(child);
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (outcome.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (outcome.stderr += data.toString()));
  const ended = new Promise<Outcome>((resolve) => {
    child.on("close", (code) => {
      children.delete(child);
      resolve({ ...outcome, code });
    });
  });
  return { child, ended };
}

const run = (...args: string[]): Promise<Outcome> => start(args).ended;

/** Resolves with the first match on the process's standard error. */
function says(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stderr!.on("data", (data: Buffer) => {
      text += data.toString();
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    });
    child.on("close", () => reject(new Error(`ended without ${pattern}: ${text}`)));
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-cli-"));
  file("hello.ts", SCENARIO);
  file("endless.ts", SCENARIO.replace("default(5)", "default(1e9)"));
});
afterEach(() => {
  const left = [...children].map((child) => child.pid);
  for (const child of children) child.kill("SIGKILL");
  expect(left, "processes left behind").toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("bad input is one line, exit code 2, and nothing started", () => {
  beforeAll(() => {
    file("broken.ts", 'import { defineModel } from "myriad";\n\nconst x = = 1;\n');
    file("broken.js", 'import { defineModel } from "myriad";\n\nconst x = = 1;\n');
    file("nothing.ts", "export const x = 1;\n");
    file("other.ts", "export default {};\n");
    file("missing.ts", 'import "./no-such-file.ts";\n');
    const twin = 'model.agent("agent").state(() => ({ n: 0 }))';
    file("twice.ts", SCENARIO.replace("agents: [Agent]", `agents: [Agent, ${twin}]`));
    file(
      "data.ts",
      SCENARIO.replace("populate(world) {", 'async populate(world) { await world.readEdges("edges.csv");'),
    );
    file("edges.csv", "1,2\n2,3\nthree\n");
    file("a-file", "");
    mkdirSync(join(folder, "full"));
    file("full/x", "");
    file("unknown.yaml", "listen_port: 1\n");
    file("range.yaml", "scenario: ./hello.ts\nlistenPort: 70000\n");
    file("contradiction.yaml", "scenario: ./hello.ts\nworkerTimeout: 2\nheartbeatInterval: 1\n");
    file("no-scenario.yaml", "listenPort: 0\n");
    file("syntax.yaml", "listenPort: [\n");
    file("worker.yaml", "listenPort: 0\n");
    file("capacity.yaml", "masterAddress: 127.0.0.1\ncapacity: 0\n");
    const placed = 'placement: { method: "communities", imbalance: 2 },\n  populate(world) {';
    file("placed.ts", SCENARIO.replace("populate(world) {", placed));
  });

  const cases: [string, string[], RegExp][] = [
    ["a missing scenario", ["run", "no-such"], /INVALID_SCENARIO: .*"no-such"/],
    ["a broken .ts scenario", ["run", "broken.ts"], /INVALID_SCENARIO: .*broken\.ts:3(:\d+)?: Unexpected/],
    ["a broken .js scenario", ["run", "broken.js"], /INVALID_SCENARIO: .*broken\.js:3(:\d+)?: Unexpected/],
    ["a missing import", ["run", "missing.ts"], /INVALID_SCENARIO: .*missing\.ts: .*no-such-file\.ts/],
    ["no default export", ["run", "nothing.ts"], /INVALID_SCENARIO: .*nothing\.ts has no default export/],
    ["another default export", ["run", "other.ts"], /INVALID_SCENARIO: .*other\.ts is not a scenario/],
    ["an agent type twice", ["run", "twice.ts"], /INVALID_SCENARIO: .*"agent"/],
    ["a folder without a scenario", ["run", "full"], /INVALID_SCENARIO: .*"full" has no scenario\.ts/],
    ["a parameter of another type", ["run", "hello.ts", "--param", "beta=abc"], /INVALID_PARAMS: .*beta.*"abc"/],
    ["a parameter out of range", ["run", "hello.ts", "--param", "beta=-1"], /INVALID_PARAMS: .*beta.*-1/],
    ["an unknown parameter", ["run", "hello.ts", "--param", "bta=1"], /INVALID_PARAMS: .*"bta".*did you mean "beta"/],
    ["a parameter without value", ["run", "hello.ts", "--param", "beta"], /INVALID_ARGUMENT: --param is "beta"/],
    ["--workers -1", ["run", "hello.ts", "--workers", "-1"], /INVALID_ARGUMENT: --workers is "-1"/],
    ["--workers abc", ["run", "hello.ts", "--workers", "abc"], /INVALID_ARGUMENT: --workers is "abc"/],
    ["--workers 1025", ["run", "hello.ts", "--workers", "1025"], /INVALID_ARGUMENT: --workers is "1025"/],
    ["--seed 0.5", ["run", "hello.ts", "--seed", "0.5"], /INVALID_ARGUMENT: --seed is "0\.5"/],
    ["--until soon", ["run", "hello.ts", "--until", "soon"], /INVALID_ARGUMENT: --until is "soon"/],
    [
      "--placement random",
      ["run", "hello.ts", "--placement", "random"],
      /INVALID_ARGUMENT: --placement is "random"; it must be one of communities, hash, contiguous/,
    ],
    [
      "verify --placement random",
      ["verify", "hello.ts", "--placement", "random"],
      /INVALID_ARGUMENT: --placement is "random"/,
    ],
    ["a scenario's bad placement", ["run", "placed.ts"], /INVALID_SCENARIO: .*placement\.imbalance is 2; it must be/],
    [
      "a bad capacity",
      ["worker", "--config", "capacity.yaml"],
      /INVALID_CONFIG: .*capacity is 0; it must be a number from/,
    ],
    ["an unknown flag", ["run", "hello.ts", "--wrkers", "1"], /INVALID_ARGUMENT: unknown option '--wrkers'.*--workers/],
    ["a flag of later", ["run", "hello.ts", "--rebalance", "auto"], /INVALID_ARGUMENT: unknown option/],
    ["no scenario", ["run"], /INVALID_ARGUMENT: missing required argument/],
    ["no command", [], /INVALID_ARGUMENT: a command is needed/],
    ["an unknown command", ["rnu", "hello.ts"], /INVALID_ARGUMENT: unknown command "rnu" \(did you mean "run"\?\)/],
    ["a place where nobody can write", ["run", "hello.ts", "--out", "/proc/x"], /INVALID_OUTPUT: .*"\/proc\/x"/],
    ["a file as output folder", ["run", "hello.ts", "--out", "a-file"], /INVALID_OUTPUT: .*"a-file" is a file/],
    ["a full output folder", ["run", "hello.ts", "--out", "full"], /INVALID_OUTPUT: .*"full" is not empty/],
    ["a bad line of data", ["run", "data.ts"], /INVALID_DATA: .*edges\.csv.*line 3/],
    ["a bad line of data, with workers", ["run", "data.ts", "--workers", "2"], /INVALID_DATA: .*edges\.csv.*line 3/],
    ["verify: a bad list", ["verify", "hello.ts", "--workers", "1,x"], /INVALID_ARGUMENT: --workers is "x"/],
    ["an unknown key", ["master", "--config", "unknown.yaml"], /INVALID_CONFIG: .*"listen_port".*"listenPort"/],
    ["a value out of range", ["master", "--config", "range.yaml"], /INVALID_CONFIG: .*listenPort is 70000.*65535/],
    [
      "a contradiction",
      ["master", "--config", "contradiction.yaml"],
      /INVALID_CONFIG: .*workerTimeout 2 s.*heartbeatInterval 1 s/,
    ],
    [
      "a master with nothing to run",
      ["master", "--config", "no-scenario.yaml"],
      /INVALID_CONFIG: .*scenario is required/,
    ],
    [
      "a configuration with a syntax error",
      ["master", "--config", "syntax.yaml"],
      /INVALID_CONFIG: .*syntax\.yaml.*line 2/,
    ],
    ["a missing configuration", ["worker", "--config", "no.yaml"], /INVALID_CONFIG: .*no\.yaml.*cannot be read/],
    ["a worker without master", ["worker", "--config", "worker.yaml"], /INVALID_CONFIG: .*masterAddress is required/],
    [
      "a master's address without port",
      ["status", "--master", "localhost"],
      /INVALID_ARGUMENT: --master is "localhost"/,
    ],
  ];

  test.each(cases)("%s", async (_name, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });

  test("a run that could not start leaves its output folder empty", async () => {
    const { code } = await run("run", "data.ts", "--out", "out-of-bad-data");
    expect(code).toBe(2);
    expect(readdirSync(join(folder, "out-of-bad-data"))).toEqual([]);
  });

  test("a port in use", async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const config = file("taken.yaml", `scenario: ./hello.ts\naddress: 127.0.0.1\nlistenPort: ${port}\n`);
    const { code, stderr } = await run("master", "--config", config);
    server.close();
    expect(stderr).toMatch(/^error: ADDRESS_IN_USE: [^\n]*\n$/);
    expect(stderr).toContain(String(port));
    expect(code).toBe(2);
  });

  test("an unknown variable of the environment", async () => {
    const { code, stderr } = await start(["worker"], { MYRIAD_MASTER_ADRESS: "x" }).ended;
    expect(stderr).toMatch(/^error: INVALID_CONFIG: .*MYRIAD_MASTER_ADRESS.*did you mean "MYRIAD_MASTER_ADDRESS"/);
    expect(code).toBe(2);
  });
});

describe("run", () => {
  test("prints the observations and the hash; standard error stays empty", async () => {
    const { code, stdout, stderr } = await run("run", "hello.ts");
    expect(stdout).toMatch(/^observation +value\nticked +\d+\n/);
    expect(stdout).toMatch(/state hash [0-9a-f]{32}\n$/);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("--json prints one object, the same on any number of workers", async () => {
    const outcomes = await Promise.all(
      ["0", "2"].map((workers) => run("run", "hello.ts", "--json", "--workers", workers)),
    );
    const results = outcomes.map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);
    expect(results.map(({ workers }) => workers)).toEqual([0, 2]);
    for (const key of ["stateHash", "events", "observations", "virtualTime", "agents", "seed", "params"]) {
      expect(results[1]![key], key).toEqual(results[0]![key]);
    }
  });

  test("parameters, stopping rule and seed reach the run", async () => {
    const { stdout } = await run("run", "hello.ts", "--json", "--param", "last=100", "--until", "20", "--seed", "3");
    expect(JSON.parse(stdout)).toMatchObject({ seed: 3, params: { last: 100 }, ended: "time", virtualTime: 20 });
  });

  test("--out has manifest, observations, records and states, alike on any number of workers", async () => {
    const [one, two] = ["out-0", "out-2"];
    await run("run", "hello.ts", "--out", one!);
    await run("run", "hello.ts", "--out", two!, "--workers", "2");
    for (const name of ["observations.csv", "records.csv", "states.jsonl"]) {
      const text = readFileSync(join(folder, one!, name), "utf8");
      expect(text.split("\n").length, name).toBeGreaterThan(5);
      expect(readFileSync(join(folder, two!, name), "utf8"), name).toBe(text);
    }
    const manifest = JSON.parse(readFileSync(join(folder, one!, "manifest.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).toMatchObject({ workers: 0, seed: 0, params: { beta: 1 }, result: { ended: "quiescence" } });
  });

  test("what a handler throws is exit code 1", async () => {
    file("boom.ts", SCENARIO.replace("self.n = n;", 'throw new Error("boom");'));
    for (const workers of ["0", "2"]) {
      const { code, stderr, stdout } = await run("run", "boom.ts", "--workers", workers);
      expect(stderr).toMatch(/^error: HANDLER_FAILED: [^\n]*"agent:0"[^\n]*"tick"[^\n]*boom[^\n]*\n$/);
      expect([code, stdout]).toEqual([1, ""]);
    }
  });

  test("bad usage inside a handler is exit code 1 as well", async () => {
    file("usage.ts", SCENARIO.replace("self.n = n;", `defineModel({ name: "" });`));
    const { code, stderr } = await run("run", "usage.ts");
    expect(stderr).toMatch(/^error: HANDLER_FAILED: [^\n]*"agent:0"[^\n]*"tick"[^\n]*\n$/);
    expect(code).toBe(1);
  });

  test("verify prints one table and says that all are the same", async () => {
    const { code, stdout } = await run("verify", "hello.ts", "--workers", "1,2");
    const rows = stdout.trim().split("\n");
    expect(rows).toHaveLength(5);
    expect(new Set(rows.slice(1, 4).map((row) => /[0-9a-f]{32}/.exec(row)![0])).size).toBe(1);
    expect(rows[4]).toMatch(/^same: /);
    expect(code).toBe(0);
  });

  test("verify finds what differs on the way, though the end is the same, and names it", async () => {
    const records = 'ctx.record("n", n + (process.env.MYRIAD_SPAWNED === "1" && ctx.now === 1 ? 1 : 0));';
    file("records.ts", SCENARIO.replace('ctx.record("n", n);', records));
    const { code, stdout } = await run("verify", "records.ts", "--workers", "1", "--json");
    const verdict = JSON.parse(stdout) as { same: boolean; runs: { differs: string[] }[] };
    expect(verdict.same).toBe(false);
    expect(verdict.runs.map(({ differs }) => differs)).toEqual([[], ["records of n"]]);
    expect(code).toBe(1);
  });

  test("quarantined agents are in the result, the summary, the log and the final states", async () => {
    const failing = SCENARIO.replace(
      "self.n = n;",
      'if (ctx.id > 2 && ctx.id < 5) throw new Error("boom"); self.n = n;',
    );
    file("quarantine.ts", failing.replace("observe:", 'onAgentError: "quarantine", observe:'));
    for (const workers of ["0", "2"]) {
      const folderName = `out-quarantine-${workers}`;
      const { code, stdout, stderr } = await run("run", "quarantine.ts", "--workers", workers, "--out", folderName);
      expect(stdout).toContain("\n1 agent quarantined: agent:3\n");
      const lines = stderr.trim().split("\n");
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0]!)).toMatchObject({ level: "warn", agent: "agent:3", handler: "tick", time: 3 });
      const manifest = JSON.parse(readFileSync(join(folder, folderName, "manifest.json"), "utf8"));
      expect(manifest.result.quarantined).toMatchObject({ agents: 1, first: [{ agent: 3, code: "HANDLER_FAILED" }] });
      const states = readFileSync(join(folder, folderName, "states.jsonl"), "utf8")
        .trim()
        .split("\n");
      expect(states.map((line) => JSON.parse(line).flag)).toEqual(
        states.map((_, i) => (i === 3 ? "quarantined" : undefined)),
      );
      expect(code).toBe(0);
    }
  });
});

describe("signals", () => {
  test.each([
    ["SIGINT", 130, "0"],
    ["SIGTERM", 143, "0"],
    ["SIGINT", 130, "2"],
  ] as const)("%s ends a run at the next barrier with code %i, on %s workers", async (signal, expected, workers) => {
    const { child, ended } = start([
      "run",
      "endless.ts",
      "--json",
      "--workers",
      workers,
      "--out",
      `out-${signal}-${workers}`,
    ]);
    await says(child, /"progress"/);
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({ ended: "stopped" });
    expect(stderr).toContain("stopping at the next barrier");
    expect(stderr).toContain("stopped at virtual time");
    expect(code).toBe(expected);
  });

  test("twice ends at once", async () => {
    const { child, ended } = start(["run", "endless.ts", "--workers", "2"]);
    await says(child, /"progress"/);
    child.kill("SIGINT");
    await says(child, /stopping/).catch(() => {});
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
  });
});

describe("master and workers", () => {
  /** Starts a master on a free port and waits until it listens. */
  async function startMaster(
    name: string,
    config: string,
  ): Promise<{ port: string; master: ReturnType<typeof start> }> {
    const master = start(["master", "--json", "--config", file(name, `address: 127.0.0.1\nlistenPort: 0\n${config}`)]);
    const [, port] = await says(master.child, /"port":(\d+).*"listening"/);
    return { port: port!, master };
  }
  const workerOf = (port: string): Record<string, string> => ({
    MYRIAD_MASTER_ADDRESS: "127.0.0.1",
    MYRIAD_MASTER_PORT: port,
  });

  test("run the configured scenario, tell where agents are, and end", async () => {
    const { port, master } = await startMaster(
      "m.yaml",
      "expectedWorkers: 2\nscenario: ./hello.ts\nparams: { last: 9 }\n",
    );
    const first = start(["worker"], workerOf(port));
    await says(first.child, /"attached"/);
    const at = `127.0.0.1:${port}`;
    const status = JSON.parse((await run("status", "--json", "--master", at)).stdout) as { workers: unknown[] };
    expect(status.workers).toHaveLength(1);
    const early = await run("locate", "agent:3", "--master", at);
    const line = "error: UNAVAILABLE: no agent has a place yet: agents are placed when all 2 workers are there\n";
    expect([early.code, early.stdout, early.stderr]).toEqual([1, "", line]);
    const second = start(["worker"], workerOf(port));
    const outcomes = await Promise.all([master.ended, first.ended, second.ended]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    const alone = await run("run", "hello.ts", "--param", "last=9", "--json");
    const hash = (text: string): unknown => (JSON.parse(text) as { stateHash: string }).stateHash;
    expect(hash(outcomes[0]!.stdout)).toBe(hash(alone.stdout));
  });

  test("myriad stop ends the run at a barrier", async () => {
    const { port, master } = await startMaster("s.yaml", "scenario: ./endless.ts\n");
    const worker = start(["worker"], workerOf(port));
    await says(master.child, /"progress"/);
    const stop = await run("stop", "--master", `127.0.0.1:${port}`);
    expect([stop.code, stop.stdout]).toEqual([0, expect.stringMatching(/stops at its next barrier/)]);
    const [ended, served] = await Promise.all([master.ended, worker.ended]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ended: "stopped" });
    expect([ended.code, served.code]).toEqual([0, 0]);
  });

  test("SIGTERM ends a waiting worker and a waiting master", async () => {
    const { port, master } = await startMaster("w.yaml", "expectedWorkers: 2\nscenario: ./hello.ts\n");
    const worker = start(["worker"], workerOf(port));
    await says(worker.child, /"attached"/);
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);
    master.child.kill("SIGTERM");
    expect((await master.ended).code).toBe(143);
  });

  test("a worker ends when its master is gone for masterWait", async () => {
    const { port, master } = await startMaster("g.yaml", "expectedWorkers: 2\nscenario: ./hello.ts\n");
    const worker = start(["worker"], { ...workerOf(port), MYRIAD_MASTER_WAIT: "0.2" });
    await says(worker.child, /"attached"/);
    master.child.kill("SIGKILL");
    const { code, stderr } = await worker.ended;
    expect(stderr).toMatch(/error: UNAVAILABLE: no master at 127\.0\.0\.1:\d+ for 0\.2 s\n$/);
    expect(code).toBe(1);
    await master.ended;
  });

  test("nobody to ask is exit code 1", async () => {
    const { code, stderr } = await run("status", "--master", "127.0.0.1:1");
    expect(stderr).toMatch(/^error: UNAVAILABLE: no master answers at 127\.0\.0\.1:1[^\n]*\n$/);
    expect(code).toBe(1);
  });
});
