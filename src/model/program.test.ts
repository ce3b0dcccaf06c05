import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineEvent, RoundStarted, u32 } from "./event.ts";
import { defineModel } from "./model.ts";
import { count, sum } from "./observation.ts";
import { compile, UNKNOWN_EVENT_ID } from "./program.ts";
import { last } from "./reducer.ts";

const Unhandled = defineEvent("program.0unhandled", {});
const Zed = defineEvent("program.zed", {});
const Reply = defineEvent("program.reply", { n: u32 });
const Ask = defineEvent("program.ask", {}, { reply: Reply });
const Old = defineEvent("program.twice", {});
const New = defineEvent("program.twice", { n: u32 });

const model = defineModel({
  name: "program",
  params: z.object({ step: z.number().positive().default(0.5), tags: z.array(z.string()).default(["a"]) }),
  shared: { total: sum(0), flag: last(false) },
  relations: ["a", "b"],
  lookahead: (params) => params.step,
});
const A = model
  .agent("a")
  .state(() => ({ n: 1 }))
  .on(Zed, () => {});
const B = model
  .agent("b")
  .state(() => ({ n: 1 }))
  .on(Ask, () => {});
const scenario = model.scenario({ agents: [B, A], observe: { all: count(A) }, observeEvery: 1.5 });

describe("compile", () => {
  test("numbers types by position, events by name with those in use first", () => {
    const program = compile(scenario);
    expect(program.types).toEqual([B, A]);
    expect(program.typeIds.get(A)).toBe(1);
    expect(program.events.slice(8, 12).map((event) => event.name)).toEqual([
      "program.ask",
      "program.reply",
      "program.zed",
      "program.0unhandled",
    ]);
    expect(program.eventIds[Zed.ordinal]).toBe(10);
    expect(program.eventIds[RoundStarted.ordinal]).toBe(1);
    expect(program.eventIds[Unhandled.ordinal]).toBe(11);
    expect(program.eventIds[Old.ordinal]).toBe(UNKNOWN_EVENT_ID);
    expect(program.events[program.eventIds[New.ordinal]!]).toBe(New);
    expect(program.codecs[10]).toBe(Zed.codec);
    expect(program.handlers[1]![10]).toBe(A.handlers.get(Zed));
    expect(program.handlers[0]![10]).toBeUndefined();
  });

  test("does not number events in use by what else the process defined", () => {
    const before = compile(scenario).eventIds[Zed.ordinal];
    defineEvent("aaa.later", {});
    const after = compile(scenario);
    expect(after.eventIds[Zed.ordinal]).toBe(before);
  });

  test("parses and freezes parameters, and derives the lookahead from them", () => {
    const program = compile(scenario, { params: { step: 0.25 } });
    expect(program.params).toEqual({ step: 0.25, tags: ["a"] });
    expect(program.lookahead).toBe(0.25);
    expect(() => (program.params as { tags: string[] }).tags.push("b")).toThrow(TypeError);
    expect(() => Object.assign(program.params as object, { step: 1 })).toThrow(TypeError);
  });

  test("gives relations, shared values and observations ids", () => {
    const program = compile(scenario);
    expect(program.relationIds.get("b")).toBe(1);
    expect(program.shared.map((value) => value.name)).toEqual(["total", "flag"]);
    expect(program.sharedIds.get("flag")).toBe(1);
    expect(program.observations).toMatchObject([{ name: "all", typeId: 1 }]);
    expect(program.roundLimit).toBe(100_000);
    expect(program.onAgentError).toBe("fail");
  });

  test("takes observeEvery as a multiple of the lookahead in spite of rounding", () => {
    expect(0.1 * 3).not.toBe(0.3);
    const fine = model.scenario({ agents: [A], observeEvery: 0.3 });
    expect(compile(fine, { params: { step: 0.1 } }).observeEvery).toBe(0.1 * 3);
  });

  test("knows when rounds are in use", () => {
    expect(compile(scenario).usesRounds).toBe(false);
    expect(compile(scenario, { until: { any: [{ time: 3 }, { rounds: 2 }] } }).usesRounds).toBe(true);
    const rounds = defineModel({ name: "rounds" });
    const type = rounds
      .agent("a")
      .state(() => ({}))
      .on(RoundStarted, () => {});
    expect(compile(rounds.scenario({ agents: [type] })).usesRounds).toBe(true);
  });

  test.each([
    [
      { params: { stepp: 1 } },
      "INVALID_PARAMS",
      /unknown parameter "stepp" \(did you mean "step"\?\); known are step, tags/,
    ],
    [{ params: { step: -1 } }, "INVALID_PARAMS", /parameter "step" = -1: /],
    [{ params: { step: "x" } }, "INVALID_PARAMS", /parameter "step" = "x": .*number/],
    [{ params: { tags: ["a", 3] } }, "INVALID_PARAMS", /parameter "tags.1" = 3: /],
    [{ params: { step: 1 } }, "INVALID_SCENARIO", /observeEvery 1.5 is not a multiple of the lookahead 1$/],
    [{ seed: -1 }, "INVALID_ARGUMENT", /seed -1 is not an integer of 0 to/],
    [{ seed: 2 ** 53 }, "INVALID_ARGUMENT", /seed 9007199254740992/],
    [{ until: { time: -3 } }, "INVALID_SCENARIO", /until.time -3/],
  ])("refuses %j", (options, code, message) => {
    const attempt = () => compile(scenario, options);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code, usage: true }));
    expect(attempt).not.toThrow(/\n/);
  });

  test("takes the largest seed", () => {
    expect(compile(scenario, { seed: 2 ** 53 - 1 }).seed).toBe(2 ** 53 - 1);
  });

  test("refuses parameters of a model that has none, and a scenario that is none", () => {
    const bare = defineModel({ name: "bare" });
    const only = bare.scenario({ agents: [bare.agent("a").state(() => ({}))] });
    expect(() => compile(only, { params: { beta: 1 } })).toThrow(/unknown parameter "beta"; the model "bare" has none/);
    expect(compile(only).params).toEqual({});
    expect(() => compile({} as never)).toThrow(/INVALID_SCENARIO/);
  });

  test("refuses two events of one name in use", () => {
    const clash = defineModel({ name: "clash" });
    const type = clash
      .agent("a")
      .state(() => ({}))
      .on(Old, () => {})
      .on(New, () => {});
    expect(() => compile(clash.scenario({ agents: [type] }))).toThrow(/two events are named "program.twice"/);
  });

  test("refuses parameters that are not plain data, and lookaheads that are none", () => {
    const dated = defineModel({ name: "dated", params: z.object({ when: z.coerce.date().default(new Date(0)) }) });
    const one = dated.scenario({ agents: [dated.agent("a").state(() => ({}))] });
    expect(() => compile(one)).toThrow(/INVALID_PARAMS.*params.when/);
    const still = defineModel({ name: "still", lookahead: () => 0 });
    const two = still.scenario({ agents: [still.agent("a").state(() => ({}))] });
    expect(() => compile(two)).toThrow(/model "still": lookahead 0/);
  });
});
