import type { Scenario } from "../model/scenario.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import type { Role } from "./config-key.ts";
import type { RunOptions, RunResult } from "./run.ts";

/** Options of one run on a node; `workers` is what the node has. */
export type NodeRunOptions = Omit<RunOptions, "workers">;

/** What every node has. */
export interface Node<R extends Role = Role> extends AsyncDisposable {
  readonly id: string;
  readonly role: R;
  /** Address that it listens on; "" for a single one. */
  readonly address: string;
  /** Port that it listens on; 0 for a single one. */
  readonly port: number;
  /** Ends what runs, at the next barrier, and lets go of everything. */
  stop(): Promise<void>;
}

export interface MasterHandle extends Node<"master"> {
  status(): ClusterStatus;
  /**
   * Runs a scenario (or the module at a path; default: the configuration's) on `expectedWorkers` workers, as soon as
   * they are there. One run at a time.
   */
  run(scenario?: Scenario | string, options?: NodeRunOptions): Promise<RunResult>;
}

export interface WorkerHandle extends Node<"worker"> {
  status(): { readonly state: "serving" | "ended" | "failed" };
  /** Resolves when the worker has served its run; rejects when it was refused, or its master is gone. */
  readonly done: Promise<string>;
}

export interface SingleHandle extends Node<"single"> {
  status(): { readonly state: "idle" | "running" | "stopped" };
  /** Runs a scenario (or the module at a path; default: the configuration's) in this process. */
  run(scenario?: Scenario | string, options?: NodeRunOptions): Promise<RunResult>;
}

export interface NodeOf {
  master: MasterHandle;
  worker: WorkerHandle;
  single: SingleHandle;
}
