import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { MyriadError } from "../base/error.ts";

/**
 * A file that is there as a whole or not at all: written under a temporary name beside it, then renamed. What is no ordinary file (a pipe, /dev/null) is
 * written to as it is.
 */
export class WholeFile {
  readonly #shown: string;
  readonly #path: string;
  /** Where it is written; the same as the path for what is no ordinary file. */
  readonly #temporary: string;
  #descriptor: number | undefined;

  /** Shows at once whether the file can be written. Throws INVALID_OUTPUT naming `path`. */
  constructor(path: string) {
    this.#shown = path;
    this.#path = followed(resolve(path));
    const known = statSync(this.#path, { throwIfNoEntry: false });
    if (known?.isDirectory()) throw new MyriadError("INVALID_OUTPUT", `"${path}" is a folder, not a file`);
    this.#temporary = known === undefined || known.isFile() ? `${this.#path}.${process.pid}.tmp` : this.#path;
    this.#descriptor = this.#try(() => openSync(this.#temporary, "w"));
  }

  /** Writes all of it, and gives it its name. Throws INVALID_OUTPUT. */
  commit(bytes: Uint8Array): void {
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor!, bytes, at);
      if (this.#temporary !== this.#path) fsyncSync(this.#descriptor!);
      this.#close();
      if (this.#temporary !== this.#path) renameSync(this.#temporary, this.#path);
    });
  }

  /** Leaves nothing behind, and what was there before as it was. Does nothing after `commit`. */
  discard(): void {
    if (this.#descriptor === undefined) return;
    this.#close();
    if (this.#temporary !== this.#path) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    closeSync(this.#descriptor!);
    this.#descriptor = undefined;
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (reason) {
      const code = (reason as NodeJS.ErrnoException).code ?? String(reason);
      throw new MyriadError("INVALID_OUTPUT", `"${this.#shown}" cannot be written (${code})`, { cause: reason });
    }
  }
}

/** What a link points to; the path itself where there is nothing yet. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
