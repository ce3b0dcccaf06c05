import { describe, expect, test } from "vitest";
import * as limits from "./limits.ts";

describe("limits", () => {
  test("indices, counters and ids fit the columns that carry them", () => {
    expect(limits.NOBODY).toBe(new Uint32Array([-1])[0]);
    expect(limits.AGENTS_MAX - 1).toBe((limits.AGENTS_MAX - 1) | 0);
    expect(limits.AGENTS_MAX).toBeLessThan(limits.NOBODY);
    expect(limits.COUNTER_MAX + 1).toBe(limits.NOBODY);
    expect(limits.EVENT_TYPES_MAX).toBe(0xffff);
    expect(limits.AGENT_TYPES_MAX).toBe(0xffff);
    expect(limits.WORKERS_MAX).toBeLessThan(0xffff);
    expect(limits.GENERATION_MAX).toBe(2 ** 12 - 1);
  });

  test("sizes nest: a chunk goes into a message, a flushed frame below the largest one", () => {
    expect(limits.CHUNK_BYTES).toBeLessThan(limits.CONTROL_BYTES_MAX);
    expect(limits.FRAME_BYTES_TARGET).toBeLessThan(limits.FRAME_BYTES_MAX);
    expect(limits.FRAME_BYTES_MAX).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(limits.SPILL_MIB_MIN * 1024 * 1024).toBeGreaterThanOrEqual(limits.FRAME_BYTES_MAX);
    expect(limits.LOG_MEMORY_BYTES).toBeLessThan(limits.LOG_DISK_BYTES);
    expect(limits.STAGING_MEMORY_BYTES).toBeLessThan(limits.STAGING_DISK_BYTES);
    expect(limits.TIMER_MS_MAX).toBe(0x7fff_ffff);
  });

  test("names: 1 to 128 characters of a small alphabet", () => {
    expect("a".repeat(limits.NAME_LENGTH_MAX - 1)).toMatch(limits.NAME_PATTERN);
    expect("a".repeat(limits.NAME_LENGTH_MAX)).toMatch(limits.NAME_PATTERN);
    expect("a".repeat(limits.NAME_LENGTH_MAX + 1)).not.toMatch(limits.NAME_PATTERN);
    for (const name of ["person:17", "A.b-c_d", "0"]) expect(name).toMatch(limits.NAME_PATTERN);
    for (const name of ["", "a b", "é", "a/b", "a\n"]) expect(name).not.toMatch(limits.NAME_PATTERN);
  });
});
