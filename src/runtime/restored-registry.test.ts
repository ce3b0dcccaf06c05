import { expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { Engine } from "../engine/engine.ts";
import { defineEvent } from "../model/event.ts";
import { defineModel } from "../model/model.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import type { CheckpointManifest } from "../store/checkpoint-manifest.ts";
import { dataFiles } from "../store/data-file.ts";
import { restoredRegistry } from "./restored-registry.ts";
import { loadPopulation } from "./single.ts";

const Tick = defineEvent("tick", {});
const model = defineModel({ name: "registry" });
const Cat = model
  .agent("cat")
  .state(() => ({}))
  .on(Tick, () => {});
const Dog = model
  .agent("dog")
  .state(() => ({}))
  .on(Tick, () => {});
const program = compile(
  model.scenario({
    agents: [Cat, Dog],
    populate(world) {
      world.spawn(Cat, 3);
      const dogs = world.spawn(Dog, 4, undefined, { name: (i) => `rex-${i}` });
      world.send(dogs.at(0), Tick, {});
    },
  }),
  { seed: 1 },
);

test("types, names and places are those of the checkpoint, for the number of workers that there are", async () => {
  const engine = new Engine({ program, runId: "r", runner: new OutsideEffects(systemClock) });
  loadPopulation(engine, await populate(program, dataFiles));
  const decision = engine.apply([engine.closing()]);
  if (decision.kind !== "window") throw new Error("there is an event");
  const sections = [
    engine.savePart(decision.window),
    engine.saveCommon(decision.window),
    ...engine.saveAgents(decision.window, { chunkBytes: 64 }),
  ];
  const store = {
    async *readPart() {
      yield* sections;
    },
  };
  const manifest = { workers: [0] } as unknown as CheckpointManifest;
  const registry = await restoredRegistry(program, store, manifest, 2);
  expect(registry.count).toBe(7);
  expect(registry.locate("rex-2")).toEqual({ index: 5, name: "rex-2", type: "dog", worker: 1 });
  expect(registry.locate("cat:1")).toMatchObject({ index: 1, type: "cat", worker: 0 });
  expect([registry.agentsOf(0), registry.agentsOf(1)]).toEqual([3, 4]);
});
