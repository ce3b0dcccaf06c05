import type { Case, Reading, Setting } from "./case.ts";
import type { Figure } from "./report.ts";
import { median, summarise } from "./statistics.ts";

/**
 * Measures every case `runs` times, one round of all after the other, so that a noisy minute does not fall on one case
 * alone; `after` gets the figures so far when a round is done. Throws when two runs of a case, or of one that has another
 * number of workers, come to different states.
 */
export async function measureCases(
  cases: readonly Case[],
  runs: number,
  setting: Setting,
  tell: (text: string) => void,
  after: (figures: readonly Figure[], runs: number) => void,
): Promise<void> {
  const readings = cases.map((): Reading[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [i, one] of cases.entries()) {
      tell(`run ${run + 1} of ${runs}, ${i + 1} of ${cases.length}: ${one.name}`);
      readings[i]!.push(await one.measure(setting));
    }
    const figures = cases.map((one, i) => figureOf(one, readings[i]!));
    checkWorkers(figures);
    after(figures, run + 1);
  }
}

/** What differs in nothing but the number of workers must come to the same states. */
function checkWorkers(figures: readonly Figure[]): void {
  const first = new Map<string, Figure>();
  for (const figure of figures) {
    const task = figure.name.replace(/ workers \d+$/, "");
    const other = first.get(task) ?? figure;
    first.set(task, other);
    if (other.stateHash === figure.stateHash) continue;
    throw new Error(`${other.name} comes to state ${other.stateHash}, ${figure.name} to ${figure.stateHash}`);
  }
}

function figureOf({ name, unit }: Case, readings: readonly Reading[]): Figure {
  const values = readings.map(({ value }) => value);
  const hashes = new Set(readings.map(({ stateHash }) => stateHash));
  if (hashes.size > 1) throw new Error(`${name}: its runs came to different states: ${[...hashes].join(", ")}`);
  const [stateHash] = hashes;
  const cpu = readings.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
  return {
    name,
    unit,
    ...summarise(values),
    values,
    ...(stateHash === undefined ? {} : { stateHash }),
    ...(cpu.length === 0 ? {} : { cpuSeconds: median(cpu) }),
  };
}
