import { closeSync, openSync, writeSync } from "node:fs";

const BUFFER_CHARACTERS = 64 * 1024;

/** A text file that is written line by line, in order, from memory in large pieces. */
export class LineFile {
  readonly #handle: number;
  #pieces: string[] = [];
  #length = 0;

  /** Creates the file; one of that name must not exist. */
  constructor(path: string) {
    this.#handle = openSync(path, "wx");
  }

  write(line: string): void {
    this.#pieces.push(line);
    this.#length += line.length + 1;
    if (this.#length >= BUFFER_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.#pieces.length === 0) return;
    const bytes = Buffer.from(`${this.#pieces.join("\n")}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#handle, bytes, at);
    this.#pieces = [];
    this.#length = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#handle);
  }
}

/** One line of comma-separated values (RFC 4180). Nothing is an empty cell; numbers have a point and all their digits. */
export const csvLine = (cells: readonly unknown[]): string => cells.map(csvCell).join(",");

function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? toJson(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** JSON of plain data: a Map is `{"$map": [[key, value], ...]}`, a Set `{"$set": [...]}`, typed arrays are arrays, and NaN and infinities texts. */
export const toJson = (value: unknown): string => JSON.stringify(value, (_key, part) => jsonPart(part));

function jsonPart(part: unknown): unknown {
  if (typeof part === "number" && !Number.isFinite(part)) return String(part);
  if (part instanceof Map) return { $map: [...part] };
  if (part instanceof Set) return { $set: [...part] };
  if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return Array.from(part as unknown as ArrayLike<unknown>);
  return part;
}
