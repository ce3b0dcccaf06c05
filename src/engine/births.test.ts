import fc from "fast-check";
import { Born, count, defineEvent, defineModel, NOBODY, u32 } from "myriad";
import { describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import type { OnAgentError } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "../testing/lockstep.ts";
import { runPartitioned } from "../testing/run-partitioned.ts";
import { BirthCursor, packBirths, profileAt, sortBirths } from "./births.ts";
import { OutsideEffects } from "./effects.ts";
import { failAnywhere, runAnywhere, statesOf } from "./same.suite.ts";

const Spawn = defineEvent("births.spawn", { children: u32 });
const Ring = defineEvent("births.ring", {});
const Leave = defineEvent("births.leave", {});
const Echo = defineEvent("births.echo", {});
const Say = defineEvent("births.say", { to: u32 });
const Fail = defineEvent("births.fail", {});

const model = defineModel({ name: "births", relations: ["knows"] });
interface Life {
  mother: number;
  generation: number;
  log: string[];
}
const Being = model
  .agent("being")
  .state((profile: { generation: number } = { generation: 0 }): Life => ({ mother: -1, log: [], ...profile }))
  .on(Born, (self, _, ctx) => {
    self.mother = ctx.from;
    self.log.push(`born at ${ctx.now} as ${ctx.name}`);
    if (self.generation > 0 && self.generation < 3) ctx.spawn(Being, { generation: self.generation + 1 });
  })
  .on(Spawn, (self, { children }, ctx) => {
    for (let i = 0; i < children; i++) ctx.spawn(Being, { generation: self.generation + 1 });
  })
  .on(Ring, (self, _, ctx) => void self.log.push(`rings at ${ctx.now}, knows ${ctx.neighbors("knows").join()}`))
  .on(Leave, (_self, _, ctx) => {
    ctx.schedule(Ring, {}, { delay: 1.5 });
    ctx.schedule(Ring, {}, { delay: 5000 });
    ctx.retire();
  })
  .on(Echo, (_self, _, ctx) => void ctx.schedule(Ring, {}, { delay: 0 }))
  .on(Say, (_self, { to }, ctx) => void ctx.send(to, Ring, {}))
  .on(Fail, () => {
    throw new Error("failed");
  });

interface Start {
  readonly to: number;
  readonly time: number;
  readonly event: typeof Ring | typeof Echo | typeof Leave | typeof Fail | { spawn: number } | { say: number };
}

const beings = (n: number, starts: readonly Start[], onAgentError: OnAgentError = "fail") =>
  model.scenario({
    agents: [Being],
    onAgentError,
    populate(world) {
      const all = world.spawn(Being, n);
      world.relate("knows", all, [
        [0, 1],
        [0, 2],
        [1, 2],
      ]);
      for (const { to, time, event } of starts) {
        if ("spawn" in event) world.send(to, Spawn, { children: event.spawn }, { time });
        else if ("say" in event) world.send(to, Say, { to: event.say }, { time });
        else world.send(to, event, {}, { time });
      }
    },
    observe: { alive: count(Being) },
  });

describe("births", () => {
  it("come at the next edge, first of all, and are known by their parent", async () => {
    const states = statesOf<Life>(await runAnywhere(beings(3, [{ to: 1, time: 4.25, event: { spawn: 1 } }])));
    expect(states[0]).toMatchObject({ mother: NOBODY, log: ["born at 0 as being:0"] });
    expect(states[3]).toEqual({ mother: 1, generation: 1, log: ["born at 5 as being:3"] });
    expect(states.slice(3).map(({ mother, generation }) => [mother, generation])).toEqual([
      [1, 1],
      [3, 2],
      [4, 3],
    ]);
  });

  it("get their indices in the order of parent and child, wherever the parents are", async () => {
    const starts = [2, 0, 1].map((to, i): Start => ({ to, time: 0.1 * i, event: { spawn: 2 } }));
    const states = statesOf<Life>(await runAnywhere(beings(3, starts)));
    expect(states.slice(3, 9).map(({ mother }) => mother)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(states.slice(9, 15).map(({ mother }) => mother)).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it("never use an index again", async () => {
    const starts: Start[] = [
      { to: 2, time: 0, event: Leave },
      { to: 1, time: 2, event: { spawn: 1 } },
    ];
    const result = await runAnywhere(beings(3, starts));
    expect(result.states.map(({ index, flag }) => [index, flag])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, "retired"],
      [3, undefined],
      [4, undefined],
      [5, undefined],
    ]);
  });

  it("cannot be reached before they are there", async () => {
    const message = await failAnywhere(beings(3, [{ to: 0, time: 0, event: { say: 3 } }]));
    expect(message).toMatch(
      /^UNKNOWN_AGENT: agent "being:0", handler "births.say", time 0: .*no agent has index 3; they are 0 to 2$/,
    );
  });

  it("end a run without observations as well", async () => {
    const Egg = model.agent("egg").state(() => ({}));
    const Hen = model
      .agent("hen")
      .state(() => ({}))
      .on(Ring, (_self, _, ctx) => ctx.spawn(Egg));
    const scenario = model.scenario({
      agents: [Egg, Hen],
      populate: (world) => world.send(world.spawn(Hen, 1).at(0), Ring, {}),
    });
    expect(await runAnywhere(scenario)).toMatchObject({ agents: 2, ended: "quiescence" });
  });

  it("that fail end the run, even when nothing else is pending", async () => {
    const Stone = model.agent("stone").state(() => {
      throw new Error("cannot live");
    });
    const Mother = model
      .agent("mother")
      .state(() => ({}))
      .on(Ring, (_self, _, ctx) => ctx.spawn(Stone as never));
    const scenario = model.scenario({
      agents: [Stone as never, Mother],
      populate: (world) => world.send(world.spawn(Mother, 2).at(1), Ring, {}),
    });
    expect(await failAnywhere(scenario)).toBe('HANDLER_FAILED: agent "stone:2", handler "state", time 1: cannot live');
  });

  it("are not undone by a parent that fails in the window of the birth", async () => {
    const starts: Start[] = [
      { to: 0, time: 0, event: { spawn: 1 } },
      { to: 0, time: 1, event: Fail },
      // It writes to the window where the Born was: a row taken back would be written over.
      { to: 2, time: 1, event: Echo },
    ];
    const { states } = await runAnywhere(beings(3, starts, "quarantine"));
    expect(states.map(({ flag }) => flag)).toEqual([
      "quarantined",
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(states[3]!.state).toMatchObject({ mother: 0, log: ["born at 1 as being:3"] });
  });
});

describe("births on workers with limits", () => {
  const starts: Start[] = [
    { to: 1, time: 0, event: Leave },
    { to: 0, time: 0.5, event: { spawn: 2 } },
  ];
  const run = (events: readonly Start[], agentLimits: number[], onAgentError?: OnAgentError) =>
    runPartitioned(beings(3, events, onAgentError), { workers: agentLimits.length, agentLimits, until: { time: 1 } });

  it("have the places of those that leave in the same window", async () => {
    expect(await run(starts, [4])).toMatchObject({ agents: 5, observations: { alive: 4 } });
    expect(await run(starts, [2, 2])).toMatchObject({ agents: 5, observations: { alive: 4 } });
  });

  it("live with their parents while there is room, then together elsewhere, wherever there is most", async () => {
    const program = compile(beings(3, [{ to: 0, time: 0, event: { spawn: 9 } }]));
    const population = await populate(program, dataFiles);
    const runner = (): OutsideEffects => new OutsideEffects(systemClock);
    const placement = Uint16Array.of(0, 1, 1);
    const agentLimits = [4, 100, 100];
    const lockstep = new Lockstep({ program, population, placement, workers: 3, agentLimits, runId: "test", runner });
    // The opening, the window of the birth.
    while (lockstep.engines[0]!.core.table.total === 3) await lockstep.step();
    for (const engine of lockstep.engines) {
      expect(engine.takeBirths().map(({ worker }) => worker)).toEqual([0, 0, 0, 2, 2, 2, 2, 2, 2]);
    }
  });

  it("end the run where they have no place, naming the numbers", async () => {
    const told = "LIMIT: no place for newborn at time 1: 2 live, 2 to be born, the workers may host 3";
    await expect(run(starts, [3])).rejects.toThrow(`${told} (3)`);
    await expect(run(starts, [2.9, 1])).rejects.toThrow(`${told} (2, 1)`);
    await expect(run(starts, [2, 1, ...new Array<number>(7).fill(0)])).rejects.toThrow(
      `${told} (2, 1, 0, 0, 0, 0, 0, 0, ...)`,
    );
  });

  it("are not what a run ends with whose agents fail", async () => {
    const failing: Start[] = [...starts, { to: 2, time: 0.75, event: Fail }];
    await expect(run(failing, [2, 1])).rejects.toThrow('HANDLER_FAILED: agent "being:2"');
    await expect(run(failing, [2, 1], "quarantine")).rejects.toThrow("LIMIT");
  });

  it("count those that failed", async () => {
    const failing: Start[] = [...starts, { to: 2, time: 0, event: Fail }];
    expect(await run(failing, [2, 2], "quarantine")).toMatchObject({ agents: 5 });
    await expect(run(failing, [2, 1], "quarantine")).rejects.toThrow("LIMIT");
  });
});

describe("retirement", () => {
  it("takes ties and timers away, and the rest of the window's events", async () => {
    const starts: Start[] = [
      { to: 1, time: 0.5, event: Leave },
      { to: 1, time: 0.75, event: Ring },
      { to: 0, time: 0.75, event: Ring },
      { to: 0, time: 1, event: Ring },
      { to: 2, time: 1, event: Ring },
      { to: 1, time: 3, event: Ring },
    ];
    const result = await runAnywhere(beings(3, starts));
    const [first, second, third] = statesOf<Life>(result);
    expect(first!.log.slice(1)).toEqual(["rings at 0.75, knows 1,2", "rings at 1, knows 2"]);
    expect(second!.log.slice(1)).toEqual([]);
    expect(third!.log.slice(1)).toEqual(["rings at 1, knows 0"]);
    // Its two timers are gone: the run does not wait for time 5000.
    expect(result.virtualTime).toBe(4);
    expect(result.undeliverable).toBe(2);
    expect(result.observations).toEqual({ alive: 2 });
  });
});

describe("births on their way", () => {
  const profiles = fc.constantFrom(undefined, null, 0, "", {
    a: [1, { b: new Map([["c", new Set([-1])]]) }],
    d: Float64Array.of(2),
  });
  const lists = fc
    .array(fc.array(fc.record({ parent: fc.nat(30), profile: profiles }), { maxLength: 40 }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((workers) =>
      workers.map((births, worker) =>
        births.map(({ parent, profile }, child) => ({
          parent: parent * workers.length + worker,
          child,
          type: child % 3,
          profile,
        })),
      ),
    );

  it("are met in the order of parent and child, each once, with what they were given", () => {
    fc.assert(
      fc.property(lists, fc.nat(40), (workers, home) => {
        const parts = workers.map((births) => {
          // As agents come to be run: by no order that anybody could tell.
          const sorted = births.toReversed();
          sortBirths(sorted);
          return births.length === 0
            ? undefined
            : { sorted, packed: packBirths(sorted, Math.min(home, births.length)) };
        });
        const cursor = new BirthCursor(parts.map((part) => part?.packed));
        const met = [];
        while (cursor.next()) {
          const { sorted, packed } = parts[cursor.worker]!;
          const { parent, child, type, profile } = sorted[cursor.row]!;
          expect([packed.parent[cursor.row], packed.type[cursor.row]]).toEqual([parent, type]);
          if (cursor.row >= packed.home) expect(profileAt(packed, cursor.row)).toEqual(profile);
          met.push({ parent, child, type, profile });
        }
        const all = workers.flat();
        sortBirths(all);
        expect(met).toEqual(all);
        expect(cursor.next()).toBe(false);
      }),
    );
  });

  it("take no more bytes than every worker can hold", () => {
    const births = [1, 2, 3].map((parent) => ({ parent, child: 0, type: 0, profile: "x".repeat(97) }));
    const bytes = packBirths(births, 0).profiles!.bytes.length;
    expect(packBirths(births, 0, bytes).profiles!.bytes.length).toBe(bytes);
    expect(packBirths(births, 1, bytes - 1).profiles!.ends.length).toBe(2);
    expect(() => packBirths(births, 0, bytes - 1)).toThrow(
      /^LIMIT: profiles of newborn .* take 297 bytes at parent 3; in one window at most 296 are possible for each worker$/,
    );
    expect(packBirths(births, 3, 0).profiles).toBe(undefined);
  });
});
