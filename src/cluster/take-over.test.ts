import fc from "fast-check";
import { expect, it } from "vitest";
import { chooseHosts, type Host } from "./take-over.ts";

const host = (id: number, parts: number, agents: number, more: Partial<Host> = {}): Host => ({
  id,
  parts,
  agents,
  agentsMax: Number.POSITIVE_INFINITY,
  capacity: 1,
  ...more,
});

it("a spare takes over first, the strongest of several, each one part", () => {
  const hosts = [host(0, 1, 10), host(7, 0, 0), host(8, 0, 0, { capacity: 2 })];
  expect([...chooseHosts([{ part: 1, agents: 100 }], hosts)]).toEqual([[1, 8]]);
  const two = chooseHosts(
    [1, 2].map((part) => ({ part, agents: 100 - part })),
    hosts,
  );
  expect([...two]).toEqual([
    [1, 8],
    [2, 7],
  ]);
});

it("without spares, whoever carries the least for its capacity does, and several parts are spread", () => {
  const hosts = [host(0, 1, 100), host(1, 1, 100, { capacity: 3 }), host(2, 1, 90)];
  const parts = [3, 4].map((part) => ({ part, agents: 100 }));
  expect([...chooseHosts(parts, hosts)]).toEqual([
    [3, 1],
    [4, 1],
  ]);
  expect([...chooseHosts([{ part: 3, agents: 100 }], [hosts[0]!, hosts[2]!])]).toEqual([[3, 2]]);
});

it("refuses with the numbers what nobody has room for", () => {
  const hosts = [host(0, 1, 60, { agentsMax: 100 }), host(1, 1, 90, { agentsMax: 100 })];
  expect(() => chooseHosts([{ part: 2, agents: 41 }], hosts)).toThrow(
    "CAPACITY: nobody can take over the 41 agents of worker 2: process 0 has room for 40, process 1 has room for 10",
  );
  expect(() => chooseHosts([{ part: 2, agents: 1 }], [])).toThrow("no worker is left");
});

it("never breaks a limit, and gives every part a host or none", () => {
  const hosts = fc.array(
    fc.record({ parts: fc.nat(2), agents: fc.nat(50), room: fc.nat(100), capacity: fc.integer({ min: 1, max: 9 }) }),
    { maxLength: 6 },
  );
  const lost = fc.array(fc.nat(60), { maxLength: 5 });
  fc.assert(
    fc.property(hosts, lost, (rows, sizes) => {
      const all = rows.map(({ room, ...rest }, id) => ({ id, ...rest, agentsMax: rest.agents + room }));
      const parts = sizes.map((agents, part) => ({ part, agents }));
      let chosen: Map<number, number>;
      try {
        chosen = chooseHosts(parts, all);
      } catch {
        return;
      }
      expect([...chosen.keys()].sort()).toEqual(parts.map(({ part }) => part).sort());
      for (const { id, agents, agentsMax } of all) {
        const more = parts.filter(({ part }) => chosen.get(part) === id).reduce((sum, part) => sum + part.agents, 0);
        expect(agents + more).toBeLessThanOrEqual(agentsMax);
      }
    }),
  );
});
