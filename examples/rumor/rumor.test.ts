import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { collect } from "../collect.ts";
import scenario from "./scenario.ts";

type Run = Awaited<ReturnType<typeof collect>>;
type Cascade = { origin: number; reach: number; depth: number };
const cascades = ({ records }: Run) => records.map((row) => row.value as Cascade);
const sumOf = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test("most rumors die at once, a few reach thousands; what people believe adds up to it", async () => {
  const run = await collect(scenario, { seed: 7 });
  const reach = cascades(run).map((cascade) => cascade.reach);
  expect(run.result.agents).toBe(36_692 + 100);
  expect(reach).toHaveLength(100);
  expect(reach.filter((size) => size < 10).length).toBeGreaterThan(60);
  expect(reach.filter((size) => size > 2000).length).toBeGreaterThanOrEqual(3);
  expect(Math.min(...reach)).toBe(1);

  const people = run.states.filter((row) => row.type === "person").map((row) => row.state as { believes: Set<number> });
  expect(sumOf(people.map(({ believes }) => believes.size))).toBe(sumOf(reach));
  expect(run.result.observations).toMatchObject({ believed: sumOf(reach), largest: Math.max(...reach) });
});

test("a rumor that nobody believes stays with its origin", async () => {
  const run = await collect(scenario, { seed: 1, params: { appeal: 0, rumors: 5 } });
  expect(cascades(run).map(({ reach, depth }) => [reach, depth])).toEqual(Array(5).fill([1, 0]));
});

test("a rumor that everybody believes covers its component, as deep as a breadth-first search", async () => {
  const run = await collect(scenario, { seed: 3, params: { appeal: 1, rumors: 3 } });
  const contacts = readContacts();
  for (const { origin, reach, depth } of cascades(run)) {
    const distances = distancesFrom(origin, contacts);
    expect({ reach, depth }).toEqual({ reach: distances.length, depth: Math.max(...distances) });
  }
});

function readContacts(): number[][] {
  const contacts: number[][] = Array.from({ length: 36_692 }, () => []);
  const file = new URL("data/contacts.el.gz", import.meta.url);
  for (const line of gunzipSync(readFileSync(file)).toString().split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [a, b] = line.split(" ").map(Number) as [number, number];
    contacts[a]!.push(b);
    contacts[b]!.push(a);
  }
  return contacts;
}

/** Of everyone who can be reached. */
function distancesFrom(origin: number, contacts: readonly number[][]): number[] {
  const distance = new Map([[origin, 0]]);
  for (const person of distance.keys()) {
    for (const contact of contacts[person]!) {
      if (!distance.has(contact)) distance.set(contact, distance.get(person)! + 1);
    }
  }
  return [...distance.values()];
}
