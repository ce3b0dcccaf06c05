import fc from "fast-check";
import { expect, test } from "vitest";
import { collect } from "../collect.ts";
import scenario from "./scenario.ts";
import { Seating } from "./seating.ts";

test("letters stay in the group of their time, and the change shows in no count", async () => {
  const { result, samples } = await collect(scenario, { seed: 7, params: { agents: 1000, groups: 20 } });
  const rows = samples.map(({ values }) => values as { letters: number; fromGroup: number });
  expect(result.agents).toBe(1000);
  expect(rows.at(-1)!.letters).toBe(result.events);
  // One letter for each agent is on its way, for 1.5 on average; 5% go to anyone, of whom one in 20 is in the group.
  const share = (from: number, to: number): number =>
    (rows[to]!.fromGroup - rows[from]!.fromGroup) / (rows[to]!.letters - rows[from]!.letters);
  expect(Math.abs(result.events / (1000 * (100 / 1.5)) - 1)).toBeLessThan(0.02);
  expect(share(0, 4)).toBeCloseTo(0.9525, 1);
  expect(share(5, 9)).toBeCloseTo(0.9525, 1);
});

test("the result is the same bits everywhere", async () => {
  const { result } = await collect(scenario, { seed: 7 });
  expect(result.events).toBe(668_553);
  expect(result.stateHash).toBe("789023a26c0e5d1b2f577dfbd8645446");
});

test("groups are others after the change", async () => {
  const before = await collect(scenario, { seed: 7, params: { agents: 200, groups: 10, changeAt: 1000 } });
  const after = await collect(scenario, { seed: 7, params: { agents: 200, groups: 10, changeAt: 20 } });
  expect(after.result.stateHash).not.toBe(before.result.stateHash);
  expect(after.result.events).toBeGreaterThan(10_000);
});

test("a seating is a permutation", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(0xffff_ffff), (count, key) => {
      const seating = new Seating(count, key);
      const seats = Array.from({ length: count }, (_, who) => seating.seatOf(who));
      expect(seats.map((seat) => seating.whoSits(seat))).toEqual([...seats.keys()]);
      expect(new Set(seats).size).toBe(count);
      expect(Math.max(...seats)).toBe(count - 1);
    }),
  );
});

test("a seating breaks groups up", () => {
  const seating = new Seating(10_000, 12345);
  const groups = new Set(Array.from({ length: 100 }, (_, who) => Math.floor(seating.seatOf(who) / 100)));
  // 100 draws of 100 groups hit 63 different ones on average.
  expect(groups.size).toBeGreaterThan(50);
});

test("more groups than agents are refused", async () => {
  await expect(collect(scenario, { params: { agents: 5, groups: 6 } })).rejects.toThrow(/groups must not be more/);
});
