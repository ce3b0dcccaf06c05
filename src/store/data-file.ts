import { type FileHandle, open, readFile } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
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

/** Size of pieces: what is read is small beside what becomes of it. */
const PIECE_BYTES = 256 * 1024;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function unreadable(reason: unknown, path: string, shown: string): MyriadError {
  const code = (reason as NodeJS.ErrnoException).code ?? "";
  return new MyriadError("INVALID_DATA", `${shown}: ${REASONS[code] ?? String(reason)} (${path})`, { cause: reason });
}

function damaged(reason: unknown, shown: string): MyriadError {
  return new MyriadError("INVALID_DATA", `${shown}: it is a damaged gzip file: ${String(reason)}`, { cause: reason });
}

/** Reads from disk. A gzip file is known by its first two bytes, whatever it is called. */
export const dataFiles: DataReader = {
  async read(path, shown) {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (reason) {
      throw unreadable(reason, path, shown);
    }
    if (!isGzip(bytes)) return bytes;
    try {
      return await unpack(bytes);
    } catch (reason) {
      throw damaged(reason, shown);
    }
  },
};

/**
 * The contents of a file as `dataFiles.read` gives them, in pieces, for files that are large beside the memory. Pipes may be read as well.
 * Throws INVALID_DATA naming `shown`.
 */
export async function* readPieces(path: string, shown: string): AsyncGenerator<Uint8Array> {
  const refused = (reason: unknown): never => {
    throw unreadable(reason, path, shown);
  };
  const file = await open(path).catch(refused);
  try {
    const first = await nextPiece(file).catch(refused);
    const all = (async function* () {
      for (let piece = first; piece.length > 0; piece = await nextPiece(file).catch(refused)) yield piece;
    })();
    yield* isGzip(first) ? unpacked(all, shown) : all;
  } finally {
    await file.close();
  }
}

async function nextPiece(file: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(PIECE_BYTES);
  const { bytesRead } = await file.read(buffer);
  return buffer.subarray(0, bytesRead);
}

async function* unpacked(packed: AsyncIterable<Uint8Array>, shown: string): AsyncGenerator<Uint8Array> {
  const pieces = createGunzip({ chunkSize: PIECE_BYTES });
  // What goes wrong shows at the other end.
  pipeline(Readable.from(packed), pieces, () => {});
  try {
    yield* pieces;
  } catch (reason) {
    throw reason instanceof MyriadError ? reason : damaged(reason, shown);
  }
}
