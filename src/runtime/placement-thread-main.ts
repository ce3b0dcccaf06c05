import { parentPort } from "node:worker_threads";
import { MyriadError } from "../base/error.ts";
import { graphOf, type Meter, type PlacementOutcome, type PlacementTask, place } from "../placement/place.ts";
import type { PlacementAnswer } from "./placement-thread.ts";

/** What runs in the thread of `placeInThread`: one task, one answer. What is not ours to explain is thrown, and ends the thread. */

const meter: Meter = {
  now: () => performance.now(),
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};

parentPort?.once("message", (task: PlacementTask) => {
  const answer = answerTo(task);
  const buffers = "outcome" in answer ? [answer.outcome.parts.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(answer, buffers);
});

function answerTo(task: PlacementTask): PlacementAnswer {
  try {
    return { outcome: solve(task) };
  } catch (reason) {
    if (!(reason instanceof MyriadError)) throw reason;
    return { code: reason.code, message: reason.message };
  }
}

function solve(task: PlacementTask): PlacementOutcome {
  const graph = graphOf(task);
  // The columns are as large as the graph, and the message that brought them is still held by its event.
  Object.assign(task, { source: new Uint32Array(0), target: new Uint32Array(0), edgeWeights: undefined });
  return place(graph, task, meter);
}
