import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { MyriadError } from "../base/error.ts";
import type { Disk, DiskEntry, DiskFile, DiskLock } from "./disk.ts";
import { diskFailure, givenUp } from "./disk-failure.ts";
import { takeLock } from "./lock-file.ts";

/** Size of the pieces that `read` gives. */
const PIECE_BYTES = 256 * 1024;

async function named<T>(operation: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (reason) {
    throw diskFailure(operation, path, reason);
  }
}

/** `undefined` instead of a rejection for what is not there. */
const missing = (reason: NodeJS.ErrnoException): undefined => {
  if (reason.code !== "ENOENT") throw reason;
};

class NodeFile implements DiskFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #bytes = 0;
  #failure: MyriadError | undefined;
  #closed = false;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#try("write", async () => {
      // A full disk takes a part without saying why; only the next write fails.
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
        this.#bytes += bytesWritten;
      }
    });
  }

  /** Never tried again on the same descriptor: Linux reports a failure once and takes the lost pages for clean after it. */
  sync(): Promise<void> {
    return this.#try("fsync", () => this.#handle.sync());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await named("close", this.#path, () => this.#handle.close());
  }

  async #try(operation: string, action: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw givenUp(this.#path, this.#failure);
    try {
      await action();
    } catch (reason) {
      this.#failure = diskFailure(operation, this.#path, reason);
      throw this.#failure;
    }
  }
}

/** The machine's own file system, also one that is shared with other machines. */
export const nodeDisk: Disk = {
  makeFolder: (path) => named("make the folder", path, () => makeFolder(resolve(path))),

  list: (path) =>
    named("list", path, async () => {
      const entries = await readdir(path, { withFileTypes: true }).catch(missing);
      const files: DiskEntry[] = [];
      for (const entry of entries ?? []) {
        if (!entry.isFile()) continue;
        // Others may remove files meanwhile.
        const info = await stat(join(path, entry.name)).catch(missing);
        if (info !== undefined) files.push({ name: entry.name, bytes: info.size });
      }
      return files.sort((a, b) => (a.name < b.name ? -1 : 1));
    }),

  create: (path) => named("create", path, async () => new NodeFile(path, await open(path, "wx"))),

  async *read(path) {
    const handle = await named("open", path, () => open(path, "r"));
    try {
      for (;;) {
        const buffer = new Uint8Array(PIECE_BYTES);
        const { bytesRead } = await named("read", path, () => handle.read(buffer));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },

  rename: (from, to) => named("rename", from, () => rename(from, to)),
  remove: (path) => named("remove", path, () => rm(path, { force: true })),
  syncFolder: (path) => named("fsync the folder", path, () => syncFolder(path)),
  lock: (path): Promise<DiskLock> => named("lock", path, () => takeLock(path)),
};

/** As `mkdir` with `recursive`, but each new name is synced, and a system that refuses with ENOENT (/proc) ends it. */
async function makeFolder(path: string): Promise<void> {
  const info = await stat(path).catch(missing);
  if (info?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((reason: NodeJS.ErrnoException) => {
    // Another process of the run may have been faster.
    if (reason.code !== "EEXIST" || info !== undefined) throw reason;
  });
  await syncFolder(parent);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
