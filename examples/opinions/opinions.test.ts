import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { collect } from "../collect.ts";
import scenario from "./scenario.ts";

test("opinions settle where one more round would move nobody", async () => {
  const { result, samples, states } = await collect(scenario, { seed: 7 });
  expect(result.agents).toBe(21_363);
  expect(result.ended).toBe("when");
  expect(result.observations.restless).toBe(0);

  const opinions = states.sort((a, b) => a.index - b.index).map((row) => (row.state as { opinion: number }).opinion);
  const moves = step(opinions, readColleagues(), 0.3).map((opinion, i) => Math.abs(opinion - opinions[i]!));
  expect(Math.max(...moves)).toBeLessThan(0.011);
  expect(Math.min(...opinions)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...opinions)).toBeLessThanOrEqual(1);

  const [first, last] = [samples[0]!.values, result.observations] as Record<string, number>[];
  expect(first!.spread).toBeCloseTo(1 / 12, 2);
  expect(last!.spread).toBeLessThan(first!.spread! / 1.2);
  const histogram = result.observations.opinions as number[];
  expect(histogram.reduce((total, bin) => total + bin, 0)).toBe(21_363);
});

test("without confidence nobody moves", async () => {
  const { result } = await collect(scenario, { seed: 7, params: { confidence: 0 } });
  expect(result.ended).toBe("when");
  expect(result.observations.spread).toBeCloseTo(1 / 12, 2);
});

/** One round of the model, in full (Hegselmann and Krause 2002). */
function step(opinions: readonly number[], colleagues: readonly number[][], confidence: number): number[] {
  return opinions.map((own, i) => {
    const near = colleagues[i]!.map((j) => opinions[j]!).filter((opinion) => Math.abs(opinion - own) <= confidence);
    return [own, ...near].reduce((total, opinion) => total + opinion, 0) / (near.length + 1);
  });
}

function readColleagues(): number[][] {
  const colleagues: number[][] = Array.from({ length: 21_363 }, () => []);
  const file = new URL("data/collaborations.el.gz", import.meta.url);
  for (const line of gunzipSync(readFileSync(file)).toString().split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [a, b] = line.split(" ").map(Number) as [number, number];
    colleagues[a]!.push(b);
    colleagues[b]!.push(a);
  }
  return colleagues;
}
