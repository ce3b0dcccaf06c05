import { expect, test } from "vitest";
import { alive } from "../../test/processes.ts";
import { runHarness, runMarked } from "./harness.ts";
import { PEERS } from "./peer.ts";

const node = (script: string): string[] => [process.execPath, "-e", script];

test("figures are the lines of JSON among what a harness prints", async () => {
  const line = JSON.stringify({ task: "messages", how: "so", count: 10, seconds: 2 });
  expect(await runHarness(node(`console.log("warming up"); console.log(${JSON.stringify(line)})`))).toEqual([
    { task: "messages", how: "so", count: 10, seconds: 2 },
  ]);
});

test("a failure is told by its last line, a missing command by name", async () => {
  await expect(runMarked(node('console.error("one\\ntwo"); process.exit(3)'))).rejects.toThrow(/^two$/);
  await expect(runMarked(node("process.exit(3)"))).rejects.toThrow(/^it ended with code 3$/);
  await expect(runMarked(["no-such-command"])).rejects.toThrow(/no-such-command/);
});

test.runIf(process.platform === "linux")("what a harness leaves behind is ended and reported", async () => {
  const idle = "setInterval(() => {}, 1000)";
  const script = `const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(idle)}], { detached: true, stdio: "ignore" });
    child.unref(); console.log(child.pid)`;
  const reason = await runMarked(node(script)).then(String, (error: Error) => error.message);
  const pid = Number(/^it left 1 processes running, which were ended: (\d+)$/.exec(reason)?.[1]);
  expect(pid, reason).toBeGreaterThan(0);
  await expect.poll(() => alive(pid), { timeout: 20_000 }).toBe(false);
});

test("plain worker threads do their tasks", async () => {
  const peer = PEERS.find(({ name }) => name === "worker threads")!;
  const measured = await runHarness(peer.command("", 0.02));
  expect(measured.map(({ task, count }) => [task, count])).toEqual([
    ["round trips", 400],
    ["messages", 10_000],
    ["messages", 100_000],
  ]);
  expect(measured.every(({ seconds }) => seconds > 0)).toBe(true);
});
