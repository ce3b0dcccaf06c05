import { describe, expect, it } from "vitest";
import { drainMicrotasks, ManualClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { EffectOptions } from "../model/context.ts";
import { type EffectRequest, OutsideEffects } from "./effects.ts";

const request = (fn: EffectRequest["fn"], options?: EffectOptions): EffectRequest => ({
  key: "run/7/3",
  agent: 7,
  call: 3,
  name: "ask",
  input: { who: 7 },
  fn,
  options,
});

describe("effects", () => {
  it("give the answer as plain data, copied", async () => {
    const answer = { list: [1, 2], gone: undefined };
    const outcome = await new OutsideEffects(new ManualClock()).run(request(async (input) => ({ input, answer })));
    expect(outcome).toEqual({ ok: true, value: { input: { who: 7 }, answer: { list: [1, 2] } } });
    answer.list.push(3);
    expect(outcome).toEqual({ ok: true, value: { input: { who: 7 }, answer: { list: [1, 2] } } });
    expect(await new OutsideEffects(new ManualClock()).run(request(() => undefined))).toEqual({
      ok: true,
      value: null,
    });
  });

  it("refuse an answer that is not plain data, at once", async () => {
    let calls = 0;
    const dated = request(
      () => {
        calls++;
        return { when: new Date(0) };
      },
      { retry: { attempts: 3, backoffMs: 0 } },
    );
    const outcome = await new OutsideEffects(new ManualClock()).run(dated);
    expect(outcome).toMatchObject({
      ok: false,
      code: "NOT_PLAIN_DATA",
      message: expect.stringContaining('"ask" answer.when'),
    });
    expect(calls).toBe(1);
  });

  it("try again with a doubled wait, under the same key, and refuse in the end", async () => {
    const clock = new ManualClock();
    const attempts: string[] = [];
    const failing = request(
      async (_input, { attempt, key }) => {
        attempts.push(`${attempt} ${key} at ${clock.now()}`);
        throw new Error(`no ${attempt}`);
      },
      { retry: { attempts: 3, backoffMs: 100 } },
    );
    const outcome = new OutsideEffects(clock).run(failing);
    await clock.advance(1000);
    expect(await outcome).toEqual({ ok: false, code: "EFFECT_FAILED", message: "EFFECT_FAILED: no 3" });
    const start = clock.now() - 1000;
    expect(attempts).toEqual([0, 100, 300].map((ms, i) => `${i + 1} run/7/3 at ${start + ms}`));
  });

  it("are aborted at their time-out", async () => {
    const clock = new ManualClock();
    let aborted: unknown;
    const slow = request(
      (_input, { signal }) => new Promise(() => signal.addEventListener("abort", () => (aborted = signal.reason))),
      { timeout: 2 },
    );
    const outcome = new OutsideEffects(clock).run(slow);
    await clock.advance(1999);
    expect(aborted).toBe(undefined);
    await clock.advance(1);
    expect(await outcome).toEqual({ ok: false, code: "EFFECT_FAILED", message: "EFFECT_FAILED: no answer within 2 s" });
    expect(aborted).toBeInstanceOf(MyriadError);
  });

  it("run a bounded number at once, in order", async () => {
    const effects = new OutsideEffects(new ManualClock(), {}, 2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const all = [0, 1, 2, 3, 4].map((i) =>
      effects.run(
        request(() => {
          started.push(i);
          return new Promise<void>((resolve) => ends.push(resolve));
        }),
      ),
    );
    await drainMicrotasks();
    expect(started).toEqual([0, 1]);
    for (let i = 0; i < 5; i++) {
      ends[i]!();
      await drainMicrotasks();
    }
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(await Promise.all(all)).toHaveLength(5);
  });

  it("end with the run: those under way are aborted, those to come are refused", async () => {
    const effects = new OutsideEffects(new ManualClock());
    const waiting = effects.run(
      request(
        (_input, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ),
    );
    await drainMicrotasks();
    effects.stop();
    expect(await waiting).toMatchObject({ ok: false, code: "STOPPED" });
    expect(await effects.run(request(() => 1))).toMatchObject({ ok: false, code: "STOPPED" });
  });

  it("are answered by stubs of their name", async () => {
    const effects = new OutsideEffects(new ManualClock(), { ask: ({ who }: { who: number }) => who + 1 });
    expect(await effects.run(request(() => 0))).toEqual({ ok: true, value: 8 });
    expect(await effects.run({ ...request(() => 0), name: "other" })).toEqual({ ok: true, value: 0 });
  });
});
