import { expect, test } from "vitest";
import type { PlacementFigures } from "../cluster/placement-figures.ts";
import { placementLine } from "./placement-line.ts";

const figures: PlacementFigures = {
  method: "communities",
  edgeCut: 0.04249,
  imbalance: 0.02,
  cutByTypePair: [{ types: ["person", "person"], weight: 100, cut: 4.249 }],
  seconds: 0.348,
};

test("a placement in one line", () => {
  expect(placementLine(figures)).toBe(
    "placed by communities in 0.35 s: 4.2% of the ties between workers, loads up to 2.0% above their share",
  );
  expect(placementLine({ ...figures, method: "hash" })).toMatch(/^placed by hash in/);
  expect(placementLine({ ...figures, method: "contiguous", cutByTypePair: [], edgeCut: 0, imbalance: 0 })).toBe(
    "placed contiguously in 0.35 s: no ties, loads up to 0.0% above their share",
  );
});
