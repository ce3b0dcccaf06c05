import { once } from "node:events";
import { type ClientHttp2Session, connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { answerOf, latencyMs } from "./question.ts";

export type Inquiry = { agent: number; question: number };

/** All calls of this process share one HTTP/2 connection: 2,000 open calls would be 2,000 connections of HTTP/1.1. */
const CALLS_MAX = 100_000;
const MEMORY_MIB_MAX = 256;
let connection: Promise<ClientHttp2Session> | undefined;
let open = 0;

/**
 * Asks the slow service: `GET /AGENT/QUESTION`. Each process that asks starts a service of its own on first use, on a
 * free port, for effects run wherever the agent lives. Connect to a real one instead, and nothing else changes.
 */
export async function ask({ agent, question }: Inquiry, call: { key: string; signal: AbortSignal }): Promise<number> {
  connection ??= startService().then(connectTo);
  const session = await connection;
  if (open++ === 0) session.ref();
  try {
    const stream = session.request(
      { ":path": `/${agent}/${question}`, "idempotency-key": call.key },
      { signal: call.signal },
    );
    return await new Promise((resolve, reject) => {
      let body = "";
      stream.setEncoding("utf8").on("error", reject);
      stream.on("response", ({ ":status": status }) => {
        if (status !== 200) reject(new Error(`the service answered with status ${status}`));
      });
      stream.on("data", (chunk) => {
        body += chunk;
      });
      stream.on("end", () => resolve(Number(body)));
    });
  } finally {
    if (--open === 0) session.unref();
  }
}

/** Idle, the connection does not keep the process alive. */
function connectTo(port: number): ClientHttp2Session {
  return connect(`http://127.0.0.1:${port}`, { peerMaxConcurrentStreams: CALLS_MAX, maxSessionMemory: MEMORY_MIB_MAX });
}

/** A service that thinks for 20 to 400 ms over each question. It never keeps its process alive. Returns its port. */
async function startService(): Promise<number> {
  const server = createServer({ settings: { maxConcurrentStreams: CALLS_MAX }, maxSessionMemory: MEMORY_MIB_MAX });
  server.on("session", (session) => session.unref());
  server.on("stream", (stream, headers) => {
    const [agent, question] = headers[":path"]!.slice(1).split("/").map(Number);
    setTimeout(() => stream.end(String(answerOf(agent!, question!))), latencyMs(agent!, question!));
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
