import { expect, test } from "vitest";
import type { Progress } from "../runtime/run.ts";
import { Screen } from "./screen.ts";

const progress: Progress = {
  virtualTime: 4,
  window: 4,
  events: 9,
  eventsPerSecond: 3,
  workers: 2,
  agents: 5,
  fraction: 0.5,
};

/** What a person would see: lines, with carriage returns and erasures carried out. */
function shown(written: string): string[] {
  return written.split("\n").map((line) => line.split("\r\u001b[K").at(-1)!);
}

function screenOn(terminal: { isTTY?: boolean; columns?: number }, quiet = false) {
  const state = { now: 0, written: "" };
  const write = (text: string): void => void (state.written += text);
  const screen = new Screen({ terminal: { ...terminal, write }, quiet, now: () => state.now });
  return { screen, state };
}

test("on a terminal one line is redrawn, and cleared at the end", () => {
  const { screen, state } = screenOn({ isTTY: true, columns: 80 });
  screen.progress(progress);
  state.now = 1_000;
  screen.progress({ ...progress, virtualTime: 6 });
  expect(shown(state.written)).toEqual([expect.stringMatching(/^t 6 {2}50%/)]);
  screen.clear();
  expect(shown(state.written)).toEqual([""]);
});

test("it is not redrawn more often than eyes can follow", () => {
  const { screen, state } = screenOn({ isTTY: true, columns: 80 });
  screen.progress(progress);
  const before = state.written;
  state.now = 99;
  screen.progress({ ...progress, virtualTime: 6 });
  expect(state.written).toBe(before);
  state.now = 100;
  screen.progress({ ...progress, virtualTime: 6 });
  expect(state.written).not.toBe(before);
});

test.each([20, 40, 80, 0, undefined])("with %s columns it stays below the width", (columns) => {
  const { screen, state } = screenOn({ isTTY: true, ...(columns === undefined ? {} : { columns }) });
  screen.progress({ ...progress, agents: 2 ** 31, events: 1e15 });
  expect(shown(state.written)[0]!.length).toBeLessThan(columns || 80);
});

test("lines for people stand above the live one", () => {
  const { screen, state } = screenOn({ isTTY: true, columns: 80 });
  screen.progress(progress);
  screen.log.warn("worker late", { worker: 2 });
  expect(shown(state.written)).toEqual(["warn: worker late  worker=2", expect.stringMatching(/^t 4/)]);
});

test("elsewhere there is a JSON line every three seconds", () => {
  const { screen, state } = screenOn({});
  for (state.now = 0; state.now <= 7_000; state.now += 500) screen.progress(progress);
  const lines = state.written
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    level: "info",
    msg: "progress",
    window: 4,
    virtualTime: 4,
    percent: 50,
    workers: 2,
  });
});

test("quiet is silent", () => {
  const { screen, state } = screenOn({ isTTY: true, columns: 80 }, true);
  screen.progress(progress);
  screen.log.error("oh");
  screen.line("text");
  screen.clear();
  expect(state.written).toBe("");
});
