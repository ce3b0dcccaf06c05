/**
 * Measures this working tree, prints a table, and writes the figures as JSON.
 *
 *   npm run bench -- [--full] [--list] [--only TEXT[,TEXT...]] [--runs 3] [--scale 1] [--out FILE] [--root DIR]
 *
 * Without --full or --only: the short run, under three minutes. --list names the cases and ends. --only takes all cases whose name contains the text.
 * The file is written anew after every run of all cases. --scale multiplies the work of each case: below 1 it is a try-out, not a measurement. --root: another built copy.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chooseCases } from "./cases.ts";
import { integerFlag, runCommand, scaleFlag } from "./command.ts";
import { loadAverage, machineFacts } from "./machine.ts";
import { measureCases } from "./measure.ts";
import { type Figure, type Report, reportTable } from "./report.ts";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const RUNS_MAX = 100;

await runCommand(async () => {
  const { values: flags } = parseArgs({
    options: {
      full: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      only: { type: "string" },
      runs: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      out: { type: "string" },
      root: { type: "string", default: HERE },
    },
  });
  const runs = integerFlag("runs", flags.runs, 1, RUNS_MAX);
  const setting = { root: resolve(flags.root), scale: scaleFlag(flags.scale) };
  const cases = chooseCases(flags.full, flags.only);
  if (flags.list) {
    console.log(cases.map(({ name }) => name).join("\n"));
    return 0;
  }
  const machine = machineFacts(setting.root);
  const file = resolve(flags.out ?? `${HERE}/bench/results/${machine.date.replaceAll(":", "-")}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const since = performance.now();
  let figures: readonly Figure[] = [];
  const tell = (text: string): void => console.error(text);
  // Written after every round: whoever breaks off a long measurement has the rounds until then.
  await measureCases(cases, runs, setting, tell, (latest, done) => {
    figures = latest;
    const seconds = Math.round((performance.now() - since) / 1000);
    const { full } = flags;
    const plan = { format: 1, full, runs: done, scale: setting.scale } as const;
    const report: Report = { ...plan, machine, loadAverageAtEnd: loadAverage(), seconds, figures };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    tell(`${seconds} s, load average ${machine.loadAverage} before and ${report.loadAverageAtEnd} now; ${file}`);
  });
  console.log(reportTable(figures));
  return 0;
});
