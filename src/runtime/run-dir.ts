import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import { type Column, columnsOf } from "./columns.ts";
import { csvLine, LineFile, toJson } from "./line-file.ts";
import type { RunResult } from "./run.ts";
import type { RecordRow, RunWriter, SampleRow, StateRow } from "./run-writer.ts";
import type { ScenarioHash } from "./scenario-hash.ts";
import { versions } from "./version.ts";

const SPOOL = "records.part.csv";

/** What is known of a run before it starts. */
export interface RunPlan {
  /** Path of the scenario module. */
  scenario: string;
  hash: ScenarioHash;
  seed: number;
  params: unknown;
  workers: number;
  commandLine: readonly string[];
  /** Of a run that goes on with another one's checkpoint: rows before its virtual time are the other's. null: from the population. */
  resumedFrom?: { readonly window: number; readonly virtualTime: number; readonly checkpoint: number } | null;
  /** ISO 8601. */
  started: string;
}

/**
 * The folder of one run: `manifest.json`, `observations.csv`, `records.csv` and `states.jsonl`. The manifest is there
 * from the start, with `ended: null`, and is replaced as a whole at the end. What comes before a checkpoint outlives this
 * process: records, until they are sorted, in `records.part.csv`.
 */
export class RunDir implements RunWriter {
  readonly path: string;
  readonly #plan: RunPlan;
  readonly #now: () => string;
  readonly #columns: Column[];
  readonly #observations: LineFile;
  readonly #records: RecordRow[] = [];
  /** Records that came before the last checkpoint, in any order; and how many those are. */
  #spool: LineFile | undefined;
  #spooled = 0;
  readonly #states: { index: number; line: string }[] = [];

  /** The folder must have passed `checkRunDir`. `now` gives the wall time as ISO 8601. */
  constructor(path: string, plan: RunPlan, scenario: Scenario, now: () => string) {
    this.path = resolve(path);
    this.#plan = plan;
    this.#now = now;
    this.#columns = columnsOf(scenario.observe);
    this.#observations = new LineFile(join(this.path, "observations.csv"));
    this.#observations.write(csvLine(["time", ...this.#columns.map((column) => column.name)]));
    this.#observations.flush();
    this.#writeManifest({ ended: null, result: null });
  }

  samples(rows: readonly SampleRow[]): void {
    for (const { time, values } of rows) {
      this.#observations.write(csvLine([time, ...this.#columns.map((column) => column.value(values))]));
    }
  }

  records(rows: readonly RecordRow[]): void {
    for (const row of rows) this.#records.push(row);
  }

  checkpoint(): void {
    this.#observations.flush();
    if (this.#spooled === this.#records.length) return;
    this.#spool ??= recordFile(join(this.path, SPOOL));
    for (; this.#spooled < this.#records.length; this.#spooled++) {
      writeRecord(this.#spool, this.#records[this.#spooled]!);
    }
    this.#spool.flush();
  }

  states(rows: Iterable<StateRow>): void {
    for (const { index, name, type, state, flag } of rows) {
      this.#states.push({ index, line: toJson({ index, name, type, flag, state }) });
    }
  }

  finish(result: RunResult): void {
    this.#observations.close();
    this.#writeRecords();
    this.#writeStates();
    this.#writeManifest({ ended: this.#now(), result });
  }

  /** Instead of `finish` when the run failed: keeps what came so far and says why there is no more. */
  fail(reason: string): void {
    this.#observations.close();
    this.#writeRecords();
    this.#writeManifest({ ended: this.#now(), result: null, error: reason });
  }

  /** Instead of `finish` when the run could not start: the folder is as empty as before. */
  discard(): void {
    this.#observations.close();
    for (const name of ["observations.csv", "manifest.json"]) rmSync(join(this.path, name), { force: true });
  }

  #writeRecords(): void {
    const file = recordFile(join(this.path, "records.csv"));
    this.#records.sort((a, b) => a.time - b.time || a.agent - b.agent || a.number - b.number);
    for (const row of this.#records) writeRecord(file, row);
    file.close();
    this.#spool?.close();
    rmSync(join(this.path, SPOOL), { force: true });
  }

  #writeStates(): void {
    const file = new LineFile(join(this.path, "states.jsonl"));
    this.#states.sort((a, b) => a.index - b.index);
    for (const { line } of this.#states) file.write(line);
    file.close();
  }

  #writeManifest(end: { ended: string | null; result: RunResult | null; error?: string }): void {
    const { scenario, hash, seed, params, workers, commandLine, started, resumedFrom } = this.#plan;
    const { result } = end;
    const manifest = {
      runId: result?.runId ?? null,
      scenario: result?.scenario ?? null,
      module: scenario,
      params: result?.params ?? params,
      seed,
      codeHash: hash.code,
      dataHash: hash.data,
      versions: versions(),
      workers,
      commandLine,
      started,
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
      ...end,
    };
    const path = join(this.path, "manifest.json");
    writeFileSync(`${path}.new`, `${JSON.stringify(JSON.parse(toJson(manifest)), null, 2)}\n`);
    renameSync(`${path}.new`, path);
  }
}

function recordFile(path: string): LineFile {
  const file = new LineFile(path);
  file.write("time,agent,series,value");
  return file;
}

function writeRecord(file: LineFile, { time, agent, series, value }: RecordRow): void {
  if (typeof value !== "object" || value === null) file.write(csvLine([time, agent, series, value]));
  else for (const [key, part] of Object.entries(value)) file.write(csvLine([time, agent, `${series}.${key}`, part]));
}

/** Makes the folder where it is missing. Throws INVALID_OUTPUT when it cannot be written or is not empty. */
export function checkRunDir(path: string): void {
  const refuse = (why: string): never => {
    throw new MyriadError("INVALID_OUTPUT", `the output folder "${path}" ${why}`);
  };
  if (existsSync(path) && !statSync(path).isDirectory()) refuse("is a file");
  try {
    makeFolder(resolve(path));
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (reason) {
    refuse(`cannot be written (${(reason as NodeJS.ErrnoException).code ?? String(reason)})`);
  }
  if (readdirSync(path).length > 0) refuse("is not empty; results never overwrite others");
}

/** As `mkdirSync` with `recursive`, which never returns where the system refuses with ENOENT (/proc, Node 20). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
