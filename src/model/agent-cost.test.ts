import { defineModel } from "myriad";
import { expect, test } from "vitest";
import { dataFiles } from "../store/data-file.ts";
import type { AgentDefinition } from "./agent.ts";
import { populate } from "./populate.ts";
import { compile } from "./program.ts";
import type { World } from "./world.ts";

const model = defineModel({ name: "costly" });
const Light = model.agent("light").state(() => ({}));
const Heavy = model
  .agent("heavy")
  .state((profile: { staff: number }) => ({ staff: profile.staff }))
  .cost(({ staff }) => 1 + staff / 10);

const costsOf = async (fill: (world: World) => void): Promise<number[] | null> => {
  const scenario = model.scenario({ agents: [Light, Heavy], populate: (world) => fill(world as unknown as World) });
  const { costs } = await populate(compile(scenario), dataFiles);
  return costs === null ? null : [...costs];
};

test("agents cost 1, or what their type says of their profile", async () => {
  const costs = await costsOf((world) => {
    world.spawn(Light, 2);
    world.spawn(Heavy, 3, (i) => ({ staff: i * 10 }));
    world.spawn(Light, 1);
  });
  expect(costs).toEqual([1, 1, 1, 2, 3, 1]);
});

test("equal costs need no room", async () => {
  expect(await costsOf((world) => void world.spawn(Light, 2000))).toBeNull();
  expect(await costsOf((world) => void world.spawn(Heavy, 2000, () => ({ staff: 5 })))).toBeNull();
});

test("costs that are none are refused by name", async () => {
  await expect(costsOf((world) => void world.spawn(Heavy, 2, (i) => ({ staff: -10 * i })))).rejects.toThrow(
    'INVALID_SCENARIO: the cost of "heavy:1" is 0; it must be a finite number above 0',
  );
  const other = (): AgentDefinition<unknown, unknown, never> =>
    defineModel({ name: "other" })
      .agent("one")
      .state(() => ({})) as never;
  for (const cost of [0, -1, Number.POSITIVE_INFINITY, Number.NaN, "2"] as number[]) {
    expect(() => other().cost(cost)).toThrow(
      `INVALID_SCENARIO: agent "one": cost is ${typeof cost === "string" ? `"${cost}"` : cost}; it must be a finite number above 0, or a function of the profile`,
    );
  }
  expect(() => other().cost(2).cost(3)).toThrow('INVALID_SCENARIO: agent "one": cost is said twice');
});
