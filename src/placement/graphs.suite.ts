import { buildCsr, type Csr } from "./csr.ts";
import { Chance } from "./shuffle.ts";

/** Small seeded graphs for the tests of this folder. */

/** Blocks of equal size with mean inner and outer degree: `planted[v]` is the block of v. Ids are in random order. */
export function plantedGraph(n: number, blocks: number, inner: number, outer: number, seed: number) {
  const chance = new Chance(seed);
  const planted = Uint16Array.from({ length: n }, (_, v) => v % blocks);
  const source: number[] = [];
  const target: number[] = [];
  for (let i = 0; i < (n * inner) / 2; i++) {
    const a = chance.below(n);
    source.push(a);
    target.push((a % blocks) + blocks * chance.below(Math.floor(n / blocks)));
  }
  for (let i = 0; i < (n * outer) / 2; i++) {
    source.push(chance.below(n));
    target.push(chance.below(n));
  }
  return { graph: buildCsr(n, source, target), planted };
}

export function gridGraph(side: number): Csr {
  const source: number[] = [];
  const target: number[] = [];
  for (let v = 0; v < side * side; v++) {
    if (v % side < side - 1) {
      source.push(v);
      target.push(v + 1);
    }
    if (v + side < side * side) {
      source.push(v);
      target.push(v + side);
    }
  }
  return buildCsr(side * side, source, target);
}

/** Cut counted edge by edge, the slow and plain way. */
export function naiveCut(source: number[], target: number[], weights: number[], parts: ArrayLike<number>): number {
  let cut = 0;
  for (let i = 0; i < source.length; i++) if (parts[source[i]!] !== parts[target[i]!]) cut += weights[i]!;
  return cut;
}
