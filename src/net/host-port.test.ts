import { expect, test } from "vitest";
import { hostAndPort, hostPort, splitHostPort } from "./host-port.ts";

test.each([
  ["node-1", { host: "node-1" }],
  ["10.0.0.7", { host: "10.0.0.7" }],
  ["10.0.0.7:1", { host: "10.0.0.7", port: 1 }],
  ["node-1:65535", { host: "node-1", port: 65_535 }],
  ["::1", { host: "::1" }],
  ["[::1]", { host: "::1" }],
  ["[fe80::1]:5000", { host: "fe80::1", port: 5_000 }],
])("%s is taken apart", (text, expected) => expect(splitHostPort(text)).toEqual(expected));

test.each(["", ":5000", "node-1:", "node-1:0", "node-1:65536", "node-1:5x", "[::1]5", "[]:5", "no de:5"])(
  "%o is no address",
  (text) => expect(splitHostPort(text)).toBeUndefined(),
);

test("an IPv6 address is put into brackets before a port", () => {
  expect([hostPort("::1", 5), hostPort("127.0.0.1", 5)]).toEqual(["[::1]:5", "127.0.0.1:5"]);
});

test("an address that was put together is taken apart again, also one that leaves its host to the reader", () => {
  for (const [host, port] of [
    ["::1", 5],
    ["127.0.0.1", 65_535],
    ["node-1", 1],
  ] as const) {
    expect(hostAndPort(hostPort(host, port))).toEqual({ host, port });
  }
  expect(hostAndPort(":5000")).toEqual({ host: "", port: 5_000 });
});
