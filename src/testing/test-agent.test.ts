import { defineEvent, defineModel, f64, last, NOBODY, sum, text, u8 } from "myriad";
import { testAgent } from "myriad/testing";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";

const Exposed = defineEvent("kit.exposed", { dose: f64 });
const Recovered = defineEvent("kit.recovered", {});
const Answer = defineEvent("kit.answer", { yes: u8 });
const Ask = defineEvent("kit.ask", { topic: text }, { reply: Answer });
const Survey = defineEvent("kit.survey", {});
const Fail = defineEvent("kit.fail", {});

const model = defineModel({
  name: "kit",
  params: z.object({ beta: z.number().default(0.5) }),
  shared: { sick: sum(0), lockdown: last(false) },
  relations: ["contact"],
  lookahead: 0.5,
});

const Child = model.agent("child").state((age: number) => ({ age }));
const Person = model
  .agent("person")
  .state(() => ({ health: "well", trust: 0 }))
  .on(Exposed, (self, { dose }, ctx) => {
    if (ctx.random() > dose) return;
    self.health = "sick";
    ctx.shared.put("sick", 1);
    const reach = ctx.shared.get("lockdown") ? 0.2 : 1;
    for (const friend of ctx.neighbors("contact")) ctx.send(friend, Exposed, { dose: ctx.params.beta * reach });
    ctx.publish("contact", Recovered, {}, { delay: 2 });
    ctx.schedule(Recovered, {}, { delay: 5 });
    ctx.cancel(ctx.send(9, Recovered, {}));
    ctx.record("cases", ctx.weights("contact").length);
    ctx.log("sick", { from: ctx.from });
    ctx.relate("contact", 12, 3);
    ctx.unrelate("contact", 4);
    ctx.spawn(Child, 3);
  })
  .on(Recovered, (self, _, ctx) => {
    self.health = "dead";
    ctx.retire();
  })
  .on(Ask, (_self, { topic }, ctx) => ctx.reply(Answer, { yes: topic === "a" ? 1 : 0 }))
  .on(Survey, async (self, _, ctx) => {
    ctx.schedule(Recovered, {}, { delay: 1 });
    const score = await ctx.effect("score", { who: ctx.id }, (): number => Number.NaN, { thinkTime: 3 });
    const { yes } = await ctx.request(3, Ask, { topic: "a" });
    self.trust = score + yes;
    ctx.send(3, Exposed, { dose: ctx.now });
  })
  .on(Fail, () => {
    throw new Error("no way");
  });

const person = testAgent(Person);

describe("testAgent", () => {
  it("tells what a handler did, and carries none of it out", async () => {
    const did = await person
      .params({ beta: 0.3 })
      .shared({ lockdown: true })
      .neighbors("contact", [7, 4], [1, 2])
      .with(Child)
      .at(10)
      .deliver(Exposed, { dose: 1 });
    expect(did.state).toEqual({ health: "sick", trust: 0 });
    const sent = { event: "kit.exposed", payload: { dose: 0.06 }, time: 10.5, kind: "event" };
    expect(did.sent).toEqual([
      { ...sent, to: 4, number: 0 },
      { ...sent, to: 7, number: 1 },
    ]);
    expect(did.published).toEqual([{ event: "kit.recovered", payload: {}, time: 12, number: 2, relation: "contact" }]);
    expect(did.scheduled).toEqual([{ event: "kit.recovered", payload: {}, time: 15, number: 3 }]);
    expect(did.recorded).toEqual([{ time: 10, series: "cases", value: 2 }]);
    expect(did.logged).toEqual([{ time: 10, message: "sick", fields: { from: NOBODY } }]);
    expect(did.puts).toEqual([{ name: "sick", value: 1 }]);
    expect(did.related).toEqual([{ relation: "contact", to: 12, weight: 3 }]);
    expect(did.unrelated).toEqual([{ relation: "contact", to: 4 }]);
    expect(did.spawned).toEqual([{ type: "child", profile: 3 }]);
    expect(did.retired).toBe(false);
  });

  it("starts from the given state each time", async () => {
    const before = { health: "well", trust: 1 };
    const tester = person.state(before);
    expect((await tester.deliver(Recovered, {})).retired).toBe(true);
    const again = await tester.deliver(Recovered, {});
    expect(again.state).toEqual({ health: "dead", trust: 1 });
    expect(before.health).toBe("well");
    expectTypeOf(again.state).toEqualTypeOf<{ health: string; trust: number }>();
  });

  it("draws as an agent of this index would under this seed", async () => {
    const sick = async (seed: number, id: number): Promise<string> =>
      (await person.with(Child).seed(seed).id(id).deliver(Exposed, { dose: 0.5 })).state.health;
    const outcomes = await Promise.all([...Array(40).keys()].map((i) => sick(i, i)));
    const well = outcomes.filter((health) => health === "well").length;
    expect(well).toBeGreaterThan(8);
    expect(well).toBeLessThan(32);
    expect(await sick(5, 5)).toBe(outcomes[5]);
  });

  it("answers a request in the agent's name", async () => {
    const did = await person.from(6).deliver(Ask, { topic: "a" });
    expect(did.sent).toEqual([
      { to: 6, event: "kit.answer", payload: { yes: 1 }, time: 0.5, kind: "reply", number: 0 },
    ]);
  });

  it("takes an async handler to its end, over stubbed effects and replies", async () => {
    const asked: unknown[] = [];
    const did = await person
      .effects({ score: (input: { who: number }) => input.who + 40 })
      .replies({
        "kit.ask": (payload) => {
          asked.push(payload);
          return { yes: 1 };
        },
      })
      .id(2)
      .deliver(Survey, {});
    expect(did.state).toEqual({ health: "well", trust: 43 });
    expect(asked).toEqual([{ topic: "a" }]);
    expect(did.effects).toEqual([{ name: "score", input: { who: 2 }, key: "test/2/0" }]);
    // Asked at 3, there at 3.5, the answer back at 4.
    expect(did.sent.at(-1)).toMatchObject({ to: 3, payload: { dose: 4 }, time: 4.5 });
    expect(did.scheduled).toEqual([{ event: "kit.recovered", payload: {}, time: 1, number: 0 }]);
  });

  it("rejects with what the handler threw, named as in a run", async () => {
    await expect(person.at(3).deliver(Fail, {})).rejects.toThrow(
      'HANDLER_FAILED: agent "person:0", handler "kit.fail", time 3: no way',
    );
    await expect(person.deliver(Survey, {})).rejects.toThrow(/EFFECT_FAILED: .*no stub is given for effect "score"/);
    await expect(person.effects({ score: () => 1 }).deliver(Survey, {})).rejects.toThrow(/STALLED/);
    const wrong = person.neighbors("contact", [-1]).deliver(Exposed, { dose: 1 });
    await expect(wrong).rejects.toThrow("INVALID_ARGUMENT: -1 is not an agent's index");
  });

  it("is typed by the agent and its model", () => {
    const compileOnly = (_body: () => void): void => {};
    compileOnly(() => {
      // @ts-expect-error: the state has no such field
      person.state({ health: "well", trust: 0, more: 1 });
      // @ts-expect-error: not a parameter
      person.params({ gamma: 1 });
      // @ts-expect-error: not a relation
      person.neighbors("friend", [1]);
      // @ts-expect-error: not the type of the shared value
      person.shared({ lockdown: 1 });
      // @ts-expect-error: not the payload
      void person.deliver(Exposed, { amount: 1 });
    });
  });
});
