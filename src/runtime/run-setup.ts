import { MyriadError } from "../base/error.ts";
import { compile, type Program } from "../model/program.ts";
import { type Until, untilHas } from "../model/until.ts";
import { FORMATS, type RunManifest } from "../store/run-manifest.ts";
import type { Restore, Setup } from "../wire/gen/myriad/v1/control.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { asBytes } from "./chunks.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import type { RunOptions } from "./run.ts";
import { runNumber } from "./run-id.ts";
import { packageVersion } from "./version.ts";

/** What workers must know of a run beside its seed; travels in Setup. */
export interface SetupOptions {
  /** Before parsing: each node parses by the schema of its own copy of the scenario. */
  readonly params: Record<string, unknown>;
  /** Absent: the scenario's own rule. */
  readonly until?: Until;
  readonly strict: boolean;
  /** Whether rows that handlers record are wanted, and final states. */
  readonly keepRecords: boolean;
  readonly keepStates: boolean;
}

/** Throws INVALID_ARGUMENT for what only works in one process. */
export function setupOptions(options: RunOptions): SetupOptions {
  if (options.until !== undefined && untilHas(options.until, "when")) {
    throw new MyriadError(
      "INVALID_ARGUMENT",
      "until.when: a function cannot be sent to workers; put it into the scenario",
    );
  }
  if (options.effects !== undefined) {
    throw new MyriadError("INVALID_ARGUMENT", "effects: functions cannot be sent to workers; run with workers: 0");
  }
  return {
    params: options.params ?? {},
    ...(options.until === undefined ? {} : { until: options.until }),
    strict: options.strict ?? false,
    keepRecords: options.out !== undefined,
    keepStates: options.out?.states !== undefined,
  };
}

/** The first epoch: nobody has joined or left yet. */
export const FIRST_EPOCH = 1;

/** What a run is, beside its program. */
export interface SetupSubject {
  readonly runId: string;
  readonly scenarioPath: string;
  readonly scenarioHash: string;
  readonly expectedWorkers: number;
  readonly agents: number;
  readonly run: RunOptions;
  readonly epoch: number;
  /** "": nothing is kept on disk. */
  readonly runFolder: string;
  readonly restore: Restore | undefined;
  /** Commands up to this number are void. */
  readonly commands: number;
}

/** What every worker is told alike. `agentLimits`: Infinity where a worker has no limit of its own. */
export function setupMessage(
  program: Program,
  {
    runId,
    scenarioPath,
    scenarioHash,
    expectedWorkers,
    agents,
    run,
    epoch,
    runFolder,
    restore,
    commands,
  }: SetupSubject,
  { shares, agentLimits }: { readonly shares: Float64Array; readonly agentLimits: Float64Array },
): Omit<Setup, "workerId"> {
  return {
    runId,
    run: runNumber(runId),
    epoch,
    workers: expectedWorkers,
    scenarioPath,
    scenarioHash,
    seed: program.seed,
    options: encodePlain(setupOptions(run)),
    agents,
    events: eventTable(program),
    shares: asBytes(shares),
    agentLimits: asBytes(agentLimits),
    runFolder,
    restore,
    commands,
  };
}

/** A worker's own program. Throws MISMATCH when the master's scenario, or its table of events, is another one. */
export function programOf(
  setup: Setup,
  { scenario, hash, file }: Pick<LoadedScenario, "scenario" | "hash" | "file">,
): { readonly program: Program; readonly wishes: SetupOptions } {
  if (setup.scenarioHash !== hash.combined) {
    const both = `the master has ${setup.scenarioHash}, ${file} has ${hash.combined}`;
    throw new MyriadError("MISMATCH", `scenario hash: ${both}`);
  }
  const wishes = decodePlain(setup.options) as SetupOptions;
  const program = compile(scenario, { params: wishes.params, seed: setup.seed, until: wishes.until });
  checkEventTable(program, setup.events);
  return { program, wishes };
}

/** Names of the events that the program's agents handle, by event type id; "" for all others. */
function eventTable(program: Program): string[] {
  const handled = program.events.map((event, id) =>
    program.handlers.some((handlers) => handlers[id] !== undefined) ? event.name : "",
  );
  while (handled.at(-1) === "") handled.pop();
  return handled;
}

/** Throws MISMATCH when a worker's program gives an event another id than the master's. */
function checkEventTable(program: Program, names: readonly string[]): void {
  for (const [id, name] of names.entries()) {
    const own = program.events[id]?.name;
    if (name !== "" && own !== name) {
      throw new MyriadError("MISMATCH", `event ${id}: the master has "${name}", this worker has "${own}"`);
    }
  }
}

/** What stands in the run's folder of it, before it starts. */
export function runManifest(
  program: Program,
  subject: Pick<SetupSubject, "runId" | "scenarioPath" | "scenarioHash" | "expectedWorkers" | "run">,
): RunManifest {
  const { runId, scenarioPath, scenarioHash, expectedWorkers: workers, run } = subject;
  const { until, strict, placement, stallLimit, checkpointEvery, recovery } = run;
  return {
    formats: FORMATS,
    myriad: packageVersion(),
    runId,
    seed: program.seed,
    params: run.params ?? {},
    options: {
      workers,
      ...(until === undefined ? {} : { until }),
      ...(strict === undefined ? {} : { strict }),
      ...(placement === undefined ? {} : { placement }),
      ...(stallLimit === undefined ? {} : { stallLimit }),
      ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
      ...(recovery === undefined ? {} : { recovery }),
    },
    scenario: scenarioPath,
    scenarioHash,
    nodeMajor: Number(process.versions.node.split(".")[0]),
    arch: process.arch,
  };
}
