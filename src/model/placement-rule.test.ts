import { defineModel } from "myriad";
import { describe, expect, test } from "vitest";
import { type PlacementDefinition, placementRule } from "./placement-rule.ts";

const FAST = { crossTypeWeight: 3, imbalance: 0.03, preset: "fast" };

test("what is left out has its default", () => {
  expect(placementRule(undefined)).toEqual({ method: undefined, ...FAST });
  expect(placementRule("hash")).toEqual({ method: "hash", ...FAST });
  expect(placementRule({ method: "communities", imbalance: 0 })).toEqual({
    method: "communities",
    ...FAST,
    imbalance: 0,
  });
});

describe("a scenario refuses what it cannot place by, with field, value and range", () => {
  const model = defineModel({ name: "placed" });
  const agents = [model.agent("one").state(() => ({}))];
  test.each<[unknown, string]>([
    ["random", 'placement is "random"; it must be one of communities, hash, contiguous, or a record'],
    [null, "placement is null; it must be one of communities, hash, contiguous, or a record"],
    [{ method: "hash", imbalance: 0.1 }, 'placement.method is "hash"; with options it must be "communities"'],
    [{ imbalance: 0.1 }, 'placement.method is undefined; with options it must be "communities"'],
    [
      { method: "communities", crossTypeWeight: 0 },
      "placement.crossTypeWeight is 0; it must be a number above 0, at most 1000",
    ],
    [
      { method: "communities", crossTypeWeight: 1001 },
      "placement.crossTypeWeight is 1001; it must be a number above 0, at most 1000",
    ],
    [{ method: "communities", imbalance: 1.5 }, "placement.imbalance is 1.5; it must be a number from 0 to 1"],
    [{ method: "communities", imbalance: Number.NaN }, "placement.imbalance is NaN; it must be a number from 0 to 1"],
    [{ method: "communities", preset: "slow" }, 'placement.preset is "slow"; it must be one of fast, eco, best'],
    [
      { method: "communities", seed: 1 },
      'unknown key "placement.seed"; known are method, crossTypeWeight, imbalance, preset',
    ],
  ])("%j", (placement, line) => {
    expect(() => model.scenario({ agents, placement: placement as PlacementDefinition })).toThrow(
      `INVALID_SCENARIO: scenario: ${line}`,
    );
  });
});
