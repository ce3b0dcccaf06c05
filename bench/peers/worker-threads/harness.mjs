/**
 * Plain worker threads: what one writes with nothing but Node.
 *
 *   node harness.mjs SCALE          prints a line of JSON a figure
 */

import { fileURLToPath } from "node:url";
import { isMainThread, MessageChannel, parentPort, Worker, workerData } from "node:worker_threads";

const AGENTS = 10_000;
const SCALE = Number(process.argv[2] ?? 1);
const HOPS = Math.max(1, Math.round(50 * SCALE));
const STEPS = Math.max(1, Math.round(500 * SCALE));
const ROUND_TRIPS = Math.max(10, Math.round(20_000 * SCALE));

if (isMainThread) await main();
else ({ echo, messages, steps })[workerData.task](workerData);

async function main() {
  report("round trips", "postMessage to the other thread and back", ROUND_TRIPS, await timed("echo"));
  report("messages", "10,000 agents on 2 threads, a postMessage a message", AGENTS * HOPS, await timed("messages"));
  const how = "10,000 agents on 2 threads, written as steps: all messages of a step in one transferred array";
  report("messages", how, AGENTS * STEPS, await timed("steps"));
}

/** Seconds from when both threads are ready until both are done. */
async function timed(task) {
  const { port1, port2 } = new MessageChannel();
  const threads = [port1, port2].map((port, id) => {
    const options = { workerData: { task, id, port }, argv: [String(SCALE)], transferList: [port] };
    return new Worker(fileURLToPath(import.meta.url), options);
  });
  const all = (count) =>
    new Promise((resolve, reject) => {
      for (const thread of threads) {
        thread.once("error", reject);
        thread.on("message", () => --count === 0 && resolve());
      }
    });
  await all(2);
  const done = all(task === "messages" ? AGENTS : 2);
  const since = performance.now();
  for (const thread of threads) thread.postMessage("go");
  await done;
  const seconds = (performance.now() - since) / 1000;
  await Promise.all(threads.map((thread) => thread.terminate()));
  return seconds;
}

function begin(go) {
  parentPort.once("message", go);
  parentPort.postMessage("ready");
}

function echo({ id, port }) {
  let left = ROUND_TRIPS;
  port.on("message", (value) => {
    if (id === 1 || --left > 0) port.postMessage(value);
    if (id === 0 && left === 0) {
      parentPort.postMessage("done");
    }
  });
  begin(() => {
    if (id === 0) port.postMessage({ value: 1 });
    else parentPort.postMessage("done");
  });
}

/** Agents of the own thread are called; those of the other one get a message each. */
function messages({ id, port }) {
  const counts = new Uint32Array(AGENTS);
  const own = [];
  let draining = false;
  const receive = ({ to, value, hops }) => {
    counts[to]++;
    if (hops === 1) return parentPort.postMessage("done");
    const message = { to: Math.floor(Math.random() * AGENTS), value, hops: hops - 1 };
    if (message.to % 2 === id) own.push(message);
    else port.postMessage(message);
  };
  const drain = () => {
    if (draining) return;
    draining = true;
    while (own.length > 0) receive(own.pop());
    draining = false;
  };
  port.on("message", (message) => {
    receive(message);
    drain();
  });
  begin(() => {
    for (let to = id; to < AGENTS; to += 2) receive({ to, value: to / 7, hops: HOPS });
    drain();
  });
}

/** Two columns, to and value, as one Float64Array each step. Agents' order within a step is that of arrival. */
function steps({ id, port }) {
  const counts = new Uint32Array(AGENTS);
  let mine = new Float64Array(2 * AGENTS);
  let count = 0;
  for (let to = id; to < AGENTS; to += 2) {
    mine[2 * count] = to;
    mine[2 * count++ + 1] = to / 7;
  }
  let step = 0;
  const run = (theirs) => {
    const keep = new Float64Array(2 * AGENTS);
    const send = new Float64Array(2 * AGENTS);
    let kept = 0;
    let sent = 0;
    const handle = (array, length) => {
      for (let i = 0; i < length; i++) {
        counts[array[2 * i]]++;
        const next = Math.floor(Math.random() * AGENTS);
        if (next % 2 === id) {
          keep[2 * kept] = next;
          keep[2 * kept++ + 1] = array[2 * i + 1];
        } else {
          send[2 * sent] = next;
          send[2 * sent++ + 1] = array[2 * i + 1];
        }
      }
    };
    handle(mine, count);
    if (theirs !== undefined) handle(theirs, theirs.length / 2);
    mine = keep;
    count = kept;
    const out = send.slice(0, 2 * sent);
    port.postMessage(out, [out.buffer]);
    if (++step === STEPS) parentPort.postMessage("done");
  };
  // The other thread's array of the step before: having it is the barrier.
  port.on("message", (theirs) => step < STEPS && run(theirs));
  begin(() => run(undefined));
}

function report(task, how, count, seconds) {
  console.log(JSON.stringify({ task, how, count, seconds }));
}
