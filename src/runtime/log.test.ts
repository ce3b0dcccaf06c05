import { expect, test } from "vitest";
import { createLog, silentLog } from "./log.ts";

test("JSON lines have level, time, message and all fields", () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), format: "json", fields: { run: "ab" } }).child({
    worker: 2,
  });
  log.info("placed", { window: 7 });
  log.debug("not shown");
  log.error("lost");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), run: "ab", worker: 2, window: 7, msg: "placed" },
    { level: "error", time: expect.any(String), run: "ab", worker: 2, msg: "lost" },
  ]);
});

test("people get short lines; a level shows when it is more than information", () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), format: "human", level: "debug" });
  log.info("listening", { port: 1 });
  log.warn("late");
  log.debug("d", { a: "x y" });
  expect(lines).toEqual(["listening  port=1", "warn: late", "debug: d  a=x y"]);
});

test("silence", () => {
  silentLog.child({ a: 1 }).error("x");
});
