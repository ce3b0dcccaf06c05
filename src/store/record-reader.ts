import { MyriadError } from "../base/error.ts";
import type { Disk } from "./disk.ts";
import { PieceReader } from "./piece-reader.ts";
import { findSettled, fits, HEADER_SALT, RECORD_HEAD_BYTES, readHead } from "./record.ts";

export interface StoredRecord {
  readonly number: number;
  /** Offset in the file. */
  readonly offset: number;
  readonly contents: Uint8Array;
}

/** The end of a file that was being written when its process or machine failed: nothing in it was acknowledged. */
export interface TornTail {
  readonly path: string;
  /** Where the good records end. */
  readonly offset: number;
}

/**
 * The records of a file that `RecordFile` wrote, in order. A tail that may never have been acknowledged is left out and told to `onTorn`; damage
 * before that throws CORRUPT naming file and offset. What cannot be told from a torn tail is damage to the last batch before a crash.
 */
export async function* readRecords(
  disk: Disk,
  path: string,
  salt: number,
  onTorn: (tail: TornTail) => void = () => {},
): AsyncGenerator<StoredRecord> {
  const reader = new PieceReader(disk.read(path));
  try {
    for (let expected = -1; ; ) {
      const offset = reader.position;
      const headBytes = await reader.take(RECORD_HEAD_BYTES);
      if (headBytes.length === 0 && offset > 0) return;
      const head = readHead(headBytes, 0);
      const contents = head === undefined ? new Uint8Array(0) : await reader.take(head.length);
      const whole = head !== undefined && fits(head, headBytes, contents, offset === 0 ? HEADER_SALT : salt);
      if (!whole || (offset > 0 && head.number !== expected)) {
        // The file got its name with its first batch on disk.
        if (offset === 0) throw new MyriadError("CORRUPT", `"${path}": the header at byte 0 is damaged`);
        checkTorn(path, offset, joined([headBytes, contents, await reader.rest()]), expected, salt);
        onTorn({ path, offset });
        return;
      }
      expected = head.number + (head.kind === "data" ? 1 : 0);
      if (head.kind === "data") yield { number: head.number, offset, contents };
    }
  } finally {
    await reader.close();
  }
}

/** Throws CORRUPT when the bytes from a bad record on show that it was good once. */
function checkTorn(path: string, offset: number, bytes: Uint8Array, number: number, salt: number): void {
  const settled = findSettled(bytes, 1, number, salt);
  if (settled < 0) return;
  throw new MyriadError(
    "CORRUPT",
    `"${path}": the record at byte ${offset} is damaged; a later one, at byte ${offset + settled}, shows that it was whole`,
  );
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
