import { basename, join } from "node:path";
import { MyriadError } from "../base/error.ts";
import type { Plain } from "../base/plain.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Disk, DiskLock } from "./disk.ts";
import { saltOf } from "./record.ts";
import { RecordFile, TEMPORARY } from "./record-file.ts";
import { readRecords, type TornTail } from "./record-reader.ts";

/** Rises when what stands in the files changes. */
export const LOG_FORMAT = 1;

/** One decision. The number only ever rises, so it can serve as a fencing token. */
export interface Decision {
  readonly number: number;
  readonly value: Plain;
}

export interface DecisionLogOptions {
  readonly disk: Disk;
  /** A folder for the log alone. */
  readonly folder: string;
  readonly runId: string;
  /** Told of a tail that was left out. */
  readonly onTorn?: (tail: TornTail) => void;
}

interface Header {
  readonly format: number;
  readonly runId: string;
  /** Number of the last decision that the snapshot covers. */
  readonly number: number;
  readonly snapshot: Plain;
}

interface Contents extends Header {
  readonly decisions: Decision[];
}

/**
 * What the master has decided, on disk before it is acted on: appends that come together share an fsync. The files are `1.log`, `2.log` ...; the highest is
 * the log. Opening copies it into the next one, which leaves a torn tail out, and makes durable what an earlier process only believed to be. One process at
 * a time has it; see `takeLock` for the limits of that.
 */
export class DecisionLog {
  /** What `compact` was given last; null in a new log. */
  readonly snapshot: Plain;
  /** The decisions since then, as they were found. */
  readonly decisions: readonly Decision[];
  readonly #options: DecisionLogOptions;
  readonly #lock: DiskLock;
  #generation: number;
  #number: number;
  #file: RecordFile;

  private constructor(options: DecisionLogOptions, lock: DiskLock, generation: number, found: Contents) {
    this.snapshot = found.snapshot;
    this.decisions = found.decisions;
    this.#options = options;
    this.#lock = lock;
    this.#generation = generation;
    this.#number = found.number;
    this.#file = this.#begin(found.snapshot);
    for (const { value } of found.decisions) this.#add(value);
  }

  /**
   * Throws STORE_FAILED when another process has it; CORRUPT naming file and offset when what was acknowledged is damaged; MISMATCH when it is of another
   * run or format.
   */
  static async open(options: DecisionLogOptions): Promise<DecisionLog> {
    const { disk, folder } = options;
    await disk.makeFolder(folder);
    const lock = await disk.lock(join(folder, "lock"));
    try {
      const files = await disk.list(folder);
      const generations = files
        .map(({ name }) => /^([1-9]\d*)\.log$/.exec(name))
        .map((match) => Number(match?.[1] ?? 0));
      const last = Math.max(0, ...generations);
      const found = last === 0 ? nothingYet(options.runId) : await readLog(options, join(folder, `${last}.log`));
      const log = new DecisionLog(options, lock, last, found);
      await log.#file.sync();
      const old = files.map(({ name }) => name).filter((name) => name.endsWith(".log") || name.endsWith(TEMPORARY));
      for (const name of old) await disk.remove(join(folder, name));
      return log;
    } catch (reason) {
      await lock.release();
      throw reason;
    }
  }

  /** Resolves with the decision's number once it is on disk. After a failure (STORE_FAILED) it fails until `compact` succeeds. */
  async append(value: Plain): Promise<number> {
    const number = this.#add(value);
    await this.#file.sync();
    return number;
  }

  /**
   * Replaces all decisions appended before by `snapshot`, at once or, when the process fails meanwhile, not at all. Also the way on after a failure, as when
   * a full disk has room again: what stands in the snapshot counts, whether its append was acknowledged or not.
   */
  async compact(snapshot: Plain): Promise<void> {
    const old = this.#file;
    const file = this.#begin(snapshot);
    this.#file = file;
    // Who appended before waits for the old file, and is told when that fails; the snapshot does without it.
    await old.close().catch(() => undefined);
    await file.sync();
    await this.#options.disk.remove(old.path);
  }

  /** Seals the log, and lets another process have it. */
  async close(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      await this.#lock.release();
    }
  }

  #add(value: Plain): number {
    this.#file.add(encodePlain(value));
    return ++this.#number;
  }

  #begin(snapshot: Plain): RecordFile {
    const { disk, folder, runId } = this.#options;
    const path = join(folder, `${++this.#generation}.log`);
    const header: Header = { format: LOG_FORMAT, runId, number: this.#number, snapshot };
    const identity = identityOf(runId, path);
    return new RecordFile({ disk, path, identity, header: encodePlain(header), number: this.#number });
  }
}

const identityOf = (runId: string, path: string): string => `${runId} ${basename(path)}`;

const nothingYet = (runId: string): Contents => ({
  format: LOG_FORMAT,
  runId,
  number: 0,
  snapshot: null,
  decisions: [],
});

async function readLog({ disk, runId, onTorn }: DecisionLogOptions, path: string): Promise<Contents> {
  let header: Header | undefined;
  const decisions: Decision[] = [];
  for await (const { number, contents } of readRecords(disk, path, saltOf(identityOf(runId, path)), onTorn)) {
    if (header === undefined) {
      header = decodePlain(contents) as Header;
      checkHeader(path, header, runId);
    } else decisions.push({ number, value: decodePlain(contents) as Plain });
  }
  return { ...header!, decisions };
}

function checkHeader(path: string, { format, runId }: Header, here: string): void {
  const refuse = (what: string): never => {
    throw new MyriadError("MISMATCH", `"${path}" ${what}`);
  };
  if (format !== LOG_FORMAT) refuse(`has format ${format}; this version reads ${LOG_FORMAT}`);
  if (runId !== here) refuse(`is of run ${runId}, not of ${here}`);
}
