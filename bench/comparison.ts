import { higherIsBetter, type Unit } from "./case.ts";
import { median, type Summary, summarise } from "./statistics.ts";

/** What takes more than so many times as long as before has got slower. */
export const SLOWER_FROM = 1.1;
/**
 * Other work on the machine only ever slows a run down, so the best reading of each side is the one with the least of it.
 * Where even these are closer than this, the pairs differ by noise.
 */
const BEST_SLOWER_FROM = 1.05;

/** The same case of two copies, measured one right after the other. */
export interface Pair {
  readonly before: number;
  readonly after: number;
  /** Processor time after over before, where it is known. */
  readonly cpu?: number;
}

/** How often as much time, or memory, a case takes after as before: the median of the pairs' ratios. */
export interface Comparison extends Summary {
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  /** The best reading after over the best before, as a ratio of cost. */
  readonly best: number;
  readonly slower: boolean;
  /** The median ratio of processor time. It does not decide: what waits longer is slower too. */
  readonly cpu?: number;
}

/** Compares by ratios within pairs: what slows down a whole minute slows down both of a pair. Expects at least one pair. */
export function compare(name: string, unit: Unit, pairs: readonly Pair[]): Comparison {
  const cost = (value: number): number => (higherIsBetter(unit) ? 1 / value : value);
  const costs = pairs.map(({ before, after }) => ({ before: cost(before), after: cost(after) }));
  const ratios = costs.map(({ before, after }) => after / before);
  const best = Math.min(...costs.map(({ after }) => after)) / Math.min(...costs.map(({ before }) => before));
  const summary = summarise(ratios);
  const cpu = pairs.flatMap((pair) => pair.cpu ?? []);
  return {
    name,
    unit,
    ...summary,
    before: median(pairs.map(({ before }) => before)),
    after: median(pairs.map(({ after }) => after)),
    best,
    slower: summary.median > SLOWER_FROM && best > BEST_SLOWER_FROM,
    ...(cpu.length === 0 ? {} : { cpu: median(cpu) }),
  };
}
