import { expect, test } from "vitest";
import { collect } from "../collect.ts";
import { schedule } from "./measure.ts";
import { answerOf, LATENCY_MS_MAX, LATENCY_MS_MIN, latencyMs } from "./question.ts";
import scenario from "./scenario.ts";

test("every answer is the service's, each asked for once", async () => {
  const { result, states } = await collect(scenario, { seed: 7, params: { agents: 200, questions: 3 } });
  expect(states).toHaveLength(200);
  for (const { index, state } of states) {
    expect(state).toEqual({ answers: [0, 1, 2].map((question) => answerOf(index, question)), finished: true });
  }
  expect(result.effects).toEqual({ calls: 600, replayed: 0 });
  expect(result.observations).toMatchObject({ finished: 200, answers: 600 });
  expect(result.ended).toBe("quiescence");
});

test("calls overlap: the run takes about its slowest chain, not every window's slowest call", async () => {
  const { slowestChainMs, everyWindowMs } = schedule(100, 3);
  const { result } = await collect(scenario, { params: { agents: 100, questions: 3 } });
  expect(result.wallSeconds * 1000).toBeGreaterThanOrEqual(slowestChainMs - 5);
  expect(result.wallSeconds * 1000).toBeLessThan(everyWindowMs / 4);
  expect(result.virtualTime).toBeGreaterThanOrEqual(slowestChainMs);
});

test("stopped between question and answer, the result is the same again", async () => {
  const options = { params: { agents: 50, questions: 3 }, until: { time: 300 } };
  const [first, second] = [await collect(scenario, options), await collect(scenario, options)];
  expect(first.result.ended).toBe("time");
  expect(first.result.observations.finished).toBeLessThan(50);
  expect(first.result.stateHash).toBe(second.result.stateHash);
});

test("latencies and answers spread over their ranges and depend on agent and question alone", () => {
  const latencies = Array.from({ length: 10_000 }, (_, i) => latencyMs(i % 2000, Math.floor(i / 2000)));
  expect(Math.min(...latencies)).toBeLessThan(LATENCY_MS_MIN + 5);
  expect(Math.max(...latencies)).toBeGreaterThan(LATENCY_MS_MAX - 5);
  expect(new Set(Array.from({ length: 100 }, (_, agent) => answerOf(agent, 0)))).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(latencyMs(3, 1)).toBe(latencyMs(3, 1));
});
