import { MyriadError } from "../base/error.ts";

const NEWLINE = 10;
const COMMA = 44;
const QUOTE = 34;
const HASH = 35;
const PERCENT = 37;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** What has longer lines is another kind of file, and need not be held in memory to say so. */
const LINE_BYTES_MAX = 65_536;
const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13;

/**
 * Cuts a text file that comes in pieces into lines and cells: by commas if the first line that is no comment has one, else by blanks. What is on a line stands
 * in the fields, and is overwritten by the next. Throws INVALID_DATA with the number of the bad line.
 */
export class CellLines {
  readonly file: string;
  csv = false;
  /** Of the present line, from 1. */
  number = 0;
  /** Its cells: cell i is bytes[start[i] .. end[i]). */
  count = 0;
  bytes: Uint8Array = new Uint8Array(0);
  readonly start: number[] = [];
  readonly end: number[] = [];
  readonly #onLine: () => void;
  readonly #onComment: (text: string) => void;
  readonly #text = new TextDecoder();
  #begun = false;
  /** The beginning of a line that goes on in the next piece. */
  #rest: Uint8Array = new Uint8Array(0);

  /** `onLine`: there is a line in the fields. `onComment`: a comment before the first of them. */
  constructor(file: string, onLine: () => void, onComment: (text: string) => void = () => {}) {
    this.file = file;
    this.#onLine = onLine;
    this.#onComment = onComment;
  }

  /** Takes the next piece; it may be overwritten afterwards. */
  push(piece: Uint8Array): void {
    let from = 0;
    if (this.#rest.length > 0) {
      const newline = piece.indexOf(NEWLINE);
      from = newline < 0 ? piece.length : newline + 1;
      const joined = new Uint8Array(this.#rest.length + from);
      joined.set(this.#rest);
      joined.set(piece.subarray(0, from), this.#rest.length);
      this.#rest = newline < 0 ? joined : new Uint8Array(0);
      if (newline >= 0) this.#line(joined, 0, joined.length - 1);
    }
    for (;;) {
      const newline = piece.indexOf(NEWLINE, from);
      if (newline < 0) break;
      this.#line(piece, from, newline);
      from = newline + 1;
    }
    // Not `slice`: that of a Buffer is no copy.
    if (from < piece.length) this.#rest = new Uint8Array(piece.subarray(from));
    this.#checkLength(this.#rest.length, this.number + 1);
  }

  /** The last line may come without its end. */
  finish(): void {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length);
    this.#rest = new Uint8Array(0);
  }

  cell(cell: number): string {
    return this.#text.decode(this.bytes.subarray(this.start[cell]!, this.end[cell]!));
  }

  /** The cell as a canonical non-negative integer below 10^15, else -1. */
  integer(cell: number): number {
    const { bytes } = this;
    const start = this.start[cell]!;
    const end = this.end[cell]!;
    if (end - start > 15 || (bytes[start] === 48 && end - start > 1)) return -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  bad(what: string, number = this.number): MyriadError {
    return new MyriadError("INVALID_DATA", `${this.file} line ${number}: ${what}`);
  }

  #checkLength(bytes: number, number: number): void {
    if (bytes > LINE_BYTES_MAX) throw this.bad(`it is longer than ${LINE_BYTES_MAX} bytes`, number);
  }

  #line(bytes: Uint8Array, from: number, end: number): void {
    let first = from;
    this.#checkLength(end - from, ++this.number);
    if (this.number === 1 && BYTE_ORDER_MARK.every((byte, i) => bytes[from + i] === byte)) first += 3;
    while (first < end && isBlank(bytes[first]!)) first++;
    if (first === end) return;
    if (bytes[first] === HASH || bytes[first] === PERCENT) {
      if (!this.#begun) this.#onComment(this.#text.decode(bytes.subarray(first, end)));
      return;
    }
    if (!this.#begun) {
      this.#begun = true;
      this.csv = bytes.subarray(first, end).includes(COMMA);
    }
    this.bytes = bytes;
    this.count = 0;
    if (this.csv) this.#splitCsv(first, end);
    else this.#splitBlanks(first, end);
    this.#onLine();
  }

  /** Cells between commas, blanks and quotes around them cut off. */
  #splitCsv(from: number, end: number): void {
    const { bytes } = this;
    for (let at = from; at <= end; at++) {
      let start = at;
      while (at < end && bytes[at] !== COMMA) at++;
      let stop = at;
      while (start < stop && isBlank(bytes[start]!)) start++;
      while (stop > start && isBlank(bytes[stop - 1]!)) stop--;
      if (stop - start >= 2 && bytes[start] === QUOTE && bytes[stop - 1] === QUOTE) {
        start++;
        stop--;
      }
      if (start === stop) throw this.bad(`column ${this.count + 1} is empty`);
      this.start[this.count] = start;
      this.end[this.count++] = stop;
    }
  }

  /** Cells between blanks. */
  #splitBlanks(from: number, end: number): void {
    const { bytes } = this;
    for (let at = from; at < end; at++) {
      if (isBlank(bytes[at]!)) continue;
      this.start[this.count] = at;
      while (at < end && !isBlank(bytes[at]!)) at++;
      this.end[this.count++] = at;
    }
  }
}
