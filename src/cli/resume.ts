import { existsSync } from "node:fs";
import { join } from "node:path";
import { MyriadError } from "../base/error.ts";
import { WindowGrid } from "../base/grid.ts";
import { compile } from "../model/program.ts";
import { loadScenario } from "../runtime/load-scenario.ts";
import { openPriorRun, type PriorRun } from "../runtime/prior-run.ts";
import { resumeRun } from "../runtime/resume.ts";
import { checkRunDir, RunDir } from "../runtime/run-dir.ts";
import { nodeDisk } from "../store/node-disk.ts";
import { EXIT, errorText } from "./exit.ts";
import type { Io } from "./io.ts";
import { conclude, stopOnSignals } from "./run.ts";
import { Screen } from "./screen.ts";

export interface ResumeArguments {
  workers?: number;
  json?: boolean;
  quiet?: boolean;
}

/**
 * `myriad resume DIR`: goes on from the last checkpoint that is whole. What comes from there on stands in `DIR/resumed-1`, or
 * the next number that is free. Returns the exit code.
 */
export async function resume(folder: string, options: ResumeArguments, io: Io): Promise<number> {
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const prior = await openOrTell(folder, io);
  if (prior === undefined) return EXIT.usage;
  const interrupt = stopOnSignals(screen, io);
  try {
    const { checkpoint } = prior;
    screen.line(
      checkpoint === undefined
        ? "resuming from the beginning: there is no checkpoint"
        : `resuming from checkpoint ${checkpoint.id}, before window ${checkpoint.window}`,
    );
    const live = { out: resultsOf(prior, options, io), screen, interrupt, json: options.json === true, io };
    const { workers } = options;
    return await conclude(live, (watch) =>
      resumeRun(prior, { ...watch, ...(workers === undefined ? {} : { workers }) }),
    );
  } finally {
    interrupt.dispose();
    await prior.decisions.close().catch(() => {});
  }
}

/** Whatever refuses it, nothing has been started then. */
async function openOrTell(folder: string, io: Io): Promise<PriorRun | undefined> {
  const tell = (line: string): unknown => io.terminal.write(`${line}\n`);
  try {
    return await openPriorRun({
      disk: nodeDisk,
      folder,
      load: loadScenario,
      onBad: (file, reason) => tell(`passed over ${join(folder, "checkpoints", file)}: ${reason.message}`),
    });
  } catch (reason) {
    if (!(reason instanceof MyriadError)) throw reason;
    tell(errorText(reason));
    return undefined;
  }
}

function resultsOf(prior: PriorRun, options: ResumeArguments, io: Io): RunDir {
  const { folder, manifest, loaded, checkpoint } = prior;
  let number = 1;
  while (existsSync(join(folder, `resumed-${number}`))) number++;
  const path = join(folder, `resumed-${number}`);
  checkRunDir(path);
  const { seed, params } = manifest;
  const { lookahead } = compile(loaded.scenario, { seed, params: params as Record<string, unknown> });
  const plan = {
    scenario: loaded.file,
    hash: loaded.hash,
    seed,
    params,
    workers: options.workers ?? manifest.options.workers,
    commandLine: io.commandLine,
    started: io.date(),
    resumedFrom:
      checkpoint === undefined
        ? null
        : {
            window: checkpoint.window,
            virtualTime: new WindowGrid(lookahead).edge(checkpoint.window),
            checkpoint: checkpoint.id,
          },
  };
  return new RunDir(path, plan, loaded.scenario, io.date);
}
