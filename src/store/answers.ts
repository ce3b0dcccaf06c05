import { join } from "node:path";
import { MyriadError } from "../base/error.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import { StoredAnswer } from "./answer.ts";
import type { Disk } from "./disk.ts";
import { JOURNAL_FORMAT, journalIdentity } from "./effect-journal.ts";
import { type JournalName, parseJournalName } from "./journal-name.ts";
import { saltOf } from "./record.ts";
import { TEMPORARY } from "./record-file.ts";
import { readRecords, type TornTail } from "./record-reader.ts";

export interface AnswersOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly runId: string;
  /** Answers to other agents are left out. Default: all are taken in. */
  readonly wanted?: (agent: number) => boolean;
  /** Told of each file whose end was left out. */
  readonly onTorn?: (tail: TornTail) => void;
}

/**
 * The answers that all files of the journal hold. Of two answers to one call the one of the higher epoch counts, and within an epoch the first: a part that
 * is taken over reads the journal and asks only for what is not in it, so what it then writes is what was used, and what its predecessor, declared dead,
 * adds on waking up was not.
 */
export class Answers {
  /** How many there are. */
  size = 0;
  readonly #byAgent = new Map<number, Map<number, StoredAnswer>>();

  private constructor() {}

  /** Throws CORRUPT naming the file, MISMATCH for another run or format, STORE_FAILED. No folder is no answers. */
  static async load(options: AnswersOptions): Promise<Answers> {
    const answers = new Answers();
    const files = (await options.disk.list(options.folder)).map(({ name }) => name);
    const named = files.map((file) => ({ file, name: parseJournalName(file) }));
    const ours = named.filter((entry): entry is { file: string; name: JournalName } => entry.name !== undefined);
    ours.sort((a, b) => b.name.epoch - a.name.epoch || a.name.checkpoint - b.name.checkpoint);
    for (const { file } of ours) await answers.#read(file, options);
    return answers;
  }

  /** Undefined when the call was not answered, or not in time. */
  get(agent: number, call: number): StoredAnswer | undefined {
    return this.#byAgent.get(agent)?.get(call);
  }

  async #read(file: string, { disk, folder, runId, wanted, onTorn }: AnswersOptions): Promise<void> {
    const path = join(folder, file);
    let header = true;
    for await (const { contents } of readRecords(disk, path, saltOf(journalIdentity(runId, file)), onTorn)) {
      if (header) checkHeader(path, contents, runId);
      else this.#add(new StoredAnswer(contents), wanted);
      header = false;
    }
  }

  #add(answer: StoredAnswer, wanted: AnswersOptions["wanted"]): void {
    if (wanted !== undefined && !wanted(answer.agent)) return;
    let calls = this.#byAgent.get(answer.agent);
    if (calls === undefined) this.#byAgent.set(answer.agent, (calls = new Map()));
    if (calls.has(answer.call)) return;
    calls.set(answer.call, answer);
    this.size++;
  }
}

/** Removes the files that no checkpoint from `oldest` on needs, and what was left of those that were never acknowledged. */
export async function dropAnswersBefore(disk: Disk, folder: string, oldest: number): Promise<void> {
  for (const { name } of await disk.list(folder)) {
    const whole = name.endsWith(TEMPORARY) ? name.slice(0, -TEMPORARY.length) : name;
    const checkpoint = parseJournalName(whole)?.checkpoint;
    if (checkpoint !== undefined && checkpoint < oldest) await disk.remove(join(folder, name));
  }
}

function checkHeader(path: string, contents: Uint8Array, here: string): void {
  const { format, runId } = decodePlain(contents) as { format: number; runId: string };
  const refuse = (what: string): never => {
    throw new MyriadError("MISMATCH", `"${path}" ${what}`);
  };
  if (format !== JOURNAL_FORMAT) refuse(`has format ${format}; this version reads ${JOURNAL_FORMAT}`);
  if (runId !== here) refuse(`is of run ${runId}, not of ${here}`);
}
