import { describe, expect, it } from "vitest";
import { contiguousPlacement } from "./placement.ts";
import { Registry } from "./registry.ts";

const TYPES = ["person", "shop"];

function registryOf(count: number, named: (index: number) => string | undefined, workers = 4): Registry {
  const typeOf = Uint16Array.from({ length: count }, (_, i) => i % 2);
  const registry = new Registry(TYPES, typeOf, contiguousPlacement(count, workers), count);
  const names: [number, string][] = [];
  for (let i = 0; i < count; i++) {
    const name = named(i);
    if (name !== undefined) names.push([i, name]);
  }
  registry.setNames(names);
  return registry;
}

describe("registry", () => {
  it("finds agents by index, by default name and by a name of their own", () => {
    const registry = registryOf(100, (i) => (i === 7 ? "Ümit" : undefined));
    expect(registry.locate("60")).toEqual({ index: 60, name: "person:60", type: "person", worker: 2 });
    expect(registry.locate("shop:61")).toEqual({ index: 61, name: "shop:61", type: "shop", worker: 2 });
    expect(registry.locate("Ümit")).toEqual({ index: 7, name: "Ümit", type: "shop", worker: 0 });
    expect(registry.nameOf(7)).toBe("Ümit");
  });

  it("does not find what is not there", () => {
    const registry = registryOf(100, (i) => (i === 7 ? "anna" : undefined));
    for (const agent of ["100", "shop:60", "shop:7", "anne", "", "-1", "007", "1e1", "person:", "4294967296"]) {
      expect([agent, registry.locate(agent)]).toEqual([agent, undefined]);
    }
  });

  it("takes births", () => {
    const registry = registryOf(10, () => undefined);
    registry.addBirths([1, 0, 1], [3, 2, 1]);
    expect(registry.count).toBe(13);
    expect([0, 1, 2, 3, 4].map((worker) => registry.agentsOf(worker))).toEqual([2, 4, 3, 4, 0]);
    expect(registry.locate("person:11")).toEqual({ index: 11, name: "person:11", type: "person", worker: 2 });
    for (let i = 0; i < 1000; i++) registry.addBirths([0], [1]);
    expect(registry.locate("1012")?.name).toBe("person:1012");
  });

  it("holds a million agents with names in tens of megabytes, each found both ways", () => {
    const count = 1_000_000;
    const registry = registryOf(count, (i) => `user-${i * 7}`);
    expect(registry.byteLength).toBeLessThan(64 * 1024 * 1024);
    expect(registryOf(count, () => undefined).byteLength).toBeLessThan(5 * 1024 * 1024);
    for (let i = 0; i < count; i += 997) {
      expect(registry.locate(`user-${i * 7}`)?.index).toBe(i);
      expect(registry.locate(String(i))?.name).toBe(`user-${i * 7}`);
    }
    expect(registry.locate("user-1")).toBeUndefined();
  });
});
