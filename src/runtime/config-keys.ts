import {
  AGENTS_MAX,
  CAPACITY_MAX,
  CAPACITY_MIN,
  LOG_DISK_BYTES,
  LOG_MEMORY_BYTES,
  SPILL_MIB_MAX,
  SPILL_MIB_MIN,
  STAGING_DISK_BYTES,
  STAGING_MEMORY_BYTES,
  WORKERS_MAX,
} from "../base/limits.ts";
import { EFFECT_CONCURRENCY_DEFAULT } from "../engine/effects.ts";
import { PLACEMENT_METHODS } from "../model/placement-rule.ts";
import { CLUSTER, type ConfigKey, MASTER, RUNS, SECONDS, WORKER } from "./config-key.ts";
import {
  BEATS_MISSED,
  CHECKPOINT_EVERY,
  EFFECTS_MAX,
  MASTER_PORT,
  MEMORY_MIB_MAX,
  MIB,
  PEER_TIMEOUT,
  PEER_WAIT,
  PORT_MAX,
  RECOVERIES,
  SECONDS_MAX,
  SEED_MAX,
  STALL_LIMIT,
  WAIT_FOR_WORKER,
} from "./config-limits.ts";

export const CONFIG_KEYS = {
  address: {
    roles: MASTER,
    kind: "text",
    defaults: { master: "0.0.0.0" },
    means: "the address to listen on; 127.0.0.1 keeps other machines out",
  },
  listenPort: {
    roles: CLUSTER,
    kind: "integer",
    min: 0,
    max: PORT_MAX,
    defaults: { master: MASTER_PORT, worker: 0 },
    means: "the port to listen on; 0 takes a free one",
  },
  expectedWorkers: {
    roles: MASTER,
    kind: "integer",
    min: 1,
    max: WORKERS_MAX,
    defaults: { master: 1 },
    means: "a run starts when this many workers are there",
  },
  healthCheckInterval: {
    roles: MASTER,
    ...SECONDS,
    defaults: { master: 1 },
    means: "time between two looks at the workers' last beats",
  },
  workerTimeout: {
    roles: MASTER,
    ...SECONDS,
    defaults: { master: BEATS_MISSED },
    means: "a worker that was not heard of for so long is dead; at least 3 x heartbeatInterval",
  },
  stallLimit: {
    roles: MASTER,
    ...SECONDS,
    defaults: { master: STALL_LIMIT },
    means: "a worker that beats, but has computed for so long without any progress, is dead; until then it is reported",
  },
  masterAddress: { roles: WORKER, kind: "text", required: true, means: "the master's host name or address" },
  masterPort: {
    roles: WORKER,
    kind: "integer",
    min: 1,
    max: PORT_MAX,
    defaults: { worker: MASTER_PORT },
    means: "the master's port",
  },
  workerAddress: {
    roles: WORKER,
    kind: "endpoint",
    means:
      "the address under which other workers reach this one; default: the one that the master sees, and the port that it listens on",
  },
  peerTimeout: {
    roles: WORKER,
    kind: "seconds",
    min: 0.1,
    max: SECONDS_MAX,
    defaults: { worker: PEER_TIMEOUT },
    means: "a connection to another worker that was silent for so long is made anew; longer than any handler runs",
  },
  peerWait: {
    roles: WORKER,
    kind: "seconds",
    min: 0,
    max: SECONDS_MAX,
    defaults: { worker: PEER_WAIT },
    means: "the run ends when another worker, reached before, was not to be reached for so long",
  },
  breaker: {
    roles: WORKER,
    kind: "record",
    means:
      "when another worker is not called for a while: failureThreshold 5, recoveryTimeout 30 (s), halfOpenSuccess 2",
  },
  pool: {
    roles: WORKER,
    kind: "record",
    means: "connections to other workers: shards 8, connectionsPerPeer 1, idleTimeout 300 (s)",
  },
  logMemory: {
    roles: WORKER,
    kind: "integer",
    min: SPILL_MIB_MIN,
    max: SPILL_MIB_MAX,
    defaults: { worker: LOG_MEMORY_BYTES / MIB },
    means: "MiB of memory for frames that other workers have not got yet; the oldest of what is more go to disk",
  },
  logMax: {
    roles: WORKER,
    kind: "integer",
    min: SPILL_MIB_MIN,
    max: SPILL_MIB_MAX,
    defaults: { worker: LOG_DISK_BYTES / MIB },
    means: "MiB of disk for these; a run that needs more ends",
  },
  stagingMemory: {
    roles: WORKER,
    kind: "integer",
    min: SPILL_MIB_MIN,
    max: SPILL_MIB_MAX,
    defaults: { worker: STAGING_MEMORY_BYTES / MIB },
    means:
      "MiB of memory for frames of other workers that wait for their window; the oldest of what is more go to disk",
  },
  stagingMax: {
    roles: WORKER,
    kind: "integer",
    min: SPILL_MIB_MIN,
    max: SPILL_MIB_MAX,
    defaults: { worker: STAGING_DISK_BYTES / MIB },
    means: "MiB of disk for these; a run that needs more ends",
  },
  spillFolder: {
    roles: WORKER,
    kind: "text",
    means:
      "folder for what goes to disk, which must be there; nothing stays in it; default: the system's for temporary files",
  },
  memoryMax: {
    roles: WORKER,
    kind: "integer",
    min: 1,
    max: MEMORY_MIB_MAX,
    means: "the most memory (MiB) that the worker's process may take: near it the worker slows, past it the run ends",
  },
  effectsMax: {
    roles: WORKER,
    kind: "integer",
    min: 1,
    max: EFFECTS_MAX,
    defaults: { worker: EFFECT_CONCURRENCY_DEFAULT },
    means: "effects that the worker has under way at once; the rest wait in order",
  },
  heartbeatInterval: {
    roles: CLUSTER,
    ...SECONDS,
    defaults: { worker: 1 },
    means: "time between two beats; on the master, what it expects of its workers, to be checked at the start",
  },
  heartbeatMaxRetries: {
    roles: WORKER,
    kind: "integer",
    min: 1,
    max: 1_000,
    defaults: { worker: 100 },
    means:
      "a worker ends when so many attempts in a row to reach a master that it has lost came to nothing, or masterWait is over before",
  },
  masterWait: {
    roles: WORKER,
    kind: "seconds",
    min: 0,
    max: SECONDS_MAX,
    defaults: { worker: 60 },
    means: "a worker ends when its master, there before or not, was not to be reached for so long",
  },
  name: {
    roles: WORKER,
    kind: "name",
    means: "how the worker is called in tables and logs; default: host and process id",
  },
  capacity: {
    roles: WORKER,
    kind: "number",
    min: CAPACITY_MIN,
    max: CAPACITY_MAX,
    defaults: { worker: 1 },
    means: "how much of the load the worker should carry, relative to the other workers",
  },
  agentsMax: {
    roles: WORKER,
    kind: "integer",
    min: 0,
    max: AGENTS_MAX,
    defaults: { worker: 0 },
    means: "the most agents that the worker may ever host; 0: no limit",
  },
  host: {
    roles: WORKER,
    kind: "text",
    means:
      "the machine that the worker runs on: agents that talk to each other are kept on one where possible; default: its name",
  },
  zone: {
    roles: WORKER,
    kind: "text",
    means:
      "the site that the machine stands in: links inside one are cheaper than between two; default: all are in one",
  },
  scenario: {
    roles: ["master", "worker", "single"],
    kind: "text",
    means: "path of the scenario on this machine, from the folder of the configuration file",
  },
  seed: {
    roles: RUNS,
    kind: "integer",
    min: 0,
    max: SEED_MAX,
    defaults: { master: 0, single: 0 },
    means: "the run's seed",
  },
  params: { roles: RUNS, kind: "record", means: "the scenario's parameters; in the environment as JSON" },
  until: {
    roles: RUNS,
    kind: "number",
    min: Number.MIN_VALUE,
    max: Number.MAX_VALUE,
    means: "stop at this virtual time, instead of by the scenario's own rule",
  },
  rounds: {
    roles: RUNS,
    kind: "integer",
    min: 1,
    max: 4_294_967_294,
    means: "stop after this many rounds, instead of by the scenario's own rule",
  },
  checkpointEvery: {
    roles: MASTER,
    kind: "number",
    min: 0,
    max: SECONDS_MAX,
    defaults: { master: CHECKPOINT_EVERY },
    means: "seconds between two checkpoints; 0: none are made, and a worker that is lost ends the run",
  },
  runFolder: {
    roles: MASTER,
    kind: "text",
    means: "folder for checkpoints, shared by all machines; without one none are made, and a lost worker ends the run",
  },
  recovery: {
    roles: MASTER,
    kind: "choice",
    choices: RECOVERIES,
    defaults: { master: "confined" },
    means: "what is computed again when a worker is lost: its part alone (confined), or all (rollback)",
  },
  waitForWorker: {
    roles: MASTER,
    kind: "seconds",
    min: 0,
    max: SECONDS_MAX,
    defaults: { master: WAIT_FOR_WORKER },
    means: "when nobody is left who could take a lost part over, a worker is waited for so long; then the run ends",
  },
  placement: {
    roles: MASTER,
    kind: "choice",
    choices: PLACEMENT_METHODS,
    means:
      "how agents are spread over the workers; default: as the scenario says, else by communities where it has ties, contiguous where not",
  },
  out: { roles: RUNS, kind: "text", means: "folder for the results; it must be new or empty" },
} as const satisfies Record<string, ConfigKey>;

export type KeyName = keyof typeof CONFIG_KEYS;

/** The table in the order written, without its literal types. */
export const configKeys = (): [KeyName, ConfigKey][] => Object.entries(CONFIG_KEYS) as [KeyName, ConfigKey][];
