import { Born, defineEvent, defineModel, sum } from "myriad";
import { describe, expect, it } from "vitest";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "../testing/lockstep.ts";
import { RecordedEffects } from "../testing/recorded-effects.ts";
import type { EffectRequest, Outcome } from "./effects.ts";
import { Engine, stateHash } from "./engine.ts";
import { openSection } from "./section.ts";
import { stubs, thinkers } from "./thinkers.suite.ts";

const program = compile(thinkers, { seed: 3 });
const runner = (): RecordedEffects => new RecordedEffects(stubs);
const placed = (workers: number): Uint16Array => Uint16Array.from({ length: 12 }, (_, i) => i % workers);

async function start(workers: number, windows: number): Promise<Lockstep> {
  const population = await populate(program, dataFiles);
  const lockstep = new Lockstep({ program, population, placement: placed(workers), workers, runId: "test", runner });
  for (let i = 0; i < windows; i++) await lockstep.step();
  return lockstep;
}

const hashOf = ({ engines }: Lockstep): string => stateHash(engines.map((engine) => engine.finish().hash));
const kindOf = (bytes: Uint8Array): string => openSection(bytes).kind;
const indices = (engine: Engine): number[] => [...engine.states()].map(({ index }) => index).sort((a, b) => a - b);

describe("saving", () => {
  it("wants records, samples and births to be taken before", async () => {
    const lockstep = await start(1, 8);
    const [engine] = lockstep.engines;
    expect(() => engine!.saveCommon(9)).toThrow(/records, samples and births are taken before/);
    expect(() => [...engine!.saveAgents(9, { chunkBytes: 1000 })]).toThrow(/are taken before/);
    engine!.takeSamples();
    engine!.takeRecords();
    engine!.takeBirths();
    expect(() => engine!.saveCommon(9)).not.toThrow();
  });

  it("is over before the next window", async () => {
    const lockstep = await start(1, 4);
    lockstep.save();
    const [engine] = lockstep.engines;
    const next = engine!.core.calendar.next();
    const sections = engine!.saveAgents(next, { chunkBytes: 100 })[Symbol.iterator]();
    sections.next();
    await engine!.runWindow(next);
    expect(() => sections.next()).toThrow(/before the next window is run/);
  });

  it("of what has changed leaves out the rest, and comes to all together with what was saved before", async () => {
    const lockstep = await start(2, 3);
    const sections = [...lockstep.save().sections];
    let smaller = 0;
    while (lockstep.decision.kind === "window") {
      await lockstep.step();
      if ((lockstep.decision.kind as string) === "end") break;
      const delta = lockstep.save({ changedOnly: true });
      sections.push(...delta.sections);
      const full = lockstep.save();
      const rows = (of: readonly Uint8Array[]): number =>
        of.filter((bytes) => kindOf(bytes) === "agents").reduce((total, bytes) => total + bytes.length, 0);
      if (rows(delta.sections) < rows(full.sections) * 0.8) smaller++;
      const total = lockstep.engines[0]!.core.table.total;
      const own = { program, placement: new Uint16Array(total), workers: 1, runId: "test", runner };
      const loaded = await Lockstep.load(own, { ...delta, sections });
      expect(hashOf(loaded)).toBe(hashOf(lockstep));
    }
    expect(smaller).toBeGreaterThan(3);
  });

  it("of some agents has theirs alone", async () => {
    const lockstep = await start(1, 6);
    const [engine] = lockstep.engines;
    const { sections } = lockstep.save();
    const all = (agents: number[]): Uint8Array[] => [...engine!.saveAgents(9, { chunkBytes: 100, agents })];
    expect(all([])).toEqual([]);
    const one = all([5]);
    const bytes = (of: readonly Uint8Array[], kind: string): number =>
      of.filter((section) => kindOf(section) === kind).reduce((total, { length }) => total + length, 0);
    for (const kind of ["agents", "events", "activations"]) {
      expect(bytes(one, kind)).toBeGreaterThan(0);
      expect(bytes(one, kind)).toBeLessThan(bytes(sections, kind) / 2);
    }
  });

  it("refuses agents that live elsewhere", async () => {
    const lockstep = await start(2, 4);
    lockstep.save();
    expect(() => [...lockstep.engines[0]!.saveAgents(5, { chunkBytes: 100, agents: [0, 1] })]).toThrow(
      "UNKNOWN_AGENT: agent 1 is to be saved, but does not live here",
    );
  });

  it("refuses a state that is no plain data, naming agent and place", async () => {
    const lockstep = await start(1, 4);
    lockstep.save();
    const [engine] = lockstep.engines;
    const { table } = engine!.core;
    table.state[9] = { deep: [1, { far: () => 1 }] };
    expect(() => [...engine!.saveAgents(5, { chunkBytes: 100 })]).toThrow(
      /NOT_PLAIN_DATA: agent "oracle:9": state.deep\[1\].far/,
    );
  });
});

describe("loading", () => {
  it("refuses what is not whole", async () => {
    const lockstep = await start(2, 6);
    const { common, sections } = lockstep.save();
    const loaded = (left: readonly Uint8Array[]): Promise<void> => {
      const engine = new Engine({ program, runId: "test", runner: runner() });
      engine.load(common, new Uint16Array(lockstep.engines[0]!.core.table.total));
      for (const section of left) engine.adopt(section);
      return engine.opened();
    };
    await expect(loaded(sections)).resolves.toBeUndefined();
    await expect(loaded(sections.filter((bytes) => kindOf(bytes) !== "activations"))).rejects.toThrow(
      /CORRUPT: the checkpoint lacks the suspended handler of agent \d/,
    );
    await expect(loaded(sections.slice(1))).rejects.toThrow(/CORRUPT: the checkpoint lacks agent \d/);
  });

  it("refuses a section of a later save, and another placement than there are agents", async () => {
    const lockstep = await start(1, 5);
    const early = lockstep.save();
    await lockstep.step();
    const late = lockstep.save();
    const engine = new Engine({ program, runId: "test", runner: runner() });
    expect(() => engine.load(early.common, new Uint16Array(5))).toThrow(/INVALID_PLACEMENT: 5 agents placed/);
    expect(() => engine.load(early.common, placed(2))).toThrow(/INVALID_PLACEMENT: agent 1 is placed on worker 1/);
    engine.load(early.common);
    expect(() => engine.adopt(late.sections[0]!)).toThrow(/MISMATCH: a section \(agents\) of window/);
    const other = new Engine({ program: compile(simple()), runId: "test", runner: runner() });
    expect(() => other.load(early.common)).toThrow(
      "MISMATCH: relations of the checkpoint: knows; of the model: friends",
    );
  });

  it("asks again for what has no answer, with the same key, and not for what has one", async () => {
    const asked: EffectRequest[] = [];
    const answered = { ok: true, value: 1 } as const;
    const start = (answers: (request: EffectRequest) => Promise<Outcome>): Engine => {
      const run = (request: EffectRequest): Promise<Outcome> => {
        asked.push(request);
        return answers(request);
      };
      return new Engine({ program: compile(simple()), runId: "run", runner: { run, stop: () => {} } });
    };
    const engine = start(({ name }) => (name === "quick" ? Promise.resolve(answered) : new Promise(() => {})));
    engine.setPlacement(new Uint16Array(2));
    engine.loadAgents(0, Uint16Array.of(0, 0), null, { get: () => new Uint8Array(0) });
    engine.open();
    engine.apply([engine.closing()]);
    await engine.runWindow(0);
    const decision = engine.apply([engine.closing()]);
    expect(decision).toEqual({ kind: "window", window: 5 });
    engine.takeSamples();
    expect(asked.map(({ key, agent, call }) => [key, agent, call])).toEqual([
      ["run/0/0", 0, 0],
      ["run/0/1", 0, 1],
      ["run/1/0", 1, 0],
      ["run/1/1", 1, 1],
    ]);
    asked.splice(0);
    const again = start(() => Promise.resolve(answered));
    again.load(engine.saveCommon(5));
    for (const section of engine.saveAgents(5, { chunkBytes: 1000 })) again.adopt(section);
    again.adopt(engine.savePart(5));
    await again.opened();
    expect(again.window).toBe(0);
    expect(asked.map(({ key, agent, call, name }) => [key, agent, call, name])).toEqual([
      ["run/0/1", 0, 1, "slow"],
      ["run/1/1", 1, 1, "slow"],
    ]);
    await again.runWindow(5);
    expect([...again.states()].map(({ state }) => state)).toEqual([{ sum: 2 }, { sum: 2 }]);
    expect(again.finish().effects).toEqual({ calls: 4, replayed: 0 });
  });
});

describe("moving", () => {
  it("lets go of agents with all that is theirs, and says what is missing until they are adopted", async () => {
    const lockstep = await start(3, 6);
    const before = hashOf(lockstep);
    const total = lockstep.engines[0]!.core.table.total;
    await lockstep.move(Uint16Array.from({ length: total }, (_, i) => (i * 7) % 2));
    expect(lockstep.engines.map(indices).map(({ length }) => length)).toEqual([
      Math.ceil(total / 2),
      Math.floor(total / 2),
      0,
    ]);
    expect([...lockstep.engines[2]!.core.calendar.batches()]).toEqual([]);
    expect(lockstep.engines[2]!.suspended).toBe(0);
    expect(hashOf(lockstep)).toBe(before);
    const [one] = lockstep.engines;
    one!.move({ next: 9, placement: new Uint16Array(total) });
    await expect(one!.opened()).rejects.toThrow(/CORRUPT: the checkpoint lacks agent/);
  });

  it("does not mind answers to those that have left", async () => {
    let answer: (outcome: Outcome) => void = () => {};
    const run = ({ name }: EffectRequest): Promise<Outcome> =>
      new Promise((resolve) => {
        if (name === "quick") resolve({ ok: true, value: 1 });
        else answer = resolve;
      });
    const engine = new Engine({ program: compile(simple()), workers: 2, runId: "run", runner: { run, stop() {} } });
    engine.setPlacement(Uint16Array.of(0, 1));
    engine.loadAgents(0, Uint16Array.of(0), null, { get: () => new Uint8Array(0) });
    engine.open();
    const none = engine.closing();
    engine.apply([none, none]);
    await engine.runWindow(0);
    const closing = engine.closing();
    engine.apply([closing, closing]);
    engine.takeSamples();
    engine.move({ next: 5, placement: Uint16Array.of(1, 1) });
    await engine.opened();
    answer({ ok: true, value: 1 });
    await engine.runWindow(5);
    expect([...engine.states()]).toEqual([]);
    expect(engine.suspended).toBe(0);
  });
});

/** Two calls at birth: the answer to one is in before it is due. */
function simple() {
  const Never = defineEvent("adoption.never", {});
  const model = defineModel({ name: "simple", relations: ["friends"] });
  const Asker = model
    .agent("asker")
    .state(() => ({ sum: 0 }))
    .on(Born, async (self, _, ctx) => {
      const [a, b] = await Promise.all([
        ctx.effect("quick", 0, (): number => 0, { thinkTime: 5 }),
        ctx.effect("slow", 0, (): number => 0, { thinkTime: 5.5 }),
      ]);
      self.sum = a + b;
    })
    .on(Never, () => {});
  return model.scenario({
    agents: [Asker],
    populate: (world) => void world.spawn(Asker, 2),
    observe: { sums: sum(Asker, (self) => self.sum) },
    observeEvery: 100,
  });
}
