/**
 * Moleculer: two nodes in two processes, over its own TCP transporter.
 *
 *   node harness.mjs SCALE          prints a line of JSON a figure
 */
import { fork } from "node:child_process";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { ServiceBroker } from "moleculer";

const AGENTS = 10_000;
const SCALE = Number(process.argv[2] ?? 1);
const HOPS = Math.max(1, Math.round(5 * SCALE));
const ROUND_TRIPS = Math.max(10, Math.round(2_000 * SCALE));

// The transporter has no option for the address that it listens on: here it is the loopback, and nothing else.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (options, ...rest) {
  return listen.call(this, typeof options === "object" ? { host: "127.0.0.1", ...options } : options, ...rest);
};

if (process.send === undefined) await main();
else process.once("message", ({ ports }) => start(1, ports).then(() => process.send("ready")));

async function main() {
  const ports = [await freePort(), await freePort()];
  const child = fork(fileURLToPath(import.meta.url), [String(SCALE)]);
  try {
    child.send({ ports });
    await new Promise((resolve) => child.once("message", resolve));
    const done = { left: AGENTS, resolve: undefined };
    const broker = await start(0, ports, done);
    await broker.waitForServices(["agents-0", "agents-1"]);
    await roundTrips(broker);
    await messages(broker, done);
    await broker.stop();
  } finally {
    child.kill("SIGKILL");
  }
}

/** A node with every second agent. An agent that is called counts, and calls a random one; calls are not waited for. */
async function start(id, ports, done) {
  const broker = new ServiceBroker({
    nodeID: `node-${id}`,
    logger: false,
    requestTimeout: 0,
    transporter: {
      type: "TCP",
      options: { udpDiscovery: false, urls: ports.map((port, i) => `127.0.0.1:${port}/node-${i}`) },
    },
  });
  broker.registry.nodes.localNode.hostname = "127.0.0.1";
  const counts = new Uint32Array(AGENTS);
  const receive = ({ params: { to, value, hops } }) => {
    counts[to]++;
    if (hops > 1) {
      const next = Math.floor(Math.random() * AGENTS);
      void broker.call(`agents-${next % 2}.receive`, { to: next, value, hops: hops - 1 });
    } else void broker.call("agents-0.done");
  };
  const finish = () => {
    if (--done.left === 0) done.resolve();
  };
  broker.createService({
    name: `agents-${id}`,
    actions: { receive, echo: ({ params }) => params.value, ...(id === 0 ? { done: finish } : {}) },
  });
  await broker.start();
  return broker;
}

async function roundTrips(broker) {
  const call = async (count) => {
    const since = performance.now();
    for (let i = 0; i < count; i++) await broker.call("agents-1.echo", { value: i });
    return (performance.now() - since) / 1000;
  };
  await call(200);
  report("round trips", "broker.call to the other node, one at a time", ROUND_TRIPS, await call(ROUND_TRIPS));
}

async function messages(broker, done) {
  const finished = new Promise((resolve) => (done.resolve = resolve));
  const since = performance.now();
  for (let to = 0; to < AGENTS; to++) void broker.call(`agents-${to % 2}.receive`, { to, value: to / 7, hops: HOPS });
  await finished;
  const what = "10,000 agents on 2 nodes, a broker.call a message";
  report("messages", what, AGENTS * HOPS, (performance.now() - since) / 1000);
}

function report(task, how, count, seconds) {
  console.log(JSON.stringify({ task, how, count, seconds }));
}

function freePort() {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
