import { expect, test } from "vitest";
import { agentLimitsOf, sharesOf, topologyOf, type WorkerOffer } from "./worker-offer.ts";

const offer = (change: Partial<WorkerOffer> = {}): WorkerOffer => ({
  capacity: 1,
  agentsMax: Infinity,
  host: "a",
  zone: "",
  ...change,
});
const at = (...places: [host: string, zone?: string][]): WorkerOffer[] =>
  places.map(([host, zone = ""]) => offer({ host, zone }));

test("shares are in proportion to the capacities, and sum to 1", () => {
  expect([...sharesOf([1, 2, 5].map((capacity) => offer({ capacity })))]).toEqual([0.125, 0.25, 0.625]);
  expect([...agentLimitsOf([offer({ agentsMax: 3 }), offer()])]).toEqual([3, Infinity]);
});

test("one host is no topology, whatever the zone is called", () => {
  expect(topologyOf(at(["a"], ["a"], ["a"]))).toBeUndefined();
  expect(topologyOf(at(["a", "north"], ["a", "north"]))).toBeUndefined();
  expect(topologyOf(at(["a"]))).toBeUndefined();
});

test("hosts are ten times as far from each other as workers on one, zones a hundred times", () => {
  const two = topologyOf(at(["a"], ["b"], ["a"], ["b"]));
  const inside = (...children: number[]) => ({ cost: 1, children });
  expect(two).toEqual({ cost: 10, children: [inside(0, 2), inside(1, 3)] });
  expect(topologyOf(at(["a"], ["b"], ["c"]))).toEqual({ cost: 10, children: [0, 1, 2] });
  const three = topologyOf(at(["a", "north"], ["b", "south"], ["a", "north"], ["c", "south"]));
  expect(three).toEqual({ cost: 100, children: [inside(0, 2), { cost: 10, children: [1, 3] }] });
});

test("a name of a host in two zones is two hosts", () => {
  expect(topologyOf(at(["a", "north"], ["a", "south"]))).toEqual({ cost: 100, children: [0, 1] });
});
