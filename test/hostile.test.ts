import { defineEvent, defineModel, json, last, reduce, sum, u32, union } from "myriad";
import { runPartitioned } from "myriad/testing";
import { describe, expect, it } from "vitest";
import type { Context } from "../src/model/context.ts";
import type { Scenario } from "../src/model/scenario.ts";

/** What careless models do: it must be refused, or come to the same wherever agents live. */
const Go = defineEvent("hostile.go", { n: u32 });
const Ask = defineEvent("hostile.ask", {});
const Answer = defineEvent("hostile.answer", { n: u32 });
const Told = defineEvent("hostile.told", { list: json<number[]>() });
const model = defineModel({
  name: "hostile",
  relations: ["r"],
  shared: { seen: union<string>(), total: sum(0), word: last("") },
});
type Ctx = Context<typeof model>;
interface State {
  log: unknown[];
  n: number;
  [more: string]: unknown;
}
const DEFAULTS = { log: [] as unknown[], n: 0 };
let kinds = 0;

function scenario(
  go: (self: State, ctx: Ctx, n: number) => void,
  more: { async?: boolean; ask?: (self: State, ctx: Ctx) => void; quarantine?: boolean } = {},
): Scenario {
  const start = model
    .agent(`hostile${kinds++}`)
    .state((): State => ({ ...DEFAULTS }) as never)
    .on(Ask, (self, _, ctx) => (more.ask ?? (() => ctx.reply(Answer, { n: self.n })))(self, ctx))
    .on(Told, (self, { list }) => {
      list.push(self.n++);
      self.log.push(list.length);
    });
  const Agent =
    more.async === true
      ? start.on(Go, async (self, { n }, ctx) => await go(self, ctx, n))
      : start.on(Go, (self, { n }, ctx) => go(self, ctx, n));
  return model.scenario({
    agents: [Agent as never],
    onAgentError: more.quarantine === true ? "quarantine" : "fail",
    populate(world) {
      const group = world.spawn(Agent as never, 12 as never);
      world.relate(
        "r",
        group,
        Array.from({ length: 12 }, (_, i) => [i, (i * 5 + 1) % 12] as const),
      );
      for (let i = 0; i < 36; i++) world.send(group.at(i % 12), Go, { n: i }, { time: i / 8 });
    },
    observe: {
      all: reduce(
        Agent as never,
        {
          initial: { n: 0 },
          of: (state: State) => ({ n: state.n }),
          merge: (a: { n: number }, b: { n: number }) => {
            a.n += b.n;
            return a;
          },
        } as never,
      ),
    },
    until: { time: 30 },
  });
}

async function everywhere(subject: Scenario) {
  const [alone, ...spread] = await Promise.all(
    [1, 2, 3].map((workers) => runPartitioned(subject, { workers, seed: 5 })),
  );
  for (const run of spread) {
    for (const key of ["stateHash", "events", "observations", "virtualTime"] as const)
      expect(run[key]).toEqual(alone![key]);
  }
  return alone!;
}

describe("careless models come to one result", () => {
  it("that change the arrays that ctx gives them", () =>
    everywhere(
      scenario((self, ctx, n) => {
        const ties = ctx.neighbors("r");
        ties.reverse();
        ctx.weights("r").fill(n);
        self.log.push([...ctx.weights("r")]);
        self.kept = ties;
        ctx.relate("r", n % 12, n);
        ctx.publish("r", Told, { list: [n] });
      }),
    ));

  it("whose agents share what their state was made from", () =>
    everywhere(scenario((self, ctx, n) => void self.log.push(n, ctx.id))));

  it("that put objects into a union, which is refused", async () => {
    const run = everywhere(scenario((_, ctx) => ctx.shared.put("seen", { a: 1 } as never)));
    await expect(run).rejects.toThrow(/INVALID_PAYLOAD: .*shared "seen": an object is not a string, number or boolean/);
  });

  it("whose handlers await something else, whether or not a call is under way", async () => {
    for (const quiet of [true, false]) {
      const waits = async (self: State, ctx: Ctx): Promise<void> => {
        const call = quiet ? undefined : ctx.effect("x", 0, () => 1);
        await new Promise((resolve) => setImmediate(resolve));
        self.n++;
        await call;
      };
      await expect(everywhere(scenario(waits as never, { async: true }))).rejects.toThrow(/FOREIGN_AWAIT/);
      const { observations } = await everywhere(scenario(waits as never, { async: true, quarantine: true }));
      expect(observations.all).toEqual({ n: 0 });
    }
  });

  it("that never look at what they asked for", () =>
    everywhere(
      scenario(
        (self, ctx) => {
          void ctx.effect("x", 0, () => Promise.reject(new Error("nobody looks")));
          self.n++;
        },
        { async: true },
      ),
    ));

  it("that ask an agent which fails at it: the asker is told", async () => {
    const asks = async (self: State, ctx: Ctx, n: number): Promise<void> => {
      if (ctx.id > 5) return;
      self.log.push(await ctx.request(6 + (n % 6), Ask, {}).catch((reason: Error) => reason.message));
      self.n++;
    };
    const fails = (): void => {
      throw new Error("no idea");
    };
    const run = await everywhere(scenario(asks as never, { async: true, quarantine: true, ask: fails }));
    expect(run.observations.all).toEqual({ n: 18 });
  });

  it("that take back a timer which waits for them", async () => {
    const run = await everywhere(
      scenario((self, ctx, n) => {
        if (n !== 0) return;
        const handle = ctx.schedule(Go, { n: 99 }, { delay: 2 });
        self.log.push(ctx.cancel(handle), ctx.cancel(handle));
        self.n = self.log.filter(Boolean).length;
      }),
    );
    expect(run.observations.all).toEqual({ n: 1 });
  });
});
