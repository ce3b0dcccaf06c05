import { describe, expect, test } from "vitest";
import { EventBatch } from "../wire/event-batch.ts";
import { type Born, bool, definedEvents, defineEvent, type FieldTypes, f32, f64, json, text } from "./event.ts";

describe("defineEvent", () => {
  test("keeps fields in order of declaration and numbers events by definition", () => {
    const First = defineEvent("test.first", { dose: f64, note: text });
    const Second = defineEvent("test.second", {}, { reply: First });
    expect(First.fields).toEqual([
      { name: "dose", kind: "f64" },
      { name: "note", kind: "text" },
    ]);
    expect(Second.ordinal).toBe(First.ordinal + 1);
    expect(definedEvents[First.ordinal]).toBe(First);
    expect(Second.reply).toBe(First);
  });

  test("has a codec that coerces to the declared kinds", () => {
    const Mixed = defineEvent("test.mixed", { half: f32, on: bool, data: json<number[]>() });
    const batch = new EventBatch();
    const row = batch.push(0, 0, 0, 0, 0);
    Mixed.codec.write(batch, { half: 0.1, on: true, data: [1] });
    expect(Mixed.codec.read(batch, row)).toEqual({ half: Math.fround(0.1), on: true, data: [1] });
  });

  test.each([
    ["a name", {}, undefined, /"a name".*1 to 128 characters of \[A-Za-z0-9_.:-\]/],
    ["x".repeat(129), {}, undefined, /1 to 128 characters/],
    ["Born", {}, undefined, /"Born".*built-in/],
    ["ok", null, undefined, /fields are not a record/],
    ["ok", { "a-b": f64 }, undefined, /field "a-b" is not a name/],
    ["ok", { dose: "f64" }, undefined, /field "dose" is not one of u8 u16/],
    ["ok", { data: json }, undefined, /field "data".*json<T>\(\)/],
    ["ok", {}, "answer", /reply is not an event/],
  ])("refuses %s %s %s in one line", (name, fields, reply, message) => {
    const before = definedEvents.length;
    const define = () => defineEvent(name, fields as unknown as FieldTypes, { reply: reply as unknown as typeof Born });
    expect(define).toThrow(expect.objectContaining({ code: "INVALID_SCENARIO", usage: true }));
    expect(define).toThrow(message);
    expect(definedEvents.length).toBe(before);
  });

  test("takes names at the limit", () => {
    expect(defineEvent("x".repeat(128), {}).name).toHaveLength(128);
  });
});
