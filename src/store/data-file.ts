import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MyriadError } from "../base/error.ts";

/** How data files are read: a scenario's `world` gets it passed in. */
export interface DataReader {
  /** The contents of a file by absolute path, unpacked. Throws INVALID_DATA naming `shown`. */
  read(path: string, shown: string): Promise<Uint8Array>;
}

const unpack = promisify(gunzip);

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "no permission to read it",
};

/** Reads from disk. A gzip file is known by its first two bytes, whatever it is called. */
export const dataFiles: DataReader = {
  async read(path, shown) {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (reason) {
      const code = (reason as NodeJS.ErrnoException).code ?? "";
      throw new MyriadError("INVALID_DATA", `${shown}: ${REASONS[code] ?? String(reason)} (${path})`, {
        cause: reason,
      });
    }
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    try {
      return await unpack(bytes);
    } catch (reason) {
      throw new MyriadError("INVALID_DATA", `${shown}: it is a damaged gzip file: ${String(reason)}`, {
        cause: reason,
      });
    }
  },
};
