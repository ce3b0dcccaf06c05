import { MyriadError } from "../base/error.ts";
import { EdgeList } from "./edges.ts";

const NEWLINE = 10;
const COMMA = 44;
const QUOTE = 34;
const HASH = 35;
const PERCENT = 37;
const HEADER_WORD =
  /^((source|target|src|dst|from|to|node|user|id|head|tail|start|end|left|right)([ _.-]?(id|node|[12ab]))*|[uvab])$/;
const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13;

/** One line's cells, as ranges of bytes. Reused from line to line. */
interface Line {
  number: number;
  count: number;
  readonly start: number[];
  readonly end: number[];
}

/** Columns of labels as they are read: numbers while all are integers, else numbers of first appearance. */
interface Columns {
  count: number;
  source: Float64Array;
  target: Float64Array;
  weight: Float64Array;
}

/**
 * Parses a list of ties from a file's bytes. `file` is named in errors. Throws INVALID_DATA with the number of the bad line.
 */
export function parseEdges(bytes: Uint8Array, file: string): EdgeList {
  const reader = new EdgeReader(bytes, file);
  return reader.integers() ?? reader.strings();
}

class EdgeReader {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly #csv: boolean;
  readonly #text = new TextDecoder();

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
    this.#file = file;
    this.#csv = this.#isCsv();
  }

  /** All labels as non-negative integers, nodes in ascending order of label; undefined when some label is none. */
  integers(): EdgeList | undefined {
    const columns = this.#columns(true, (line, cell) => this.#integer(line.start[cell]!, line.end[cell]!));
    if (columns === undefined) return undefined;
    const source = columns.source.subarray(0, columns.count);
    const target = columns.target.subarray(0, columns.count);
    const labels = distinct(source, target);
    const numberOf = numbering(labels);
    return this.#list(columns, labels.length, numberOf, Array.from(labels, String));
  }

  /** Labels as text, nodes in order of first appearance. */
  strings(): EdgeList {
    const numbers = new Map<string, number>();
    const columns = this.#columns(false, (line, cell) => {
      const label = this.#cell(line, cell);
      let number = numbers.get(label);
      if (number === undefined) numbers.set(label, (number = numbers.size));
      return number;
    })!;
    return this.#list(columns, numbers.size, (number) => number, [...numbers.keys()]);
  }

  #list(columns: Columns, nodes: number, numberOf: (label: number) => number, labels: string[]): EdgeList {
    const n = columns.count;
    const source = new Uint32Array(n);
    const target = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      source[i] = numberOf(columns.source[i]!);
      target[i] = numberOf(columns.target[i]!);
    }
    const weight = columns.weight.length === 0 ? null : columns.weight.slice(0, n);
    return new EdgeList(nodes, source, target, weight, labels);
  }

  /** Reads all lines; undefined as soon as `label` gives -1. */
  #columns(integers: boolean, label: (line: Line, cell: number) => number): Columns | undefined {
    const columns = {
      count: 0,
      source: new Float64Array(1024),
      target: new Float64Array(1024),
      weight: new Float64Array(0),
    };
    let cells = 0;
    let first = true;
    for (const line of this.#lines()) {
      const header = first && this.#isHeader(line, integers);
      first = false;
      if (header) continue;
      if (cells === 0) {
        cells = line.count;
        if (cells === 3) columns.weight = new Float64Array(1024);
      }
      if (line.count < 2 || line.count > 3)
        throw this.#bad(line, `${line.count} columns; 2 are needed, or 3 with a weight`);
      if (line.count !== cells) throw this.#bad(line, `${line.count} columns, ${cells} in the lines before`);
      const source = label(line, 0);
      const target = label(line, 1);
      if (source < 0 || target < 0) return undefined;
      this.#append(columns, source, target, line);
    }
    if (columns.count === 0) throw new MyriadError("INVALID_DATA", `${this.#file}: there are no edges in it`);
    return columns;
  }

  #append(columns: Columns, source: number, target: number, line: Line): void {
    const at = columns.count++;
    if (at === columns.source.length) {
      columns.source = grown(columns.source);
      columns.target = grown(columns.target);
      if (columns.weight.length > 0) columns.weight = grown(columns.weight);
    }
    columns.source[at] = source;
    columns.target[at] = target;
    if (columns.weight.length === 0) return;
    const cell = this.#cell(line, 2);
    const weight = cell === "" ? Number.NaN : Number(cell);
    if (!Number.isFinite(weight)) throw this.#bad(line, `the weight ${JSON.stringify(cell)} is not a finite number`);
    columns.weight[at] = weight;
  }

  /** Lines with something on them, one reused object; comments and empty lines are left out. */
  *#lines(): Generator<Line> {
    const bytes = this.#bytes;
    const line: Line = { number: 0, count: 0, start: [], end: [] };
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      line.number++;
      let from = at;
      while (from < end && isBlank(bytes[from]!)) from++;
      const comment = bytes[from] === HASH || bytes[from] === PERCENT;
      if (from < end && !comment) {
        if (this.#csv) this.#splitCsv(line, from, end);
        else this.#splitBlanks(line, from, end);
        yield line;
      }
      at = end + 1;
    }
  }

  /** Cells between commas, blanks and quotes around them cut off. */
  #splitCsv(line: Line, from: number, end: number): void {
    const bytes = this.#bytes;
    line.count = 0;
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
      if (start === stop) throw this.#bad(line, `column ${line.count + 1} is empty`);
      line.start[line.count] = start;
      line.end[line.count++] = stop;
    }
  }

  /** Cells between blanks. */
  #splitBlanks(line: Line, from: number, end: number): void {
    const bytes = this.#bytes;
    line.count = 0;
    for (let at = from; at < end; at++) {
      if (isBlank(bytes[at]!)) continue;
      line.start[line.count] = at;
      while (at < end && !isBlank(bytes[at]!)) at++;
      line.end[line.count++] = at;
    }
  }

  #cell(line: Line, cell: number): string {
    return this.#text.decode(this.#bytes.subarray(line.start[cell]!, line.end[cell]!));
  }

  /** A canonical non-negative integer below 2^53, else -1. */
  #integer(start: number, end: number): number {
    const bytes = this.#bytes;
    if (end - start > 15 || (bytes[start] === 48 && end - start > 1)) return -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /** A first csv line that names its columns: known words, text where weights stand, or text before integers only. */
  #isHeader(line: Line, integers: boolean): boolean {
    if (!this.#csv || line.count < 2) return false;
    const cells = Array.from({ length: line.count }, (_, cell) => this.#cell(line, cell).toLowerCase());
    if (cells.slice(0, 2).every((cell) => HEADER_WORD.test(cell))) return true;
    if (line.count === 3 && Number.isNaN(Number(cells[2]))) return true;
    return integers && [0, 1].every((cell) => this.#integer(line.start[cell]!, line.end[cell]!) < 0);
  }

  /** Whether the first line that is no comment has a comma. */
  #isCsv(): boolean {
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const line = bytes.subarray(at, newline < 0 ? bytes.length : newline);
      const first = line.find((byte) => !isBlank(byte));
      if (first !== undefined && first !== HASH && first !== PERCENT) return line.includes(COMMA);
      at += line.length + 1;
    }
    return false;
  }

  #bad(line: Line, what: string): MyriadError {
    return new MyriadError("INVALID_DATA", `${this.#file} line ${line.number}: ${what}`);
  }
}

function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

/** All labels, ascending: marked in a table where they are dense, sorted where not. */
function distinct(source: Float64Array, target: Float64Array): Float64Array {
  let largest = 0;
  for (const column of [source, target]) for (const label of column) if (label > largest) largest = label;
  if (isDense(largest, source.length)) {
    const seen = new Uint8Array(largest + 1);
    for (const column of [source, target]) for (const label of column) seen[label] = 1;
    const labels = new Float64Array(seen.length);
    let count = 0;
    for (let label = 0; label < seen.length; label++) if (seen[label] === 1) labels[count++] = label;
    return labels.slice(0, count);
  }
  const all = new Float64Array(source.length + target.length);
  all.set(source);
  all.set(target, source.length);
  all.sort();
  let kept = 0;
  for (let i = 0; i < all.length; i++) if (kept === 0 || all[i] !== all[kept - 1]) all[kept++] = all[i]!;
  return all.slice(0, kept);
}

/** Whether a table by label costs no more than a few times the labels themselves. */
const isDense = (largest: number, count: number): boolean => largest < 4 * count + 1024;

/** Numbers of ascending labels: a table where they are dense, a map where not. */
function numbering(labels: Float64Array): (label: number) => number {
  const largest = labels[labels.length - 1]!;
  if (isDense(largest, labels.length)) {
    const table = new Uint32Array(largest + 1);
    for (let i = 0; i < labels.length; i++) table[labels[i]!] = i;
    return (label) => table[label]!;
  }
  const numbers = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) numbers.set(labels[i]!, i);
  return (label) => numbers.get(label)!;
}
