import { describe, expect, test } from "vitest";
import { untilOf } from "../runtime/node-run.ts";
import {
  collectParam,
  parseAddress,
  parseCheckpointEvery,
  parsePlacement,
  parseRecovery,
  parseRounds,
  parseSeed,
  parseStallLimit,
  parseTime,
  parseWorkerList,
  parseWorkers,
} from "./arguments.ts";

const refuses = (parse: (text: string) => unknown, texts: string[], start: string): void => {
  for (const text of texts)
    expect(() => parse(text), text).toThrow(`INVALID_ARGUMENT: ${start} is ${JSON.stringify(text)}; it must be`);
};

describe("numbers", () => {
  test("--workers is 0 to 1024", () => {
    expect([parseWorkers("0"), parseWorkers("1"), parseWorkers("1024")]).toEqual([0, 1, 1024]);
    refuses(parseWorkers, ["-1", "1025", "abc", "1.5", "", " ", "1e2", "0x1", "3 workers"], "--workers");
  });

  test("--seed is 0 to 2^53 - 1", () => {
    expect([parseSeed("0"), parseSeed("9007199254740991")]).toEqual([0, Number.MAX_SAFE_INTEGER]);
    refuses(parseSeed, ["-1", "9007199254740992", "x", "0.5"], "--seed");
  });

  test("--until is any time above 0", () => {
    expect([parseTime("0.1"), parseTime("1e3"), parseTime("120")]).toEqual([0.1, 1000, 120]);
    refuses(parseTime, ["0", "-1", "soon", "", "Infinity", "NaN"], "--until");
  });

  test("--stall-limit is seconds that a timer can wait", () => {
    expect([parseStallLimit("0.5"), parseStallLimit("600"), parseStallLimit("2147483.647")]).toEqual([
      0.5, 600, 2_147_483.647,
    ]);
    refuses(parseStallLimit, ["0", "-1", "2147483.648", "soon", "", "Infinity", "NaN"], "--stall-limit");
  });

  test("--checkpoint-every is seconds, or 0; --recovery is one of its names", () => {
    expect([parseCheckpointEvery("0"), parseCheckpointEvery("0.5"), parseCheckpointEvery("30")]).toEqual([0, 0.5, 30]);
    refuses(parseCheckpointEvery, ["-1", "2147483.648", "soon", "", "Infinity", "NaN"], "--checkpoint-every");
    expect([parseRecovery("confined"), parseRecovery("rollback")]).toEqual(["confined", "rollback"]);
    refuses(parseRecovery, ["", "none", "Rollback"], "--recovery");
  });

  test("--rounds is at least 1", () => {
    expect(parseRounds("1")).toBe(1);
    refuses(parseRounds, ["0", "-1", "1.5", "x"], "--rounds");
  });

  test("verify's list has each number once", () => {
    expect(parseWorkerList("1,2,3")).toEqual([1, 2, 3]);
    expect(parseWorkerList("3, 1,3,0")).toEqual([3, 1, 0]);
    for (const text of ["", "1,,2", "1;2", "1,-2", "a"])
      expect(() => parseWorkerList(text), text).toThrow("--workers is");
  });
});

describe("--param", () => {
  test.each([
    ["lps=10000", { lps: 10000 }],
    ["remote=0.25", { remote: 0.25 }],
    ["on=true", { on: true }],
    ["none=null", { none: null }],
    ["list=[1,2]", { list: [1, 2] }],
    ["city=Rome", { city: "Rome" }],
    ['city="7"', { city: "7" }],
    ["text=a=b", { text: "a=b" }],
    ["empty=", { empty: "" }],
    ["code=007", { code: "007" }],
    ["infinite=-Infinity", { infinite: "-Infinity" }],
  ])("%s", (text, expected) => expect(collectParam(text)).toEqual(expected));

  test("repeats add up, the last of a name counts, and what was before stays as it is", () => {
    const before = { a: 1 };
    expect(collectParam("a=3", collectParam("b=2", before))).toEqual({ a: 3, b: 2 });
    expect(before).toEqual({ a: 1 });
  });

  test("__proto__ is a name like any other", () => {
    expect(Object.keys(collectParam('__proto__={"x":1}'))).toEqual(["__proto__"]);
  });

  test("what has no name is refused", () => refuses((text) => collectParam(text), ["beta", "=5", ""], "--param"));
});

test("--master is HOST:PORT", () => {
  for (const text of ["localhost:1", "10.0.0.1:10051", "[::1]:65535"]) expect(parseAddress(text)).toBe(text);
  refuses(parseAddress, ["localhost", ":1", "a:0", "a:65536", "a:b", "::1:5", "a b:1"], "--master");
});

test("--placement is communities, hash or contiguous", () => {
  for (const text of ["communities", "hash", "contiguous"]) expect(parsePlacement(text)).toBe(text);
  refuses(parsePlacement, ["random", "Hash", ""], "--placement");
});

test("--until and --rounds together end at whichever comes first", () => {
  expect(untilOf(undefined, undefined)).toBeUndefined();
  expect(untilOf(5, undefined)).toEqual({ time: 5 });
  expect(untilOf(5, 2)).toEqual({ time: 5, rounds: 2 });
});
