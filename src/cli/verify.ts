import type { PlacementMethod } from "../model/placement-rule.ts";
import { compile } from "../model/program.ts";
import type { Recovery } from "../runtime/config-limits.ts";
import { toJson } from "../runtime/line-file.ts";
import { loadScenario } from "../runtime/load-scenario.ts";
import { untilOf } from "../runtime/node-run.ts";
import type { RunOptions, RunResult } from "../runtime/run.ts";
import { type OutputDigest, RunDigest } from "../runtime/run-digest.ts";
import { simulate } from "../runtime/simulate.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { Killer } from "./killer.ts";
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
  recovery?: Recovery;
  kill?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `myriad verify SCENARIO`: the same run in one process and on each number of workers; exit 1 when any differs. */
export async function verify(path: string, options: VerifyArguments, io: Io): Promise<number> {
  const { scenario } = await loadScenario(path);
  const { seed, param: params, placement, recovery } = options;
  const until = untilOf(options.until, options.rounds);
  const common = { seed, params, ...(until === undefined ? {} : { until }) };
  compile(scenario, common);
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const interrupt = stopOnSignals(screen, io);
  const runs: VerifiedRun[] = [];
  try {
    for (const { workers, kill } of plansOf(options)) {
      screen.restart();
      const out = new RunDigest();
      const onProgress: NonNullable<RunOptions["onProgress"]> = (progress) => screen.progress(progress);
      const killer = kill ? killerOf(runs[0]!.result.events) : undefined;
      const result = await simulate(scenario, {
        ...common,
        workers,
        strict: true,
        out,
        signal: interrupt.signal,
        ...(killer === undefined ? { onProgress } : killer.options(onProgress)),
        ...(placement === undefined ? {} : { placement }),
        ...(recovery === undefined ? {} : { recovery }),
      });
      if (interrupt.code !== undefined) return interrupt.code;
      runs.push({ result, output: out.digest, killed: killer?.killed ?? 0 });
    }
  } finally {
    screen.clear();
    interrupt.dispose();
  }
  const verdict = compareRuns(runs);
  if (options.json) {
    const shown = runs.map(({ result, output }, i) => ({ ...result, output, differs: verdict.differs[i] }));
    io.print(toJson({ same: verdict.same, runs: shown }));
  } else io.print(`${verdict.table}\n${verdict.line}`);
  return verdict.same ? EXIT.done : EXIT.failed;
}

/** The runs to be compared: the first is undisturbed, in one process. */
function plansOf({ workers, kill }: VerifyArguments): { readonly workers: number; readonly kill: boolean }[] {
  const counts = [...new Set([0, ...workers])];
  const calm = counts.map((count) => ({ workers: count, kill: false }));
  return kill ? [...calm, ...counts.filter((count) => count > 0).map((count) => ({ workers: count, kill }))] : calm;
}

const killerOf = (events: number): Killer =>
  new Killer({ events, chance: Math.random, kill: (pid) => process.kill(pid, "SIGKILL") });

/** What a run came to, and what it put out on its way. */
export interface VerifiedRun {
  readonly result: RunResult;
  readonly output: OutputDigest;
  /** Workers that were killed on the way. */
  readonly killed?: number;
}

export interface Verdict {
  same: boolean;
  /** For each run what is not as in the first. */
  differs: string[][];
  table: string;
  line: string;
}

/**
 * Compares with the first run: state hash, number of events, virtual time, quarantined agents, final observations, all
 * samples of each observation, all records of each series.
 */
export function compareRuns(runs: readonly VerifiedRun[]): Verdict {
  const first = runs[0]!.result;
  const differs = runs.map((run) => differences(runs[0]!, run));
  const rows = runs.map(({ result, killed = 0 }, i) => [
    killed === 0 ? String(result.workers) : `${result.workers}, ${killed} killed`,
    grouped(result.events),
    result.stateHash,
    result.wallSeconds.toFixed(2),
    differs[i]!.length === 0 ? "" : `other ${differs[i]!.join(", ")}`,
  ]);
  const same = differs.every((names) => names.length === 0);
  const line = same
    ? `same: ${first.scenario}, seed ${first.seed}, ${runs.length} runs`
    : `DIFFERENT: ${first.scenario}, seed ${first.seed}, compared with the run on ${first.workers} workers`;
  return { same, differs, table: table([["workers", "events", "state hash", "seconds", ""], ...rows]), line };
}

function differences(first: VerifiedRun, other: VerifiedRun): string[] {
  const [one, two] = [first.result, other.result];
  return [
    ...(two.stateHash === one.stateHash ? [] : ["state hash"]),
    ...(two.events === one.events ? [] : ["events"]),
    ...(two.virtualTime === one.virtualTime ? [] : ["virtual time"]),
    ...(toJson(two.quarantined) === toJson(one.quarantined) ? [] : ["quarantined agents"]),
    ...keysThatDiffer(one.observations, two.observations),
    ...keysThatDiffer(first.output.samples, other.output.samples).map((name) => `samples of ${name}`),
    ...keysThatDiffer(first.output.records, other.output.records).map((name) => `records of ${name}`),
  ];
}

const keysThatDiffer = (one: Record<string, unknown>, two: Record<string, unknown>): string[] =>
  Object.keys({ ...one, ...two }).filter((key) => toJson(one[key]) !== toJson(two[key]));
