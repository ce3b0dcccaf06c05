import { MyriadError } from "../base/error.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import { compile } from "../model/program.ts";
import type { Until } from "../model/until.ts";
import type { Recovery } from "../runtime/config-limits.ts";
import { toJson } from "../runtime/line-file.ts";
import { type LoadedScenario, loadScenario } from "../runtime/load-scenario.ts";
import type { LogFields } from "../runtime/log.ts";
import { untilOf } from "../runtime/node-run.ts";
import type { RunOptions, RunResult } from "../runtime/run.ts";
import { checkRunDir, RunDir } from "../runtime/run-dir.ts";
import { simulate } from "../runtime/simulate.ts";
import { EXIT, errorText } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { Screen } from "./screen.ts";
import { summary } from "./summary.ts";

export interface RunArguments {
  workers: number;
  seed: number;
  until?: number;
  rounds?: number;
  param: Record<string, unknown>;
  placement?: PlacementMethod;
  stallLimit?: number;
  checkpointEvery?: number;
  recovery?: Recovery;
  out?: string;
  json?: boolean;
  quiet?: boolean;
}

/** `myriad run SCENARIO`: to the end, or to the barrier after Ctrl-C. Returns the exit code. */
export async function run(path: string, options: RunArguments, io: Io): Promise<number> {
  const loaded = await loadScenario(path);
  const until = untilOf(options.until, options.rounds);
  const out = prepareOut(loaded, until, options, io);
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const interrupt = stopOnSignals(screen, io);
  const live = { out, screen, interrupt, json: options.json === true, io };
  try {
    return await conclude(live, (watch) => simulate(loaded.scenario, { ...runOptions(options, until), ...watch }));
  } finally {
    interrupt.dispose();
  }
}

/** Who watches a run, and where its result goes. */
interface Live {
  readonly out: RunDir | undefined;
  readonly screen: Screen;
  readonly interrupt: Interrupt;
  readonly json: boolean;
  readonly io: Io;
}

/** Starts a run, shows how it goes, and prints what it comes to. Returns the exit code. */
export async function conclude(
  { out, screen, interrupt, json, io }: Live,
  start: (watch: Pick<RunOptions, "signal" | "onProgress" | "onLog" | "out">) => Promise<RunResult>,
): Promise<number> {
  try {
    const result = await start({
      signal: interrupt.signal,
      onProgress: (progress) => screen.progress(progress),
      onLog: onLog(screen),
      ...(out === undefined ? {} : { out }),
    });
    screen.clear();
    report(result, json, screen, io);
    return exitCodeAfter(result, interrupt, out?.path, screen);
  } catch (reason) {
    screen.clear();
    giveUp(out, reason);
    if (interrupt.code !== undefined && reason instanceof MyriadError && reason.code === "STOPPED")
      return interrupt.code;
    throw reason;
  }
}

/** Checks parameters and the rest before a folder is made. */
export function prepareOut(
  loaded: LoadedScenario,
  until: Until | undefined,
  options: RunArguments,
  io: Io,
): RunDir | undefined {
  const { seed, workers } = options;
  const program = compile(loaded.scenario, { params: options.param, seed, ...(until === undefined ? {} : { until }) });
  if (options.out === undefined) return undefined;
  checkRunDir(options.out);
  const plan = {
    scenario: loaded.file,
    hash: loaded.hash,
    seed,
    params: program.params,
    workers,
    commandLine: io.commandLine,
    started: io.date(),
  };
  return new RunDir(options.out, plan, loaded.scenario, io.date);
}

function runOptions(options: RunArguments, until: Until | undefined): RunOptions {
  const { workers, seed, placement, stallLimit, checkpointEvery, recovery, out } = options;
  return {
    workers,
    seed,
    params: options.param,
    ...(until === undefined ? {} : { until }),
    ...(placement === undefined ? {} : { placement }),
    ...(stallLimit === undefined ? {} : { stallLimit }),
    ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
    ...(recovery === undefined ? {} : { recovery }),
    ...(out === undefined ? {} : { runFolder: out }),
  };
}

/** What agents log, with who and when. */
const onLog =
  (screen: Screen): NonNullable<RunOptions["onLog"]> =>
  (agent, time, message, fields) =>
    screen.log.info(message, { agent, time, ...(fields as LogFields) });

/** Signals stop the run at the next barrier, and say so. */
export function stopOnSignals(screen: Screen, io: Io): Interrupt {
  return new Interrupt(
    io.signals,
    (name) => screen.line(`${name}: stopping at the next barrier; once more to end at once`),
    () => screen.clear(),
  );
}

/** The result on standard output; who was quarantined, and of what, in the log. */
function report(result: RunResult, json: boolean, screen: Screen, io: Io): void {
  for (const { name, handler, time, code, message } of result.quarantined.first) {
    screen.log.warn("agent quarantined", { agent: name, handler, time, code, reason: message });
  }
  io.print(json ? toJson(result) : summary(result));
}

/** Of a run that ended without an error. */
function exitCodeAfter(result: RunResult, interrupt: Interrupt, out: string | undefined, screen: Screen): number {
  if (result.ended !== "stopped" || interrupt.code === undefined) return EXIT.done;
  const kept = out === undefined ? "" : `; what there is stands in ${out}`;
  screen.line(
    `stopped at virtual time ${result.virtualTime}${kept}; run it again with the same seed for the same result`,
  );
  return interrupt.code;
}

/** A folder keeps what a failed run brought; one that could not start leaves none behind. */
function giveUp(out: RunDir | undefined, reason: unknown): void {
  if (reason instanceof MyriadError && reason.usage) out?.discard();
  else out?.fail(errorText(reason));
}
