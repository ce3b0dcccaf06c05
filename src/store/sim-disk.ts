import { SeededStream } from "../base/random.ts";
import type { Disk, DiskEntry, DiskFile, DiskLock } from "./disk.ts";
import { diskFailure } from "./disk-failure.ts";
import { SimFile } from "./sim-file.ts";
import { SimNames } from "./sim-names.ts";

/** Small, so that readers meet the edges of pieces everywhere. */
const PIECE_BYTES = 97;

/**
 * A disk in memory that behaves as badly as a real one may, in a way that a seed decides. Paths are texts; a folder is what stands before the last slash.
 * `crash` loses what was not synced: bytes after the last sync may be gone, cut anywhere or holed, names may be as they were at the folder's last sync.
 */
export class SimDisk implements Disk {
  /** Bytes that may still be written; then writes take what fits, and fail with ENOSPC. */
  freeBytes = Number.POSITIVE_INFINITY;
  /** True: all that changes anything fails with EROFS. */
  readOnly = false;
  /** The next syncs of files fail with EIO: so many. */
  failingSyncs = 0;
  /** The process dies at the operation of this number. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Operations so far; a write counts twice, so that a crash can come when a part of it is out. */
  operations = 0;
  /** Syncs of files so far. */
  syncs = 0;
  readonly #stream: SeededStream;
  readonly #names = new SimNames();
  /** Rises with each crash: what an earlier process held is dead. */
  #life = 0;
  #crashed = false;
  #locks = new Set<string>();

  constructor(seed: number) {
    this.#stream = new SeededStream(seed);
  }

  /** The machine fails and is started again: what was not synced may be lost. */
  crash(): void {
    this.#names.crash(this.#stream);
    this.kill();
  }

  /** The process dies and another starts: all is there to be read, and what was not synced may still be lost by a later crash. */
  kill(): void {
    this.#life++;
    this.#locks = new Set();
    this.#crashed = false;
    this.crashAt = Number.POSITIVE_INFINITY;
    this.operations = 0;
    this.freeBytes = Number.POSITIVE_INFINITY;
    this.readOnly = false;
    this.failingSyncs = 0;
  }

  /** All of a file's bytes as they are now, for tests that damage them in place. */
  contents(path: string): Uint8Array {
    return this.#file("read", path).contents();
  }

  /** Puts a file there as if it had always been there. */
  place(path: string, bytes: Uint8Array): void {
    this.#names.place(path, SimFile.holding(bytes));
  }

  async makeFolder(path: string): Promise<void> {
    this.#step("make the folder", path, true);
  }

  async list(path: string): Promise<DiskEntry[]> {
    this.#step("list", path, false);
    return this.#names.list(path);
  }

  async create(path: string): Promise<DiskFile> {
    this.#step("create", path, true);
    if (this.#names.get(path) !== undefined) throw diskFailure("create", path, { code: "EEXIST" });
    const file = new SimFile();
    this.#names.set(path, file);
    return this.#open(path, file, this.#life);
  }

  async *read(path: string): AsyncIterable<Uint8Array> {
    this.#step("open", path, false);
    const bytes = this.#file("open", path).contents();
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.slice(at, at + PIECE_BYTES);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step("rename", from, true);
    this.#file("rename", from);
    this.#names.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#step("remove", path, true);
    this.#names.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#step("fsync the folder", path, false);
    this.#names.sync(path);
  }

  async lock(path: string): Promise<DiskLock> {
    this.#step("lock", path, true);
    if (this.#locks.has(path)) throw diskFailure("lock", path, { code: "held by this process" });
    const locks = this.#locks.add(path);
    return { release: async () => void locks.delete(path) };
  }

  #file(operation: string, path: string): SimFile {
    const file = this.#names.get(path);
    if (file === undefined) throw diskFailure(operation, path, { code: "ENOENT" });
    return file;
  }

  #open(path: string, file: SimFile, life: number): DiskFile {
    const check = (operation: string, changes: boolean): void => {
      if (life !== this.#life) throw diskFailure(operation, path, { code: "the process is gone" });
      this.#step(operation, path, changes);
      file.check(path);
    };
    return {
      get bytes() {
        return file.bytes;
      },
      write: async (bytes) => {
        check("write", true);
        const copy = bytes.slice(0, Math.min(bytes.length, this.freeBytes));
        this.freeBytes -= copy.length;
        file.write(copy.subarray(0, copy.length >> 1));
        check("write", true);
        file.write(copy.subarray(copy.length >> 1));
        if (copy.length < bytes.length) throw file.fail(diskFailure("write", path, { code: "ENOSPC" }));
      },
      sync: async () => {
        check("fsync", false);
        this.syncs++;
        if (this.failingSyncs === 0) return file.sync();
        this.failingSyncs--;
        throw file.fail(diskFailure("fsync", path, { code: "EIO" }));
      },
      close: async () => {},
    };
  }

  #step(operation: string, path: string, changes: boolean): void {
    this.#crashed ||= this.operations >= this.crashAt;
    if (this.#crashed) throw diskFailure(operation, path, { code: "the process has died" });
    this.operations++;
    if (changes && this.readOnly) throw diskFailure(operation, path, { code: "EROFS" });
  }
}
