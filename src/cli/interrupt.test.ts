import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { Interrupt } from "./interrupt.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s once stops at the next barrier with code %i", (name, code) => {
  const source = new FakeProcess();
  const said: string[] = [];
  const interrupt = new Interrupt(source, (signal) => said.push(signal));
  expect(interrupt.signal.aborted).toBe(false);
  expect(interrupt.code).toBeUndefined();
  source.emit(name);
  expect(interrupt.signal.aborted).toBe(true);
  expect(interrupt.code).toBe(code);
  expect(said).toEqual([name]);
  expect(source.exits).toEqual([]);
});

test("twice ends at once", () => {
  const source = new FakeProcess();
  let cleared = 0;
  const interrupt = new Interrupt(
    source,
    () => {},
    () => cleared++,
  );
  source.emit("SIGINT");
  source.emit("SIGINT");
  expect(source.exits).toEqual([130]);
  expect(cleared).toBe(1);
  interrupt.dispose();
});

test("afterwards signals are the process's own again", () => {
  const source = new FakeProcess();
  new Interrupt(source, () => {}).dispose();
  expect(source.eventNames()).toEqual([]);
});
