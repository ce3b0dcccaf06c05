import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOBODY } from "../base/limits.ts";
import type { DataReader } from "../store/data-file.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { EdgeList } from "./edges.ts";
import { defineEvent, f64, RoundStarted } from "./event.ts";
import { defineModel } from "./model.ts";
import { populate } from "./populate.ts";
import { nameOf, type RelationTies } from "./population.ts";
import { compile } from "./program.ts";
import { World } from "./world.ts";

const Dose = defineEvent("world.dose", { dose: f64 });
const Other = defineEvent("world.other", {});
const model = defineModel({ name: "world", relations: ["contact", "works"] });
const Person = model
  .agent("person")
  .state((profile: { age: number }) => ({ age: profile.age }))
  .on(Dose, () => {})
  .on(RoundStarted, () => {});
const Firm = model
  .agent("firm")
  .state(() => ({}))
  .on(Other, () => {});
const Stray = model.agent("stray").state(() => ({}));
const program = compile(model.scenario({ agents: [Person, Firm] }), { seed: 5 });

const files: Record<string, string> = { "ties.txt": "7 3\n3 9\n" };
const reader: DataReader = {
  read: async (path) => new TextEncoder().encode(files[path.split("/").at(-1)!] ?? ""),
};
const makeWorld = () => new World<typeof model>(program, reader);
const age = (i: number) => ({ age: i });
const tiesOf = (ties: RelationTies): number[][] =>
  Array.from(ties.source, (from, i) => [from, ties.target[i]!, ...(ties.weight ? [ties.weight[i]!] : [])]);

describe("spawn", () => {
  test("gives consecutive indices and keeps encoded profiles", () => {
    const world = makeWorld();
    const firms = world.spawn(Firm, 2);
    const people = world.spawn(Person, 3, age, { name: (i) => `p${i}` });
    const population = world.finish();
    expect([firms.first, people.first, people.at(2), [...people]]).toEqual([0, 2, 4, [2, 3, 4]]);
    expect(population.count).toBe(5);
    expect([...population.typeOf.subarray(0, 5)]).toEqual([1, 1, 0, 0, 0]);
    expect(population.profiles.sizeOf(1)).toBe(0);
    expect(decodePlain(population.profiles.get(4))).toEqual({ age: 2 });
    expect([nameOf(population.names, "firm", 0), nameOf(population.names, "person", 3)]).toEqual(["firm:0", "p1"]);
  });

  test.each<[string, (world: World<typeof model>) => unknown, RegExp]>([
    ["a type of no scenario", (w) => w.spawn(Stray, 1), /agent "stray" is not in the scenario's agents/],
    ["a negative count", (w) => w.spawn(Firm, -1), /spawn "firm": -1 is not a number of agents/],
    ["a broken count", (w) => w.spawn(Firm, 1.5), /1.5/],
    ["too many", (w) => w.spawn(Firm, 2 ** 31 + 1), /2147483649 agents; at most 2147483648/],
    ["a date", (w) => w.spawn(Person, 2, () => new Date() as never), /spawn "person:0": profile is a Date/],
    ["a bad name", (w) => w.spawn(Firm, 1, undefined, { name: () => "a b" }), /named "a b": it is not 1 to 128/],
    ["a name twice", (w) => w.spawn(Firm, 2, undefined, { name: () => "x" }), /agent 1 cannot be named "x": another/],
    ["a default name", (w) => w.spawn(Firm, 1, undefined, { name: () => "person:7" }), /default name of another/],
    ["no such member", (w) => w.spawn(Firm, 2).at(2), /there is no agent 2; the group has 0 to 1/],
    ["a member of none", (w) => w.spawn(Firm, 0).at(0), /the group is empty/],
  ])("refuses %s", (_what, body, message) => {
    expect(() => body(makeWorld())).toThrow(message);
    expect(() => body(makeWorld())).toThrow(expect.objectContaining({ code: "INVALID_SCENARIO" }));
  });
});

describe("relate", () => {
  test("keeps undirected ties once, the smaller index first, the last weight", () => {
    const world = makeWorld();
    const people = world.spawn(Person, 4, age);
    world.relate("contact", people, [
      [3, 0],
      [1, 2],
      [2, 1],
    ]);
    world.relate("contact", people, [
      [0, 3, 5],
      [0, 1, 7],
    ]);
    const ties = world.finish().relations[0]!;
    expect(ties.directed).toBe(false);
    expect(tiesOf(ties)).toEqual([
      [0, 1, 7],
      [0, 3, 5],
      [1, 2, 1],
    ]);
  });

  test("ties two groups, directed, with weights given apart", () => {
    const world = makeWorld();
    const firms = world.spawn(Firm, 2);
    const people = world.spawn(Person, 3, age);
    world.relate(
      "works",
      people,
      firms,
      [
        [2, 0],
        [0, 1],
      ],
      { directed: true, weights: [4, 6] },
    );
    const ties = world.finish().relations[1]!;
    expect(ties.directed).toBe(true);
    expect(tiesOf(ties)).toEqual([
      [2, 1, 6],
      [4, 0, 4],
    ]);
  });

  test("equals a plain map of the last weights, whatever is given", () => {
    const tie = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(3));
    fc.assert(
      fc.property(fc.array(fc.array(tie)), fc.boolean(), (calls, directed) => {
        const world = makeWorld();
        const people = world.spawn(Person, 7, age);
        const expected = new Map<string, number[]>();
        for (const call of calls) {
          world.relate("contact", people, call, { directed });
          for (const [a, b, w] of call) {
            const [from, to] = directed || a <= b ? [a, b] : [b, a];
            expected.set(`${from} ${to}`, [from, to, w]);
          }
        }
        const ties = world.finish().relations[0]!;
        const sorted = [...expected.values()].sort((x, y) => x[0]! - y[0]! || x[1]! - y[1]!);
        expect(tiesOf(ties)).toEqual(sorted);
      }),
    );
  });

  test.each<[string, (world: World<typeof model>) => unknown, RegExp]>([
    [
      "an unknown relation",
      (w) => w.relate("contakt" as never, w.spawn(Firm, 1), []),
      /named "contakt"; known are contact, works/,
    ],
    ["what is no group", (w) => w.relate("contact", [] as never, []), /second argument is not a group/],
    [
      "too many nodes",
      (w) => w.relate("contact", w.spawn(Firm, 3), EdgeList.from([[0, 1]], 4)),
      /the edges have 4 nodes, the group of "firm" has 3 agents/,
    ],
    [
      "a node out of range",
      (w) =>
        w.relate("contact", w.spawn(Firm, 3), w.spawn(Person, 1, age), [
          [2, 0],
          [0, 1],
        ]),
      /edge 1 has node 1, the group of "person" has 1 agents/,
    ],
    [
      "weights too few",
      (w) => w.relate("contact", w.spawn(Firm, 3), [[0, 1]], { weights: [] }),
      /0 weights for 1 edges/,
    ],
    [
      "a weight of none",
      (w) => w.relate("contact", w.spawn(Firm, 3), [[0, 1]], { weights: [Number.NaN] }),
      /weight 0 is NaN/,
    ],
    [
      "both directions",
      (w) => {
        const firms = w.spawn(Firm, 3);
        w.relate("contact", firms, [[0, 1]]);
        w.relate("contact", firms, [[0, 1]], { directed: true });
      },
      /directed true here, false in an earlier call/,
    ],
  ])("refuses %s", (_what, body, message) => expect(() => body(makeWorld())).toThrow(message));
});

describe("send", () => {
  test("makes first events from nobody", () => {
    const world = makeWorld();
    const people = world.spawn(Person, 2, age);
    world.send(people.at(1), Dose, { dose: 0.5 });
    world.send(people.at(0), Dose, { dose: 2 }, { time: 3 });
    const { events } = world.finish();
    expect([events.count, [...events.seq.subarray(0, 2)], [...events.time.subarray(0, 2)]]).toEqual([
      2,
      [0, 1],
      [0, 3],
    ]);
    expect([events.to[0], events.from[0]]).toEqual([1, NOBODY]);
    expect(Dose.codec.read(events, 1)).toEqual({ dose: 2 });
  });

  test.each<[string, (world: World<typeof model>) => unknown, RegExp]>([
    ["to nobody", (w) => w.send(0, Dose, { dose: 1 }), /send "world.dose": there is no agent 0; 0 were spawned/],
    [
      "what the type does not handle",
      (w) => w.send(w.spawn(Firm, 1).at(0), Dose, { dose: 1 }),
      /agent "firm" has no handler/,
    ],
    [
      "a built-in",
      (w) => w.send(w.spawn(Person, 1, age).at(0), RoundStarted, { round: 1 }),
      /"RoundStarted" is not one/,
    ],
    ["nothing", (w) => w.send(w.spawn(Firm, 1).at(0), undefined as never, {}), /event "undefined"/],
    ["a negative time", (w) => w.send(w.spawn(Firm, 1).at(0), Other, {}, { time: -1 }), /time -1 is not a number of 0/],
    [
      "a wrong payload",
      (w) => w.send(w.spawn(Person, 1, age).at(0), Dose, { dose: "x" as never }),
      /send: event "world.dose", field "dose": "x" is not a number/,
    ],
  ])("refuses %s", (_what, body, message) => {
    expect(() => body(makeWorld())).toThrow(message);
    expect(() => body(makeWorld())).toThrow(expect.objectContaining({ code: "INVALID_SCENARIO" }));
  });
});

describe("readEdges", () => {
  test("resolves from the scenario's folder and names agents by their labels", async () => {
    const world = makeWorld();
    const firms = world.spawn(Firm, 1, undefined, { name: () => "9" });
    const edges = await world.readEdges("data/ties.txt");
    const people = world.spawn(Person, edges.nodeCount, age, {});
    world.relate("contact", people, edges);
    const population = world.finish();
    expect(firms.length).toBe(1);
    expect(tiesOf(population.relations[0]!)).toEqual([
      [1, 2],
      [1, 3],
    ]);
    // the label 9 is taken: its agent keeps its default name
    expect([...population.names]).toEqual([
      [0, "9"],
      [1, "3"],
      [2, "7"],
    ]);
    expect(population.dataFiles).toEqual([new URL("data/ties.txt", import.meta.url).pathname]);
  });

  test("names the file of a bad line as it was asked for", async () => {
    files["bad.txt"] = "1 2\n3\n";
    await expect(makeWorld().readEdges("data/bad.txt")).rejects.toThrow(/INVALID_DATA: data\/bad.txt line 2/);
  });
});

describe("populate", () => {
  const run = (body: (world: World<typeof model>) => void | Promise<void>) =>
    populate(compile(model.scenario({ agents: [Person, Firm], populate: body })), reader);

  test("fills a population, the same for a seed", async () => {
    const draw = async (seed: number): Promise<number[]> => {
      const drawn: number[] = [];
      const scenario = model.scenario({
        agents: [Firm],
        populate: (world) => void drawn.push(world.random(), world.randomInt(1000)),
      });
      await populate(compile(scenario, { seed }), reader);
      return drawn;
    };
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });

  test("reports what it throws as the scenario's", async () => {
    await expect(
      run(() => {
        throw new TypeError("x is not y");
      }),
    ).rejects.toThrow(/INVALID_SCENARIO: populate: x is not y/);
    await expect(run((world) => void world.spawn(Firm, -1))).rejects.toThrow(/spawn "firm"/);
  });

  test("refuses a call after its end", async () => {
    let kept: World<typeof model> | undefined;
    await run((world) => {
      kept = world;
    });
    expect(() => kept?.spawn(Firm, 1)).toThrow(/populate has ended/);
  });
});
