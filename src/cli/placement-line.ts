import type { PlacementFigures } from "../cluster/placement-figures.ts";

const HOW: Readonly<Record<PlacementFigures["method"], string>> = {
  communities: "by communities",
  hash: "by hash",
  contiguous: "contiguously",
};

/** Where agents went, in one line. */
export function placementLine({ method, edgeCut, imbalance, cutByTypePair, seconds }: PlacementFigures): string {
  const ties = cutByTypePair.length === 0 ? "no ties" : `${percent(edgeCut)} of the ties between workers`;
  return `placed ${HOW[method]} in ${seconds.toFixed(2)} s: ${ties}, loads up to ${percent(imbalance)} above their share`;
}

const percent = (part: number): string => `${(part * 100).toFixed(1)}%`;
