import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineEvent } from "./event.ts";
import { defineModel, type Model } from "./model.ts";
import { count, histogram, quantile, sum } from "./observation.ts";
import { last, union } from "./reducer.ts";

const Ping = defineEvent("model.ping", {});
const loosely = defineModel as unknown as (parts: unknown) => Model;
const refused = (body: () => unknown, message: RegExp): void => {
  expect(body).toThrow(message);
  expect(body).toThrow(expect.objectContaining({ code: "INVALID_SCENARIO" }));
  expect(body).not.toThrow(/\n/);
};

describe("defineModel", () => {
  test.each([
    [undefined, /not a record/],
    [{}, /name undefined is not/],
    [{ name: "a b" }, /name "a b" is not 1 to 128/],
    [{ name: "m", paramz: 1 }, /model "m": unknown key "paramz"; known are name, params/],
    [{ name: "m", params: { a: 1 } }, /params is not a zod schema/],
    [{ name: "m", shared: { sick: 0 } }, /shared value "sick" is not one of sum\(0\)/],
    [{ name: "m", shared: { "a b": sum(0) } }, /shared value "a b"/],
    [{ name: "m", relations: "contact" }, /relations is not an array/],
    [{ name: "m", relations: ["a", "a"] }, /two relations are named "a"/],
    [{ name: "m", relations: [""] }, /relation "" is not/],
    [{ name: "m", lookahead: 0 }, /lookahead 0 is not a finite number above 0/],
    [{ name: "m", lookahead: Number.NaN }, /lookahead NaN/],
    [{ name: "m", lookahead: Number.POSITIVE_INFINITY }, /lookahead Infinity/],
    [{ name: "m", lookahead: "1" }, /lookahead 1 is not/],
  ])("refuses %j", (parts, message) => refused(() => loosely(parts), message));

  test("takes the least lookahead there is", () => {
    expect(defineModel({ name: "m", lookahead: Number.MIN_VALUE }).lookahead).toBe(Number.MIN_VALUE);
  });
});

describe("agent types", () => {
  const model = defineModel({ name: "m" });

  test("tell async handlers from others", () => {
    const type = model
      .agent("both")
      .state(() => ({}))
      .on(Ping, async () => {});
    expect(type.handlers.get(Ping)?.async).toBe(true);
    const plain = model
      .agent("plain")
      .state(() => ({}))
      .on(Ping, () => {});
    expect(plain.handlers.get(Ping)).toMatchObject({ event: Ping, async: false });
  });

  test("are refused when they are not well formed", () => {
    const type = model
      .agent("twice")
      .state(() => ({}))
      .on(Ping, () => {});
    refused(() => type.on(Ping, () => {}), /agent "twice": "model.ping" has two handlers/);
    refused(() => model.agent("twice"), /two agent types are named "twice"/);
    refused(() => model.agent("a b"), /agent "a b"/);
    refused(() => type.on({ name: "x" } as never, () => {}), /not an event/);
    const other = defineEvent("model.other", {});
    refused(() => type.on(other, undefined as never), /handler is undefined, not a function/);
    refused(() => type.on(other, function* () {}), /is a generator/);
    refused(() => model.agent("stateless").state({} as never), /state is object, not a function/);
  });
});

describe("reducers and observations", () => {
  const type = defineModel({ name: "m" })
    .agent("a")
    .state(() => ({ n: 1 }));

  test("refuse what they cannot reduce", () => {
    refused(() => sum(Number.NaN), /sum\(NaN\)/);
    refused(() => sum("1" as never), /sum\(1\)/);
    refused(() => union([{}] as never), /union/);
    refused(() => count({} as never), /count: the first argument is not an agent type/);
    refused(() => sum(type, 3 as never), /sum: 3 is not a function/);
    refused(() => quantile(type, (s) => s.n, 1.5), /rank 1.5 is not a number of 0 to 1/);
    refused(() => histogram(type, (s) => s.n, { from: 1, to: 1, bins: 2 }), /from < to/);
    refused(() => histogram(type, (s) => s.n, { from: 0, to: 1, bins: 0 }), /bins 0 is not an integer of 1 to 10000/);
    refused(() => histogram(type, (s) => s.n, { edges: [1, 1] }), /ascending/);
    expect(() => last((() => 1) as never)).toThrow(/NOT_PLAIN_DATA: initial/);
  });

  test("make equal bins that end where they should", () => {
    const observation = histogram(type, (s) => s.n, { from: 0, to: 0.3, bins: 3 });
    expect(observation).toMatchObject({ edges: [0, expect.closeTo(0.1), expect.closeTo(0.2), 0.3] });
    expect(union(["b", "a", "b"]).initial).toEqual(["b", "a"]);
  });
});

describe("scenario", () => {
  const model = defineModel({ name: "m", params: z.object({}) });
  const type = model
    .agent("a")
    .state(() => ({ n: 1 }))
    .on(Ping, () => {});
  const stray = defineModel({ name: "other" })
    .agent("b")
    .state(() => ({ n: 1 }));
  const unlisted = model.agent("c").state(() => ({ n: 1 }));
  const loose = (parts: unknown) => () => model.scenario(parts as never);

  test.each([
    [undefined, /not a record/],
    [{ agents: [] }, /agents is not an array of at least one/],
    [{ agents: [{}] }, /agents\[0\] is not an agent type/],
    [{ agents: [type, type] }, /two agent types are named "a"/],
    [{ agents: [stray] }, /agent "b" belongs to another model/],
    [{ agents: [type], observed: {} }, /unknown key "observed"/],
    [{ agents: [type], events: [1] }, /events is not an array of events/],
    [{ agents: [type], populate: 1 }, /populate is not a function/],
    [{ agents: [type], observe: { "a b": count(type) } }, /observation "a b"/],
    [{ agents: [type], observe: { n: 1 } }, /observation "n" is not one of count/],
    [{ agents: [type], observe: { n: sum(0) } }, /observation "n" is not one of count/],
    [{ agents: [type], observe: { n: count(unlisted) } }, /over agent "c", which is not in agents/],
    [{ agents: [type], observeEvery: 0 }, /observeEvery 0/],
    [{ agents: [type], onAgentError: "ignore" }, /onAgentError "ignore" is not "fail" or "quarantine"/],
    [{ agents: [type], roundLimit: 1.5 }, /roundLimit 1.5 is not a positive integer/],
    [{ agents: [type], until: {} }, /until has none of time, rounds, when, any/],
    [{ agents: [type], until: 10 }, /until is not a record/],
    [{ agents: [type], until: { time: -1 } }, /until.time -1 is not a number above 0/],
    [{ agents: [type], until: { time: Number.NaN } }, /until.time NaN/],
    [{ agents: [type], until: { rounds: 0 } }, /until.rounds 0 is not a positive integer/],
    [{ agents: [type], until: { until: 1 } }, /until.until is not known/],
    [{ agents: [type], until: { when: true } }, /until.when is not a function/],
    [{ agents: [type], until: { any: [] } }, /until.any is not an array of at least one/],
    [{ agents: [type], until: { any: [{ time: 1 }, { rounds: -1 }] } }, /until.any\[1\].rounds -1/],
  ])("refuses case %#", (parts, message) => refused(loose(parts), message));

  test("knows the file that it was made in", () => {
    expect(model.scenario({ agents: [type] }).file).toBe(import.meta.url);
  });
});
