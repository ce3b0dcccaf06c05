import { higherIsBetter, type Unit } from "./case.ts";
import { median, type Summary, summarise } from "./statistics.ts";

/** What takes so many times as long as before, or more, has got slower: 10% is what noise makes of equal code on shared cores. */
export const SLOWER_FROM = 1.1;

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
  readonly slower: boolean;
  /** The median ratio of processor time. It does not decide: what waits longer is slower too. */
  readonly cpu?: number;
}

/** Compares by ratios within pairs: what slows down a whole minute slows down both of a pair. Expects at least one pair. */
export function compare(name: string, unit: Unit, pairs: readonly Pair[]): Comparison {
  const ratios = pairs.map(({ before, after }) => (higherIsBetter(unit) ? before / after : after / before));
  const summary = summarise(ratios);
  const cpu = pairs.flatMap((pair) => pair.cpu ?? []);
  return {
    name,
    unit,
    ...summary,
    before: median(pairs.map(({ before }) => before)),
    after: median(pairs.map(({ after }) => after)),
    slower: summary.median > SLOWER_FROM,
    ...(cpu.length === 0 ? {} : { cpu: median(cpu) }),
  };
}
