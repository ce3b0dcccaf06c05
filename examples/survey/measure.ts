import { pathToFileURL } from "node:url";
import { simulate } from "myriad";
import { latencyMs } from "./question.ts";
import scenario from "./scenario.ts";

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
  const { wallSeconds, effects } = await simulate(scenario, { workers: 0, seed: 7 });
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  console.log(`slowest chain of calls           ${seconds(slowestChainMs)}`);
  console.log(`the run, ${effects.calls} calls            ${seconds(wallSeconds * 1000)}`);
  console.log(`every window's slowest call      ${seconds(everyWindowMs)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
