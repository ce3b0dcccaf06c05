import { MyriadError } from "../base/error.ts";
import type { CheckpointManifest } from "../store/checkpoint-manifest.ts";
import { parseCheckpointFile } from "../store/checkpoint-name.ts";
import type { OnBadFile } from "../store/checkpoint-store.ts";
import { DecisionLog } from "../store/decision-log.ts";
import type { Disk } from "../store/disk.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import { parseJournalName } from "../store/journal-name.ts";
import { RunFolder } from "../store/run-folder.ts";
import { checkRun, FORMATS, type Here, type RunManifest } from "../store/run-manifest.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import { FIRST_EPOCH } from "./run-setup.ts";
import { packageVersion } from "./version.ts";

/** A run that was broken off, as its folder tells of it. This process is its master until `close`. */
export interface PriorRun {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly loaded: LoadedScenario;
  /** The newest that is whole; undefined: it begins anew from the population. */
  readonly checkpoint: CheckpointManifest | undefined;
  readonly store: FileCheckpoints;
  readonly decisions: DecisionLog;
  /** The highest that were used so far. */
  readonly epoch: number;
  readonly checkpointId: number;
}

export interface PriorRunOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly load: (path: string) => Promise<LoadedScenario>;
  /** Told of each file of a checkpoint that is passed over. */
  readonly onBad: OnBadFile;
}

/**
 * Opens a run's folder to go on with the run. Throws INVALID_DATA when it is none, MISMATCH when scenario, version or machine
 * are not those of the run, STORE_FAILED while the run's master is alive.
 */
export async function openPriorRun({ disk, folder, load, onBad }: PriorRunOptions): Promise<PriorRun> {
  const names = new RunFolder(disk, folder);
  const manifest = await names.read();
  const loaded = await load(manifest.scenario);
  checkRun(manifest, here(loaded));
  const { runId } = manifest;
  const decisions = await DecisionLog.open({ disk, folder: names.decisions, runId });
  try {
    const store = new FileCheckpoints({ disk, folder: names.checkpoints, runId, writer: "master" });
    const checkpoint = await store.newest(onBad);
    if (checkpoint !== undefined) checkRun(manifest, checkpointOf(checkpoint));
    const told = decisions.decisions.map(({ value }) => value as { epoch?: number; checkpoint?: number });
    const saved = (await disk.list(names.checkpoints)).map(({ name }) => parseCheckpointFile(name)?.id ?? 0);
    const journals = (await disk.list(names.journal)).map(({ name }) => parseJournalName(name));
    return {
      folder,
      manifest,
      loaded,
      checkpoint,
      store,
      decisions,
      // An epoch in which nothing was written down is not known here, and need not be: only files are told apart by it.
      epoch: highest([FIRST_EPOCH, ...told.map(({ epoch }) => epoch), ...journals.map((name) => name?.epoch)]),
      checkpointId: highest([...told.map(({ checkpoint: id }) => id), ...saved]),
    };
  } catch (reason) {
    await decisions.close().catch(() => {});
    throw MyriadError.from(reason, "STORE_FAILED");
  }
}

const here = ({ hash }: LoadedScenario): Here => ({
  myriad: packageVersion(),
  scenarioHash: hash.combined,
  nodeMajor: Number(process.versions.node.split(".")[0]),
  arch: process.arch,
  formats: FORMATS,
});

const checkpointOf = ({ seed, scenarioHash, nodeMajor, arch }: CheckpointManifest): Here => ({
  seed,
  scenarioHash,
  nodeMajor,
  arch,
});

const highest = (numbers: readonly (number | undefined)[]): number =>
  numbers.reduce<number>((most, number) => Math.max(most, number ?? 0), 0);
