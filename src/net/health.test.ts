import { credentials, Server, status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import {
  type HealthCheckResponse,
  HealthClient,
  HealthService,
  HealthCheckResponse_ServingStatus as Serving,
} from "../wire/gen/grpc/health/v1/health.ts";
import { bindServer } from "./grpc-options.ts";
import { Health } from "./health.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function serve(serving: Record<string, boolean>) {
  const clock = new ManualClock();
  const health = new Health((service) => serving[service], clock);
  const server = new Server();
  server.addService(HealthService, health.handlers);
  const client = new HealthClient(
    `127.0.0.1:${await bindServer(server, "127.0.0.1", 0)}`,
    credentials.createInsecure(),
  );
  closing.push(
    () => server.forceShutdown(),
    () => client.close(),
  );
  const check = (service: string): Promise<Serving | status> =>
    new Promise((resolve) => client.check({ service }, (error, reply) => resolve(error?.code ?? reply.status)));
  return { clock, health, client, check };
}

it("tells at once whether a service serves, and refuses one that there is not", async () => {
  const { check } = await serve({ "": true, away: false });
  expect([await check(""), await check("away")]).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
  expect(await check("nothing")).toBe(status.NOT_FOUND);
});

it("tells those who watch at once and then each change, the end included", async () => {
  const serving: Record<string, boolean> = { a: false };
  const { clock, health, client } = await serve(serving);
  const replies = client.watch({ service: "a" })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => ((await replies.next()).value as HealthCheckResponse | undefined)?.status;
  expect(await next()).toBe(Serving.NOT_SERVING);
  serving.a = true;
  await clock.advance(1_000);
  expect(await next()).toBe(Serving.SERVING);
  delete serving.a;
  await clock.advance(1_000);
  expect(await next()).toBe(Serving.SERVICE_UNKNOWN);
  await clock.advance(1_000);
  serving.a = true;
  await clock.advance(1_000);
  expect(await next()).toBe(Serving.SERVING);
  health.close();
  expect(await next()).toBe(Serving.NOT_SERVING);
  expect(await next()).toBeUndefined();
  expect(clock.pending).toBe(0);
});

it("looks no more once nobody watches", async () => {
  const { clock, client } = await serve({ a: true });
  const call = client.watch({ service: "a" });
  call.on("error", () => {});
  await new Promise((resolve) => call.once("data", resolve));
  expect(clock.pending).toBe(1);
  call.cancel();
  while (clock.pending > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
  }
});
