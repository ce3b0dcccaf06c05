import { compile } from "../model/program.ts";
import { toJson } from "../runtime/line-file.ts";
import { loadScenario } from "../runtime/load-scenario.ts";
import { untilOf } from "../runtime/node-run.ts";
import type { PlacementMethod, RunResult } from "../runtime/run.ts";
import { simulate } from "../runtime/simulate.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { stopOnSignals } from "./run.ts";
import { Screen } from "./screen.ts";
import { grouped, table } from "./table.ts";

export interface VerifyArguments {
  workers: number[];
  seed: number;
  until?: number;
  rounds?: number;
  param: Record<string, unknown>;
  placement?: PlacementMethod;
  json?: boolean;
  quiet?: boolean;
}

/** `myriad verify SCENARIO`: the same run in one process and on each number of workers; exit 1 when any differs. */
export async function verify(path: string, options: VerifyArguments, io: Io): Promise<number> {
  const { scenario } = await loadScenario(path);
  const { seed, param: params, placement } = options;
  const until = untilOf(options.until, options.rounds);
  const common = { seed, params, ...(until === undefined ? {} : { until }) };
  compile(scenario, common);
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const interrupt = stopOnSignals(screen, io);
  const results: RunResult[] = [];
  try {
    for (const workers of new Set([0, ...options.workers])) {
      screen.restart();
      const result = await simulate(scenario, {
        ...common,
        workers,
        strict: true,
        signal: interrupt.signal,
        onProgress: (progress) => screen.progress(progress),
        ...(placement === undefined ? {} : { placement }),
      });
      if (interrupt.code !== undefined) return interrupt.code;
      results.push(result);
    }
  } finally {
    screen.clear();
    interrupt.dispose();
  }
  const verdict = compareResults(results);
  io.print(options.json ? toJson({ same: verdict.same, runs: results }) : `${verdict.table}\n${verdict.line}`);
  return verdict.same ? EXIT.done : EXIT.failed;
}

export interface Verdict {
  same: boolean;
  table: string;
  line: string;
}

/** Compares state hash, number of events, virtual time and observations with those of the first result. */
export function compareResults(results: readonly RunResult[]): Verdict {
  const first = results[0]!;
  const differing = results.map((result) => differences(first, result));
  const rows = results.map((result, i) => [
    String(result.workers),
    grouped(result.events),
    result.stateHash,
    result.wallSeconds.toFixed(2),
    differing[i]!.length === 0 ? "" : `other ${differing[i]!.join(", ")}`,
  ]);
  const same = differing.every((names) => names.length === 0);
  const line = same
    ? `same: ${first.scenario}, seed ${first.seed}, ${results.length} runs`
    : `DIFFERENT: ${first.scenario}, seed ${first.seed}, compared with the run on ${first.workers} workers`;
  return { same, table: table([["workers", "events", "state hash", "seconds", ""], ...rows]), line };
}

function differences(first: RunResult, other: RunResult): string[] {
  const names: string[] = [];
  if (other.stateHash !== first.stateHash) names.push("state hash");
  if (other.events !== first.events) names.push("events");
  if (other.virtualTime !== first.virtualTime) names.push("virtual time");
  const observed = Object.keys({ ...first.observations, ...other.observations });
  for (const name of observed) {
    if (toJson(other.observations[name]) !== toJson(first.observations[name])) names.push(name);
  }
  return names;
}
