import type { Clock } from "../base/clock.ts";
import type { Scenario } from "../model/scenario.ts";
import type { DataReader } from "../store/data-file.ts";
import type { Disk } from "../store/disk.ts";
import type { Log } from "./log.ts";
import type { PriorRun } from "./prior-run.ts";
import type { RunOptions } from "./run.ts";

/** What a master is given for its run. */
export interface MasterOptions {
  readonly scenario: Scenario;
  /** Where workers find the scenario when they have no path of their own; "" when they must. */
  readonly scenarioPath: string;
  /** Content hash of the scenario; workers that have another one are refused. */
  readonly scenarioHash: string;
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly expectedWorkers: number;
  /** `workers` is not looked at. */
  readonly run: RunOptions;
  /** A worker not heard of for so long is dead; one without progress for so long is reported. Default 3,000. */
  readonly workerTimeoutMs?: number;
  /** A worker that beats, but has computed for so long without progress, is dead. Default 600,000. */
  readonly stallLimitMs?: number;
  /** Told each beat, and how much longer it took than the fastest of its worker. */
  readonly onBeat?: (worker: number, delayMs: number) => void;
  /** Time between two looks at the beats. Default 1,000. */
  readonly healthCheckMs?: number;
  /** Where checkpoints and decisions are kept; absent: nowhere, and a worker that is lost ends the run. */
  readonly runFolder?: string;
  /** The run that is gone on with, in `runFolder`; absent: a new one begins. */
  readonly prior?: PriorRun;
  /** How long it waits for a worker when nobody is left who could take a part over. Default 60,000. */
  readonly waitForWorkerMs?: number;
  /** Default: the machine's. */
  readonly disk?: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly reader: DataReader;
}
