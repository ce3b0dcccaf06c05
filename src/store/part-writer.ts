import { basename, dirname } from "node:path";
import { assert } from "../base/assert.ts";
import { ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { crc, hex } from "./crc.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { encodeFront, encodeHeader, encodeTrailer, type PartHeader, SECTION_BYTES_MAX } from "./part-format.ts";

/** Small sections are gathered until there is this much: a call of the system for each would cost more than the copy. */
const GATHER_BYTES = 256 * 1024;

/** A finished part, as the manifest names it. */
export interface PartInfo {
  readonly worker: number;
  /** Name in the folder of checkpoints. */
  readonly file: string;
  readonly bytes: number;
  readonly sections: number;
  /** CRC-32 of the whole file, 8 hexadecimal digits. */
  readonly checksum: string;
}

/** Writes one worker's part of a checkpoint, section by section; no more than one section and a buffer stand in memory. */
export class PartWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #worker: number;
  readonly #file: DiskFile;
  readonly #gathered = new ByteWriter(GATHER_BYTES);
  #sections = 0;
  #checksum = 0;
  #busy = false;

  private constructor(disk: Disk, path: string, worker: number, file: DiskFile) {
    this.#disk = disk;
    this.#path = path;
    this.#worker = worker;
    this.#file = file;
  }

  /** Throws STORE_FAILED. */
  static async create(disk: Disk, path: string, header: PartHeader): Promise<PartWriter> {
    const writer = new PartWriter(disk, path, header.worker, await disk.create(path));
    writer.#gathered.raw(encodeHeader(header));
    return writer;
  }

  /**
   * Adds a section. Wait for it before the next: that paces who writes to the disk. The bytes may be used again once it resolves. Throws LIMIT above
   * SECTION_BYTES_MAX; STORE_FAILED, after which the part can only be discarded.
   */
  async write(section: Uint8Array): Promise<void> {
    if (section.length > SECTION_BYTES_MAX) {
      throw new MyriadError("LIMIT", `a section has ${SECTION_BYTES_MAX} bytes at most, not ${section.length}`);
    }
    await this.#alone(async () => {
      this.#sections++;
      this.#gathered.raw(encodeFront(section));
      if (this.#gathered.length + section.length > GATHER_BYTES) {
        await this.#flush();
        if (section.length > GATHER_BYTES) return this.#put(section);
      }
      this.#gathered.raw(section);
    });
  }

  /** Resolves when the part, and its name, are on disk. */
  async close(): Promise<PartInfo> {
    await this.#alone(async () => {
      await this.#flush();
      const trailer = { sections: this.#sections, bytes: this.#file.bytes, checksum: this.#checksum };
      await this.#put(encodeTrailer(trailer));
      await this.#file.sync();
      await this.#file.close();
      await this.#disk.syncFolder(dirname(this.#path));
    });
    const { bytes } = this.#file;
    const [worker, sections] = [this.#worker, this.#sections];
    return { worker, file: basename(this.#path), bytes, sections, checksum: hex(this.#checksum) };
  }

  /** Instead of `close`: leaves nothing behind as far as the disk allows. */
  async discard(): Promise<void> {
    await this.#file.close();
    await this.#disk.remove(this.#path);
  }

  async #flush(): Promise<void> {
    if (this.#gathered.length === 0) return;
    await this.#put(this.#gathered.bytes());
    this.#gathered.reset();
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#checksum = crc(bytes, this.#checksum);
    await this.#file.write(bytes);
  }

  async #alone(action: () => Promise<void>): Promise<void> {
    assert(!this.#busy, `${this.#path} is written to by two at once`);
    this.#busy = true;
    await action();
    this.#busy = false;
  }
}
