import type { Registry } from "../cluster/registry.ts";
import type { Program } from "../model/program.ts";
import { dropAnswersBefore } from "../store/answers.ts";
import { DecisionLog } from "../store/decision-log.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import { nodeDisk } from "../store/node-disk.ts";
import { RunFolder } from "../store/run-folder.ts";
import type { Saved } from "../wire/gen/myriad/v1/control.ts";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { CHECKPOINT_EVERY, WAIT_FOR_WORKER } from "./config-limits.ts";
import { Failover, type FailoverOptions } from "./failover.ts";
import type { MasterOptions } from "./master-options.ts";
import type { Parts } from "./parts.ts";
import type { RunCollector } from "./run-collector.ts";
import { runManifest } from "./run-setup.ts";
import type { WorkerTable } from "./worker-table.ts";

export interface SurvivalOptions extends MasterOptions, Pick<FailoverOptions, "onFailed"> {
  readonly runId: string;
  readonly program: Program;
  readonly parts: Parts;
  readonly table: WorkerTable;
  readonly registry: Registry;
  readonly collector: RunCollector;
}

/** What lets a run outlive its processes: its folder, its checkpoints, and who brings lost parts back. */
export class Survival {
  readonly keeper: CheckpointKeeper;
  readonly failover: Failover;
  readonly #decisions: DecisionLog | undefined;
  readonly #collector: RunCollector;

  /** `decisions`: closed at the end. */
  private constructor(
    keeper: CheckpointKeeper,
    failover: Failover,
    { decisions, collector }: { readonly decisions: DecisionLog | undefined; readonly collector: RunCollector },
  ) {
    this.keeper = keeper;
    this.failover = failover;
    this.#decisions = decisions;
    this.#collector = collector;
  }

  /** A part has saved its state. It counts once all has come that the part had to report until then. */
  saved(part: number, saved: Saved): void {
    this.#collector.onReported(part, saved.window, () => this.keeper.saved(part, saved));
  }

  /** Undefined where the run has no folder. Throws STORE_FAILED when the folder cannot be written to, or another master has it. */
  static async open(options: SurvivalOptions): Promise<Survival | undefined> {
    const { runFolder, runId, program, parts, disk = nodeDisk, run, clock, log, scenarioHash, prior } = options;
    const { expectedWorkers, table, registry, collector } = options;
    if (runFolder === undefined) return undefined;
    const folder = new RunFolder(disk, runFolder);
    if (prior === undefined) await folder.write(runManifest(program, options));
    const decisions = prior?.decisions ?? (await DecisionLog.open({ disk, folder: folder.decisions, runId }));
    const keeper = new CheckpointKeeper(
      {
        store: prior?.store ?? new FileCheckpoints({ disk, folder: folder.checkpoints, runId, writer: "master" }),
        decisions,
        run: { runId, seed: program.seed, scenarioHash },
        parts: expectedWorkers,
        epoch: () => parts.epoch,
        everyMs: (run.checkpointEvery ?? CHECKPOINT_EVERY) * 1000,
        command: (kind, checkpoint) => parts.command(kind, checkpoint),
        onCommitted: ({ checkpoint, window }) => {
          run.out?.checkpoint?.();
          parts.tellAll({ $case: "committed", value: { checkpoint, window } });
        },
        dropAnswersBefore: (checkpoint) => dropAnswersBefore(disk, folder.journal, checkpoint),
        now: () => new Date().toISOString(),
        clock,
        log,
      },
      prior?.checkpointId,
    );
    const begun = prior?.checkpoint;
    // Commands are counted from 1 by each master.
    if (begun !== undefined) keeper.latest = { checkpoint: begun.id, window: begun.window, commands: 0 };
    const failover = new Failover({
      ...options,
      keeper,
      hosts: () => table.links.filter(({ gone }) => !gone),
      agentsOf: (part) => registry.agentsOf(part),
      furthest: () => Math.max(...table.links.flatMap(({ progress }) => progress.map(({ window }) => window))),
      onBegin: (anew) => collector.forget(anew),
      recovery: run.recovery ?? "confined",
      waitMs: options.waitForWorkerMs ?? WAIT_FOR_WORKER * 1000,
    });
    return new Survival(keeper, failover, { decisions: prior === undefined ? decisions : undefined, collector });
  }

  async close(): Promise<void> {
    this.failover.close();
    this.keeper.stop();
    await this.#decisions?.close().catch(() => {});
  }
}
