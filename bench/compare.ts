/**
 * Measures an older Myriad and this working tree in turn, and names what has got slower by more than 10%; exit code 1 then.
 *
 *   npm run bench:compare -- [--base REV|DIR] [--full] [--only TEXT[,TEXT...]] [--pairs 5] [--scale 1]
 *
 * --base: a revision, which is built in a temporary working tree, or a folder with a built Myriad. Default: the revision
 * of bench/baseline.json. A case that seems slower is measured once more, as many pairs again, and judged by all of them.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { atEnd } from "./at-end.ts";
import type { Case, Setting } from "./case.ts";
import { chooseCases } from "./cases.ts";
import { integerFlag, runCommand, scaleFlag } from "./command.ts";
import { type Comparison, compare, type Pair } from "./comparison.ts";
import { markdownTable, type Report, shown } from "./report.ts";
import { buildRevision } from "./revision.ts";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const PAIRS_MAX = 100;

await runCommand(async () => {
  const { values: flags } = parseArgs({
    options: {
      base: { type: "string" },
      full: { type: "boolean", default: false },
      only: { type: "string" },
      pairs: { type: "string", default: "5" },
      scale: { type: "string", default: "1" },
    },
  });
  const pairs = integerFlag("pairs", flags.pairs, 1, PAIRS_MAX);
  const scale = scaleFlag(flags.scale);
  const cases = chooseCases(flags.full, flags.only);
  const base = buildRevision(flags.base ?? baselineRevision(), HERE);
  const dispose = atEnd(() => base.dispose());
  try {
    const [before, after] = [
      { root: base.root, scale },
      { root: HERE, scale },
    ];
    const results: Comparison[] = [];
    for (const one of cases) {
      const result = await compareCase(one, pairs, before, after);
      if (result !== undefined) results.push(result);
    }
    return report(base.revision, results);
  } finally {
    dispose();
  }
});

/** Undefined where the older one cannot run the case: it does not know what the case needs. */
async function compareCase(one: Case, count: number, before: Setting, after: Setting): Promise<Comparison | undefined> {
  const pairs: Pair[] = [];
  const measurePairs = async (): Promise<Comparison> => {
    for (let i = 0; i < count; i++) {
      console.error(`${one.name}: pair ${pairs.length + 1}`);
      pairs.push(await measurePair(one, before, after, i % 2 === 1));
    }
    return compare(one.name, one.unit, pairs);
  };
  try {
    await one.measure(before);
  } catch (reason) {
    console.error(`${one.name}: not compared, the base cannot run it: ${(reason as Error).message}`);
    return undefined;
  }
  const first = await measurePairs();
  return first.slower ? await measurePairs() : first;
}

/** The order alternates, so that what the first of two does to the machine falls on both. */
async function measurePair(one: Case, before: Setting, after: Setting, reversed: boolean): Promise<Pair> {
  const first = await one.measure(reversed ? after : before);
  const second = await one.measure(reversed ? before : after);
  const [old, young] = reversed ? [second, first] : [first, second];
  if (old.stateHash !== young.stateHash) {
    console.error(`${one.name}: the results differ, ${old.stateHash} before and ${young.stateHash} after`);
  }
  const cpu = young.cpuSeconds === undefined ? {} : { cpu: young.cpuSeconds / old.cpuSeconds! };
  return { before: old.value, after: young.value, ...cpu };
}

function report(revision: string, results: readonly Comparison[]): number {
  const rows = results.map(({ name, unit, before, after, median, min, max, best, slower, cpu }) => [
    name,
    shown(before, unit),
    shown(after, unit),
    median.toFixed(3),
    `${min.toFixed(2)} to ${max.toFixed(2)}`,
    best.toFixed(3),
    cpu?.toFixed(3) ?? "",
    slower ? "SLOWER" : "",
  ]);
  console.log(markdownTable([["case", "before", "after", "cost", "range", "best", "processor", ""], ...rows]));
  const slower = results.filter((result) => result.slower).map(({ name }) => name);
  console.log(
    `cost: after over ${revision.slice(0, 12)}, the median of the pairs' ratios; below 1 is faster; best: the best reading after over the best before; processor: as cost, of processor time`,
  );
  if (slower.length > 0) console.log(`slower by more than 10%: ${slower.join("; ")}`);
  return slower.length > 0 ? 1 : 0;
}

function baselineRevision(): string {
  const { machine } = JSON.parse(readFileSync(new URL("./baseline.json", import.meta.url), "utf8")) as Report;
  return machine.revision.replace(/\+$/, "");
}
