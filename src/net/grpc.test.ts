import { expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { GrpcTransport } from "./grpc.ts";
import { transportSuite } from "./transport.suite.ts";

const make = (port = 0): GrpcTransport => new GrpcTransport({ clock: systemClock, host: "127.0.0.1", port });

transportSuite("grpc", () => make);

it("says which address is taken", async () => {
  const first = make();
  const address = await first.listen(() => ({ frame: () => {}, closed: () => {} }));
  const second = make(Number(address.split(":")[1]));
  const sink = { frame: (): void => {}, closed: (): void => {} };
  await expect(second.listen(() => sink)).rejects.toThrow(`ADDRESS_IN_USE: ${address}`);
  await Promise.all([first.close(), second.close()]);
});
