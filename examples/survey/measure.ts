import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { simulate } from "myriad";
import { answerOf, latencyMs } from "./question.ts";
import scenario from "./scenario.ts";
import type { Inquiry } from "./service.ts";

/** Virtual milliseconds of one window: the scenario's lookahead. */
const WINDOW_MS = 10;

/**
 * What the latencies alone give: the slowest respondent's calls one after another, and the slowest call of every window
 * added up, which is how long a run would take that waits for a window's calls before it goes on.
 */
export function schedule(agents: number, questions: number): { slowestChainMs: number; everyWindowMs: number } {
  const slowestByWindow = new Map<number, number>();
  let slowestChainMs = 0;
  for (let agent = 0; agent < agents; agent++) {
    let time = 0;
    for (let question = 0; question < questions; question++) {
      const latency = latencyMs(agent, question);
      const window = Math.floor(time / WINDOW_MS);
      slowestByWindow.set(window, Math.max(latency, slowestByWindow.get(window) ?? 0));
      time += latency;
    }
    slowestChainMs = Math.max(slowestChainMs, time);
  }
  const everyWindowMs = [...slowestByWindow.values()].reduce((total, latency) => total + latency, 0);
  return { slowestChainMs, everyWindowMs };
}

/** `npx tsx examples/survey/measure.ts`: the figures of README.md. */
async function main(): Promise<void> {
  const { slowestChainMs, everyWindowMs } = schedule(2000, 5);
  const timers = await simulate(scenario, { seed: 7, effects: { answer: answerAfterLatency } });
  const http = await simulate(scenario, { seed: 7 });
  const print = (what: string, seconds: number) => console.log(`${what.padEnd(44)}${seconds.toFixed(2).padStart(6)} s`);
  print("slowest respondent's calls, one by one", slowestChainMs / 1000);
  print("the run, timers in place of the service", timers.wallSeconds);
  print(`the run, ${http.effects.calls} HTTP calls`, http.wallSeconds);
  print("every window's slowest call, added up", everyWindowMs / 1000);
}

/** The service without HTTP: shows what the simulation itself adds to the waiting. */
async function answerAfterLatency({ agent, question }: Inquiry): Promise<number> {
  return sleep(latencyMs(agent, question), answerOf(agent, question));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
