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
    let expected = -1;
    for (let sealed = false; ; ) {
      const offset = reader.position;
      const headBytes = await reader.take(RECORD_HEAD_BYTES);
      if (headBytes.length === 0 && sealed) return;
      const head = readHead(headBytes, 0);
      const contents = head === undefined ? NOTHING : await reader.take(head.length);
      const whole = head !== undefined && fits(head, headBytes, contents, offset === 0 ? HEADER_SALT : salt);
      if (!whole || (offset > 0 && head.number !== expected)) {
        if (!sealed) throw damaged(path, offset, "the file got its name after the first records were whole");
        const behind = Buffer.concat([headBytes, contents, await reader.rest()]);
        const settled = findSettled(behind, 1, expected, salt);
        if (settled >= 0) throw damaged(path, offset, `that at byte ${offset + settled} shows that it was whole`);
        onTorn({ path, offset });
        return;
      }
      sealed ||= head.kind === "seal";
      expected = head.number + (head.kind === "data" ? 1 : 0);
      if (head.kind === "data") yield { number: head.number, offset, contents };
    }
  } finally {
    await reader.close();
  }
}

const NOTHING = new Uint8Array(0);

const damaged = (path: string, offset: number, why: string): MyriadError =>
  new MyriadError("CORRUPT", `"${path}": the record at byte ${offset} is damaged: ${why}`);
