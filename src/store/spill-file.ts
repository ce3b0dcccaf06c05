import { close, open, read, unlink, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { MyriadError } from "../base/error.ts";

/** A file is given back as a whole; so much is written into one before the next is begun. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

interface Segment {
  readonly path: string;
  readonly descriptor: number;
  size: number;
  /** Pieces in it, reads and writes under way: it is closed at none, when nothing more is written to it. */
  users: number;
}

/** Where a piece stands on disk. */
export interface SpillPlace {
  readonly segment: Segment;
  readonly at: number;
  readonly bytes: number;
}

const opened = promisify(open);
const unlinked = promisify(unlink);
let files = 0;

/**
 * Bytes on disk that this process alone needs, and only while it lives: segments that are appended to, and given back when
 * all of their pieces are freed. Each loses its name as soon as it is open, so nothing is left however the process ends.
 */
export class SpillFile {
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #name = `myriad-${process.pid}-${files++}`;
  #segments = 0;
  #current: Segment | undefined;
  #closed = false;

  constructor(folder: string, segmentBytes = SEGMENT_BYTES) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
  }

  /** Writes a piece behind the others; one at a time. Throws SPILL_FAILED naming the file and the bytes it had no space for. */
  async append(bytes: Uint8Array): Promise<SpillPlace> {
    const segment = await this.#room();
    segment.users++;
    try {
      const at = segment.size;
      await writeAll(segment, bytes, at);
      segment.size += bytes.length;
      return { segment, at, bytes: bytes.length };
    } catch (reason) {
      this.#leave(segment);
      throw failed(segment.path, `${bytes.length} bytes more cannot be written`, reason);
    }
  }

  /** The piece as it was written. Throws SPILL_FAILED. */
  async read({ segment, at, bytes }: SpillPlace): Promise<Uint8Array> {
    segment.users++;
    try {
      return await readAll(segment, at, bytes);
    } catch (reason) {
      throw failed(segment.path, `${bytes} bytes cannot be read back`, reason);
    } finally {
      this.#leave(segment);
    }
  }

  /** The piece is needed no more. To be called once. */
  free({ segment }: SpillPlace): void {
    this.#leave(segment);
  }

  /** Nothing more will be written; what is not freed stays. */
  close(): void {
    this.#closed = true;
    const last = this.#current;
    this.#current = undefined;
    if (last?.users === 0) close(last.descriptor);
  }

  async #room(): Promise<Segment> {
    const known = this.#current;
    if (known !== undefined && known.size < this.#segmentBytes) return known;
    const path = join(this.#folder, `${this.#name}-${this.#segments++}.spill`);
    let descriptor: number;
    try {
      descriptor = await opened(path, "wx+", 0o600);
      await unlinked(path);
    } catch (reason) {
      throw failed(path, "it cannot be made", reason);
    }
    const segment = { path, descriptor, size: 0, users: 0 };
    this.#current = segment;
    if (known?.users === 0) close(known.descriptor);
    return segment;
  }

  #leave(segment: Segment): void {
    segment.users--;
    if (segment.users === 0 && (segment !== this.#current || this.#closed)) close(segment.descriptor);
  }
}

async function writeAll({ descriptor }: Segment, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += await new Promise<number>((resolve, reject) => {
      write(descriptor, bytes, done, bytes.length - done, at + done, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }
}

async function readAll({ descriptor }: Segment, at: number, bytes: number): Promise<Uint8Array> {
  const piece = new Uint8Array(bytes);
  for (let done = 0; done < bytes; ) {
    const got = await new Promise<number>((resolve, reject) => {
      read(descriptor, piece, done, bytes - done, at + done, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
    if (got === 0) throw new Error("the file is shorter than what was written");
    done += got;
  }
  return piece;
}

function failed(path: string, what: string, reason: unknown): MyriadError {
  const { code } = reason as NodeJS.ErrnoException;
  const why = code === "ENOSPC" ? "the disk is full" : (code ?? String(reason));
  return new MyriadError("SPILL_FAILED", `${path}: ${what}: ${why}`, { cause: reason });
}
