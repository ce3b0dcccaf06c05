import { join } from "node:path";
import { assert } from "../base/assert.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { type Answer, encodeAnswer } from "./answer.ts";
import type { Disk } from "./disk.ts";
import { checkJournalName, type JournalName, journalFile } from "./journal-name.ts";
import { RecordFile } from "./record-file.ts";

/** Rises when what stands in the files changes. */
export const JOURNAL_FORMAT = 1;

export interface EffectJournalOptions extends JournalName {
  readonly disk: Disk;
  /** One for all parts of a run. */
  readonly folder: string;
  readonly runId: string;
}

export const journalIdentity = (runId: string, file: string): string => `${runId} ${file}`;

/**
 * The answers that one part gets from outside, on disk before a frame leaves that depends on them. `append` is cheap; those that wait in `sync` at the same
 * time share an fsync. Each part writes a file of its own in each epoch and after each checkpoint's cut; without answers it writes none.
 */
export class EffectJournal {
  readonly #options: EffectJournalOptions;
  #checkpoint: number;
  #appended = 0;
  /** Of those appended, so many are on disk. */
  #durable = 0;
  #closed = false;
  #file: RecordFile | undefined;
  /** Settles when the files before this one are on disk. */
  #before: Promise<void> = Promise.resolve();

  /** `checkpoint`: the one that the part was loaded from. Throws INVALID_ARGUMENT for what makes no file name. */
  constructor(options: EffectJournalOptions) {
    checkJournalName(options);
    this.#options = options;
    this.#checkpoint = options.checkpoint;
  }

  /** Something was appended that is not known to be on disk; after a failure, for good. */
  get dirty(): boolean {
    return this.#durable < this.#appended;
  }

  append(answer: Answer): void {
    assert(!this.#closed, "an answer is appended to a closed journal");
    this.#file ??= this.#begin();
    this.#file.add(encodeAnswer(answer));
    this.#appended++;
  }

  /** Resolves when all that was appended before is on disk. Throws STORE_FAILED; from then on always. */
  async sync(): Promise<void> {
    const appended = this.#appended;
    await Promise.all([this.#before, this.#file?.sync()]);
    this.#durable = Math.max(this.#durable, appended);
  }

  /**
   * To be called at the barrier where `checkpoint` is cut: what is appended from now on is not in it, and what was before is not needed with it. Numbers
   * only rise; the same one again changes nothing.
   */
  rotate(checkpoint: number): void {
    assert(checkpoint >= this.#checkpoint, `checkpoint ${checkpoint} is cut after ${this.#checkpoint}`);
    if (checkpoint === this.#checkpoint) return;
    this.#checkpoint = checkpoint;
    this.#retire();
  }

  /** Resolves when all is on disk and sealed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retire();
    await this.#before;
  }

  #retire(): void {
    if (this.#file === undefined) return;
    const appended = this.#appended;
    this.#before = Promise.all([this.#before, this.#file.close()]).then(() => {
      this.#durable = Math.max(this.#durable, appended);
    });
    // Told to who waits for it; nobody may.
    this.#before.catch(() => undefined);
    this.#file = undefined;
  }

  #begin(): RecordFile {
    const { disk, folder, runId, part, epoch, incarnation } = this.#options;
    const name = journalFile({ checkpoint: this.#checkpoint, part, epoch, incarnation });
    const header = encodePlain({ format: JOURNAL_FORMAT, runId, part, epoch });
    return new RecordFile({
      disk,
      path: join(folder, name),
      identity: journalIdentity(runId, name),
      header,
      number: 0,
    });
  }
}
