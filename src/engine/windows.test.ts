import { count, defineEvent, defineModel, f64, sum } from "myriad";
import { describe, expect, it } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import type { Until } from "../model/until.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

interface Log {
  times: number[];
}

const Act = defineEvent("windows.act", { delay: f64 });
const Note = defineEvent("windows.note", {});

interface Options {
  lookahead?: number;
  /** What the first agent does at 0, or at `at`. */
  act: (ctx: { send(to: number, delay: number): void; schedule(delay: number): void; now: number }) => void;
  at?: number;
  notes?: readonly number[];
  until?: Until;
  observeEvery?: number;
}

/** Two agents that note when they are told something. */
function twoAgents({ lookahead = 1, act, at = 0, notes = [], until, observeEvery }: Options): Scenario {
  const model = defineModel({ name: "windows", lookahead });
  const Agent = model
    .agent("agent")
    .state((): Log => ({ times: [] }))
    .on(Act, (_self, _payload, ctx) => {
      act({
        now: ctx.now,
        send: (to, delay) => ctx.send(to, Note, {}, { delay }),
        schedule: (delay) => ctx.schedule(Note, {}, { delay }),
      });
    })
    .on(Note, (self, _payload, ctx) => {
      self.times.push(ctx.now);
    });
  return model.scenario({
    agents: [Agent],
    populate(world) {
      world.spawn(Agent, 2);
      world.send(0, Act, { delay: 0 }, { time: at });
      for (const time of notes) world.send(1, Note, {}, { time });
    },
    observe: { notes: sum(Agent, (self) => self.times.length), agents: count(Agent) },
    ...(until === undefined ? {} : { until }),
    ...(observeEvery === undefined ? {} : { observeEvery }),
  });
}

describe("windows", () => {
  it("lie on edges made by multiplication", async () => {
    const { samples } = await runAnywhere(twoAgents({ lookahead: 0.1, act: () => {}, notes: [0.95, 1.95] }));
    expect(samples.map(({ time }) => time)).toEqual([...Array(21).keys()].map((k) => k * 0.1));
    expect(samples.map(({ values }) => values.notes)).toEqual([...Array(10).fill(0), ...Array(10).fill(1), 2]);
  });

  it("set a sent event that rounding puts before the next edge to that edge", async () => {
    const edges = [...Array(1000).keys()].filter((k) => k * 0.1 + 0.1 < (k + 1) * 0.1);
    expect(edges.length).toBeGreaterThan(5);
    for (const k of edges.slice(0, 5)) {
      const result = await runAnywhere(twoAgents({ lookahead: 0.1, act: (ctx) => ctx.send(1, 0.1), at: k * 0.1 }));
      expect(statesOf<Log>(result)[1]!.times).toEqual([(k + 1) * 0.1]);
    }
  });

  it.each([0.999, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuse to send with delay %d, to oneself too",
    async (delay) => {
      for (const to of [0, 1]) {
        const message = await failAnywhere(twoAgents({ act: (ctx) => ctx.send(to, delay) }));
        expect(message).toBe(
          `INVALID_DELAY: agent "agent:0", handler "windows.act", time 0: delay ${delay} is not a finite number of at least the lookahead 1`,
        );
      }
    },
  );

  it.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY])("refuse to schedule with delay %d", async (delay) => {
    const message = await failAnywhere(twoAgents({ act: (ctx) => ctx.schedule(delay) }));
    expect(message).toMatch(/^INVALID_DELAY: .*schedule "windows.note": delay .* is not a finite number of 0 or more$/);
  });

  it("are skipped when nothing happens in them", async () => {
    const result = await runAnywhere(twoAgents({ act: (ctx) => ctx.send(1, 100_000) }));
    expect(result.windows).toBe(2);
    expect(result.virtualTime).toBe(100_001);
    expect(result.samples).toHaveLength(100_002);
  });

  it("are refused where they cannot be told apart", async () => {
    const message = await failAnywhere(twoAgents({ act: (ctx) => ctx.schedule(1e300) }));
    expect(message).toMatch(
      /^LIMIT: .*windows.act.*virtual time 1e\+300 is in window .*: at most 2147483647 are possible/,
    );
  });
});

describe("until.time", () => {
  it("is exclusive", async () => {
    const result = await runAnywhere(twoAgents({ act: () => {}, notes: [1, 2.999, 3], until: { time: 3 } }));
    expect(statesOf<Log>(result)[1]!.times).toEqual([1, 2.999]);
    expect(result.ended).toBe("time");
    expect(result.virtualTime).toBe(3);
  });

  it("cuts the window that contains it", async () => {
    const notes = [2, 2.4, 2.5, 2.6];
    const result = await runAnywhere(twoAgents({ act: () => {}, notes, until: { time: 2.5 } }));
    expect(statesOf<Log>(result)[1]!.times).toEqual([2, 2.4]);
    expect([result.ended, result.virtualTime]).toEqual(["time", 2.5]);
    // What is left is pending, and in the hash.
    const fewer = await runAnywhere(twoAgents({ act: () => {}, notes: [2, 2.4, 2.5], until: { time: 2.5 } }));
    expect(fewer.stateHash).not.toBe(result.stateHash);
  });

  it("leaves no sample beyond it", async () => {
    const result = await runAnywhere(twoAgents({ act: () => {}, notes: [2.4, 2.6], until: { time: 2.5 } }));
    expect(result.samples.map(({ time }) => time)).toEqual([0, 1, 2]);
    const quiet = await runAnywhere(twoAgents({ act: () => {}, notes: [2.4], until: { time: 2.5 } }));
    expect([quiet.ended, quiet.virtualTime, quiet.samples.at(-1)!.time]).toEqual(["quiescence", 2.5, 2]);
  });
});

describe("samples", () => {
  it("are taken at every edge, of skipped windows as well, and see all events before", async () => {
    const { samples } = await runAnywhere(
      twoAgents({ act: (ctx) => ctx.schedule(1), notes: [0, 4.5], until: { time: 7 } }),
    );
    expect(samples.map(({ time }) => time)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(samples.map(({ values }) => values.notes)).toEqual([0, 1, 2, 2, 2, 3]);
    const cut = await runAnywhere(twoAgents({ act: () => {}, notes: [1, 50], until: { time: 4 } }));
    expect(cut.samples.map(({ time }) => time)).toEqual([0, 1, 2, 3, 4]);
  });

  it("are taken every several windows", async () => {
    const notes = [0.5, 1.5, 2.5, 7.5, 20.5];
    const { samples } = await runAnywhere(twoAgents({ act: () => {}, notes, observeEvery: 3 }));
    expect(samples.map(({ time, values }) => [time, values.notes])).toEqual([
      [0, 0],
      [3, 3],
      [6, 3],
      [9, 4],
      [12, 4],
      [15, 4],
      [18, 4],
      [21, 5],
    ]);
  });

  it("end the run when the rule holds, at that sample", async () => {
    const until: Until = { when: ({ notes }) => (notes as number) >= 2 };
    const result = await runAnywhere(twoAgents({ act: () => {}, notes: [0, 1, 1.5, 2], until }));
    expect([result.ended, result.virtualTime, result.observations.notes]).toEqual(["when", 2, 3]);
    const any = await runAnywhere(
      twoAgents({ act: () => {}, notes: [0, 1, 1.5, 2], until: { any: [until, { time: 1 }] } }),
    );
    expect(any.ended).toBe("time");
  });
});
