import { count, defineEvent, defineModel, RoundEnding, RoundStarted, sum, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import type { Context } from "../model/context.ts";
import type { Until } from "../model/until.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Step = defineEvent("rounds.step", { left: u32 });
const model = defineModel({ name: "rounds", shared: { steps: sum(0) }, relations: ["next"] });

interface Log {
  log: string[];
}

interface Options {
  until?: Until;
  roundLimit?: number;
  steps?: number;
  ending?: (ctx: Context<typeof model>) => void;
}

let agentTypes = 0;
/** Each round, agent 0 passes a token on `steps` times. */
function relay({ until, roundLimit, steps = 3, ending = () => {} }: Options) {
  const Runner = model
    .agent(`runner${agentTypes++}`)
    .state((): Log => ({ log: [] }))
    .on(RoundStarted, (self, { round }, ctx) => {
      self.log.push(`${round} starts at ${ctx.now}`);
      if (ctx.id === 0) ctx.send(1, Step, { left: steps });
    })
    .on(Step, (_self, { left }, ctx) => {
      ctx.shared.put("steps", 1);
      if (left > 1) ctx.publish("next", Step, { left: left - 1 });
    })
    .on(RoundEnding, (self, { round }, ctx) => {
      self.log.push(`${round} ends at ${ctx.now} after ${ctx.shared.get("steps")}`);
      ending(ctx);
    });
  return model.scenario({
    agents: [Runner],
    populate(world) {
      const all = world.spawn(Runner, 4);
      world.relate(
        "next",
        all,
        [
          [0, 1],
          [1, 2],
          [2, 3],
          [3, 0],
        ],
        { directed: true },
      );
    },
    observe: { agents: count(Runner) },
    ...(until === undefined ? {} : { until }),
    ...(roundLimit === undefined ? {} : { roundLimit }),
  });
}

describe("rounds", () => {
  it("start when the one before is quiescent, and tell every agent", async () => {
    const result = await runAnywhere(relay({ until: { rounds: 3 } }));
    for (const { log } of statesOf<Log>(result)) {
      expect(log).toEqual([
        "1 starts at 0",
        "1 ends at 4 after 3",
        "2 starts at 5",
        "2 ends at 9 after 6",
        "3 starts at 10",
        "3 ends at 14 after 9",
      ]);
    }
    expect([result.ended, result.virtualTime]).toEqual(["rounds", 15]);
  });

  it("are one where no rule asks for more", async () => {
    const result = await runAnywhere(relay({}));
    expect(statesOf<Log>(result)[2]!.log).toEqual(["1 starts at 0", "1 ends at 4 after 3"]);
    expect(result.ended).toBe("quiescence");
  });

  it("go on until the time is over", async () => {
    const result = await runAnywhere(relay({ until: { time: 12 } }));
    expect(statesOf<Log>(result)[0]!.log.at(-1)).toBe("3 starts at 10");
    expect(result.ended).toBe("time");
  });

  it("let nobody send at their end", async () => {
    const calls: ((ctx: Context<typeof model>) => void)[] = [
      (ctx) => ctx.send(0, Step, { left: 0 }),
      (ctx) => ctx.schedule(Step, { left: 0 }, { delay: 1 }),
      (ctx) => ctx.publish("next", Step, { left: 0 }),
    ];
    for (const ending of calls) {
      const message = await failAnywhere(relay({ ending }));
      expect(message).toMatch(/^NOT_ALLOWED: .*"RoundEnding", time 4: ctx\.\w+: handlers of RoundEnding cannot send$/);
    }
    const result = await runAnywhere(relay({ ending: (ctx) => ctx.shared.put("steps", 100), until: { rounds: 2 } }));
    expect(statesOf<Log>(result)[0]!.log.at(-1)).toBe("2 ends at 9 after 406");
  });

  it("wait for a slow outside answer and not longer", async () => {
    const Slow = model
      .agent("slow")
      .state((): Log => ({ log: [] }))
      .on(RoundStarted, async (self, { round }, ctx) => {
        if (ctx.id !== 1) return;
        const pause = (): Promise<number> => new Promise((resolve) => void setImmediate(resolve, 1));
        await ctx.effect("pause", 0, pause, { thinkTime: 2 });
        self.log.push(`${round} at ${ctx.now}`);
      });
    const scenario = model.scenario({
      agents: [Slow],
      populate: (world) => void world.spawn(Slow, 3),
      until: { rounds: 2 },
    });
    const result = await runAnywhere(scenario);
    expect(statesOf<Log>(result)[1]!.log).toEqual(["1 at 2", "2 at 5"]);
  });
});

describe("roundLimit", () => {
  it.each([4, 5])("lets a round of four windows pass at %i", async (roundLimit) => {
    const result = await runAnywhere(relay({ roundLimit, until: { rounds: 2 } }));
    expect(result.ended).toBe("rounds");
  });

  it("ends a longer one, naming the agents that keep it alive", async () => {
    expect(await failAnywhere(relay({ roundLimit: 3, until: { rounds: 2 } }))).toMatch(
      /^ROUND_LIMIT: round 1 has not ended after 3 windows \(roundLimit\), time 3: agent "runner\d+:2" \(handler "rounds.step"\) still active$/,
    );
    const endless = relay({ steps: 1e9, roundLimit: 1001 });
    expect(await failAnywhere(endless)).toMatch(
      /^ROUND_LIMIT: round 1 has not ended after 1001 windows .*: agent "runner\d+:0" \(handler "rounds.step"\) still active$/,
    );
  });
});
