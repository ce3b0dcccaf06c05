import { basename, dirname } from "node:path";
import { assert } from "../base/assert.ts";
import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { diskFailure } from "./disk-failure.ts";
import { GroupCommit } from "./group-commit.ts";
import { HEADER_SALT, RECORD_BYTES_MAX, saltOf, writeRecord } from "./record.ts";

/** Ending of a file that has not got its name yet; what is left of one is rubbish. */
export const TEMPORARY = ".tmp";

export interface RecordFileOptions {
  readonly disk: Disk;
  /** A file of that name must not exist. */
  readonly path: string;
  /** Read back with the same one; two files never have the same. */
  readonly identity: string;
  /** Contents of the first record. */
  readonly header: Uint8Array;
  /** Number of the first record; the next have those that follow. */
  readonly number: number;
}

/**
 * A file of numbered records to which more are added. It gets its name with its first batch and no sooner, so under that name it always has a whole
 * header; without a record it never comes to be. After a failure it takes no more (STORE_FAILED).
 */
export class RecordFile {
  readonly path: string;
  readonly #options: RecordFileOptions;
  readonly #salt: number;
  readonly #batches: GroupCommit<Uint8Array>;
  #file: DiskFile | undefined;
  /** Number of the next record that is written. */
  #number: number;
  #placed = false;
  #closing: Promise<void> | undefined;

  constructor(options: RecordFileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#salt = saltOf(options.identity);
    this.#number = options.number;
    this.#batches = new GroupCommit((contents) => this.#write(contents));
    this.#batches.add(options.header);
  }

  /** Adds a record, in memory as yet. The bytes must not change afterwards. Throws LIMIT when it is too large. */
  add(contents: Uint8Array): void {
    assert(this.#closing === undefined, `a record is added to ${this.path}, which is closed`);
    if (contents.length > RECORD_BYTES_MAX) {
      throw new MyriadError("LIMIT", `a record has ${RECORD_BYTES_MAX} bytes at most, not ${contents.length}`);
    }
    this.#batches.add(contents);
  }

  /** Resolves when all that was added before is on disk. */
  sync(): Promise<void> {
    return this.#batches.sync();
  }

  /** As `sync`, then seals and closes: from then on any damage shows. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#batches.sync();
      await this.#append([], true);
    } finally {
      await this.#file?.close();
    }
  }

  async #write(contents: readonly Uint8Array[]): Promise<void> {
    const { disk, path } = this.#options;
    if (this.#placed) return this.#append(contents, false);
    const folder = dirname(path);
    await disk.makeFolder(folder);
    // A rename would replace it, with all that was acknowledged in it.
    const exists = (await disk.list(folder)).some(({ name }) => name === basename(path));
    if (exists) throw diskFailure("create", path, { code: "EEXIST" });
    await disk.remove(path + TEMPORARY);
    this.#file = await disk.create(path + TEMPORARY);
    await this.#append(contents, true);
    await disk.rename(path + TEMPORARY, path);
    await disk.syncFolder(folder);
    this.#placed = true;
  }

  async #append(contents: readonly Uint8Array[], sealed: boolean): Promise<void> {
    const first = this.#number;
    const out = new ByteWriter(contents.reduce((bytes, record) => bytes + record.length + 32, 64));
    for (const record of contents) {
      const number = this.#number++;
      // The header can be read by who does not know the identity yet.
      const salt = number === this.#options.number ? HEADER_SALT : this.#salt;
      writeRecord(out, salt, { kind: "data", number, settled: first }, record);
    }
    if (sealed) writeRecord(out, this.#salt, { kind: "seal", number: this.#number, settled: this.#number }, NOTHING);
    await this.#file!.write(out.bytes());
    await this.#file!.sync();
  }
}

const NOTHING = new Uint8Array(0);
