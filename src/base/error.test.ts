import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, MyriadError } from "./error.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("MyriadError", () => {
  test.each(codes)("%s is documented in one line, spelt as a constant", (code) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(ERROR_CODES[code].means).toMatch(/^[a-z][^\n]{9,99}$/);
    const error = new MyriadError(code, "what happened");
    expect(error.message).toBe(`${code}: what happened`);
    expect(error).toMatchObject({ code, name: "MyriadError", usage: ERROR_CODES[code].usage });
    expect(error).toBeInstanceOf(Error);
  });

  test("no two codes mean the same", () => {
    expect(new Set(codes.map((code) => ERROR_CODES[code].means)).size).toBe(codes.length);
  });

  test("everything that shows before a run starts is usage, and nothing else", () => {
    const usage = codes.filter((code) => ERROR_CODES[code].usage);
    expect(usage.every((code) => code.startsWith("INVALID_") || code === "ADDRESS_IN_USE")).toBe(true);
    expect(ERROR_CODES.INVALID_DELAY.usage).toBe(false);
    expect(ERROR_CODES.INVALID_PAYLOAD.usage).toBe(false);
  });

  test("from() keeps what is a MyriadError already, and wraps all else with its cause", () => {
    const known = new MyriadError("LIMIT", "too many");
    expect(MyriadError.from(known, "HANDLER_FAILED")).toBe(known);
    const cause = new TypeError("x is not a function");
    const wrapped = MyriadError.from(cause, "HANDLER_FAILED");
    expect(wrapped.message).toBe("HANDLER_FAILED: x is not a function");
    expect(wrapped.cause).toBe(cause);
    expect(MyriadError.from("thrown text", "EFFECT_FAILED").message).toBe("EFFECT_FAILED: thrown text");
    expect(MyriadError.from(undefined, "EFFECT_FAILED").message).toBe("EFFECT_FAILED: undefined");
  });
});
