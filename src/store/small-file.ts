import { dirname } from "node:path";
import type { Disk } from "./disk.ts";
import { PieceReader } from "./piece-reader.ts";
import { TEMPORARY } from "./record-file.ts";

/** Writes a file so that under its name there is always all of the old contents or all of the new, also after a crash. */
export async function writeSmallFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = path + TEMPORARY;
  await disk.remove(temporary);
  const file = await disk.create(temporary);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncFolder(dirname(path));
}

/** All of a file. Throws STORE_FAILED. */
export const readSmallFile = (disk: Disk, path: string): Promise<Uint8Array> => new PieceReader(disk.read(path)).rest();
