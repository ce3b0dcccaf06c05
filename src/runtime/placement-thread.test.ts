import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildCsr } from "../placement/csr.ts";
import { partition } from "../placement/partition.ts";
import { type PlacementTask, placeInThread } from "./placement-thread.ts";

/** A ring of `n` agents with chords, as columns of its own for every call. */
function ring(n: number, more: Partial<PlacementTask> = {}): PlacementTask {
  const source = new Uint32Array(4 * n);
  const target = new Uint32Array(4 * n);
  for (let i = 0; i < source.length; i++) {
    source[i] = i % n;
    target[i] = (i + 1 + (i * i) ** (i % 3)) % n;
  }
  return { vertexCount: n, source, target, workers: 4, options: {}, ...more };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Every thread that was started here; the id of one that is gone is -1. */
const threads: Worker[] = [];
const onWorker = (worker: Worker): void => void threads.push(worker);
beforeAll(() => void process.on("worker", onWorker));
afterAll(() => void process.off("worker", onWorker));
afterEach(() => expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1)));

describe("placeInThread", () => {
  test("gives what partition gives, with its figures", async () => {
    const { vertexCount, source, target } = ring(500);
    const direct = partition(buildCsr(vertexCount, source, target), 4, { seed: 7 });
    const outcome = await placeInThread(ring(500, { options: { seed: 7 } }));
    expect(outcome).toMatchObject(direct);
    expect(outcome.seconds).toBeGreaterThan(0);
    expect(outcome.cpuSeconds).toBeGreaterThan(0);
    expect(outcome).not.toHaveProperty("typeCut");
  });

  test("takes the arrays over", async () => {
    const task = ring(100, { loads: new Float64Array(100).fill(2), typeOf: new Uint16Array(100) });
    await placeInThread(task);
    const { source, target, loads, typeOf } = task;
    expect([source, target, loads, typeOf].map((column) => column?.length)).toEqual([0, 0, 0, 0]);
  });

  test("leaves the event loop of the caller free", async () => {
    const turns: number[] = [];
    let endedMs = 0;
    const placed = placeInThread(ring(30_000, { options: { preset: "eco" } })).finally(() => {
      endedMs = performance.now();
    });
    while (endedMs === 0) {
      turns.push(performance.now());
      await turn();
    }
    const { seconds } = await placed;
    const meanwhile = turns.filter((at) => at > endedMs - 1000 * seconds);
    expect(meanwhile.length).toBeGreaterThan(20);
  });

  test("ends at once when aborted, before or while it works", async () => {
    await expect(placeInThread(ring(10), AbortSignal.abort())).rejects.toMatchObject({ code: "STOPPED" });
    const controller = new AbortController();
    const placed = placeInThread(ring(300_000, { workers: 64, options: { preset: "best" } }), controller.signal);
    // A second thread has started and ended: the first is at work.
    await placeInThread(ring(10));
    controller.abort();
    await expect(placed).rejects.toMatchObject({ code: "STOPPED", message: "STOPPED: the placement was stopped" });
  });

  test.each([
    [{ workers: 0 }, /^INVALID_PLACEMENT: the number of workers must be an integer from 1 to 1024, not 0$/],
    [{ workers: 11 }, /^INVALID_PLACEMENT: 11 workers for 10 agents/],
    [{ workers: Float64Array.of(3, 4) }, /^INVALID_PLACEMENT: the capacities sum to 7, less than the load of 10$/],
    [{ typeOf: new Uint16Array(9) }, /^INVALID_PLACEMENT: 9 types for 10 agents$/],
  ])("refuses %j as the partitioner does", async (more, message) => {
    const placed = placeInThread(ring(10, more));
    await expect(placed).rejects.toThrow(message);
    await expect(placed).rejects.toMatchObject({ code: "INVALID_PLACEMENT", name: "MyriadError", usage: true });
  });

  test("a thread that dies for want of memory is an error of ours", async () => {
    const placed = placeInThread(ring(10), undefined, { maxOldGenerationSizeMb: 2 });
    await expect(placed).rejects.toMatchObject({ code: "PLACEMENT_FAILED", usage: false });
    await expect(placed).rejects.toThrow(/the thread that places agents died: .*memory/);
  });

  test("what cannot be sent is refused", async () => {
    const task = { ...ring(10), options: { imbalance: (() => 0) as never } };
    await expect(placeInThread(task)).rejects.toThrow(/could not be cloned/);
  });
});
