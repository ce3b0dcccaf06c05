/** One entry of a folder. */
export interface DiskEntry {
  readonly name: string;
  readonly bytes: number;
}

/**
 * A file that is being written, front to back. After a write or a sync that failed, nobody knows what of it is on disk: every later call throws
 * STORE_FAILED, and a file must be begun anew. Calls may not overlap.
 */
export interface DiskFile {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Adds all of `bytes` at the end. They must not change until it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when what was written survives a crash. The file's name may still be lost: see `Disk.syncFolder`. */
  sync(): Promise<void>;
  /** Does not sync. May be called again, and after a failure. */
  close(): Promise<void>;
}

/** Held until `release`, or until its process ends. */
export interface DiskLock {
  release(): Promise<void>;
}

/**
 * What durability needs of a disk, and no more. Every failure is a MyriadError with STORE_FAILED that names the operation and the path. Until
 * `syncFolder` resolves, a crash may undo what was done to the names in a folder: files made, renamed, removed.
 */
export interface Disk {
  /** Makes the folder and those above it where they are missing; it survives a crash. */
  makeFolder(path: string): Promise<void>;
  /** The files of a folder, sorted by name; none when there is no such folder. */
  list(path: string): Promise<DiskEntry[]>;
  /** Makes an empty file. One of that name must not exist. */
  create(path: string): Promise<DiskFile>;
  /** The contents in pieces of moderate size, each with memory of its own. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Gives a file another name, in the same folder; one that has it already is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; does nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in the folder survive a crash. */
  syncFolder(path: string): Promise<void>;
  /** Takes the lock of that name for this process. Throws STORE_FAILED naming who has it. */
  lock(path: string): Promise<DiskLock>;
}
