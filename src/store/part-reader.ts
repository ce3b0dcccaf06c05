import { ByteReader } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { crc, hex } from "./crc.ts";
import type { Disk } from "./disk.ts";
import {
  decodeHeader,
  END,
  encodeTrailer,
  FRONT_BYTES,
  frontFits,
  headerBytes,
  PART_FORMAT,
  type PartHeader,
  SECTION_BYTES_MAX,
  TRAILER_BYTES,
} from "./part-format.ts";
import type { PartInfo } from "./part-writer.ts";
import { PieceReader } from "./piece-reader.ts";

/** Reads a part, and believes nothing that it has not checked. */
class PartReader {
  readonly #path: string;
  readonly #info: PartInfo;
  readonly #reader: PieceReader;
  #checksum = 0;
  #sections = 0;

  constructor(disk: Disk, path: string, info: PartInfo) {
    this.#path = path;
    this.#info = info;
    this.#reader = new PieceReader(disk.read(path));
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async header(expected: PartHeader): Promise<void> {
    const start = await this.#take(4 + FRONT_BYTES);
    let length: number;
    try {
      length = headerBytes(start);
    } catch (reason) {
      throw this.#corrupt(0, (reason as Error).message, reason);
    }
    const contents = await this.#take(length);
    if (!frontFits(start.subarray(4), contents)) throw this.#corrupt(0, "the header does not match its checksum");
    const found = decodeHeader(contents);
    if (found.format !== PART_FORMAT) {
      throw new MyriadError(
        "MISMATCH",
        `"${this.#path}" has format ${found.format}; this version reads ${PART_FORMAT}`,
      );
    }
    for (const key of ["runId", "checkpoint", "kind", "worker"] as const) {
      if (found[key] !== expected[key]) throw this.#corrupt(0, `its ${key} is ${found[key]}, not ${expected[key]}`);
    }
  }

  /** The next section; undefined at the end, which has been checked by then. */
  async section(): Promise<Uint8Array | undefined> {
    const at = this.#reader.position;
    const before = this.#checksum;
    // A trailer is longer than what stands before a section.
    const front = await this.#take(FRONT_BYTES);
    const length = new ByteReader(front).u32();
    if (length === END) {
      await this.#end(at, before, front);
      return undefined;
    }
    if (length > Math.min(SECTION_BYTES_MAX, this.#info.bytes - at))
      throw this.#corrupt(at, `a section of ${length} bytes`);
    const contents = await this.#take(length);
    if (!frontFits(front, contents)) throw this.#corrupt(at, `section ${this.#sections} does not match its checksum`);
    this.#sections++;
    return contents;
  }

  async #end(at: number, checksum: number, first: Uint8Array): Promise<void> {
    const found = [...first, ...(await this.#take(TRAILER_BYTES - first.length))];
    const expected = encodeTrailer({ sections: this.#sections, bytes: at, checksum });
    if (found.some((byte, i) => byte !== expected[i]))
      throw this.#corrupt(at, "the end does not match what stands before");
    if ((await this.#reader.take(1)).length > 0) throw this.#corrupt(this.#reader.position, "bytes behind the end");
    const { bytes, sections } = this.#info;
    if (this.#reader.position !== bytes || this.#sections !== sections || hex(this.#checksum) !== this.#info.checksum) {
      throw this.#corrupt(
        at,
        `the manifest knows another file of that name, of ${bytes} bytes and ${sections} sections`,
      );
    }
  }

  async #take(count: number): Promise<Uint8Array> {
    const at = this.#reader.position;
    const bytes = await this.#reader.take(count);
    if (bytes.length < count) throw this.#corrupt(at, `the file ends at byte ${at + bytes.length}`);
    this.#checksum = crc(bytes, this.#checksum);
    return bytes;
  }

  #corrupt(at: number, why: string, cause?: unknown): MyriadError {
    return new MyriadError("CORRUPT", `"${this.#path}": at byte ${at}: ${why}`, { cause });
  }
}

/**
 * The sections of a part. Each was checked before it is given out, but that the file as a whole is what the manifest names shows only at its end. Throws
 * CORRUPT naming file and offset, MISMATCH, STORE_FAILED.
 */
export async function* readSections(
  disk: Disk,
  path: string,
  expected: PartHeader,
  info: PartInfo,
): AsyncGenerator<Uint8Array> {
  const reader = new PartReader(disk, path, info);
  try {
    await reader.header(expected);
    for (let section = await reader.section(); section !== undefined; section = await reader.section()) yield section;
  } finally {
    await reader.close();
  }
}
