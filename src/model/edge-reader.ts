import { MyriadError } from "../base/error.ts";
import { CellLines } from "./cell-lines.ts";
import { numberAscending } from "./edge-numbering.ts";
import { Edges } from "./edge-table.ts";

const HEADER_WORD =
  /^((source|target|src|dst|from|to|node|user|id|head|tail|start|end|left|right)([ _.-]?(id|node|[12ab]))*|[uvab])$/;
/** Nodes that a comment may announce. The partitioner's limit; agents are up to 2^31. */
const NODES_MAX = 2 ** 30;

export interface EdgeReaderOptions {
  /** A comment in front that says `n=NUMBER` makes the nodes 0 .. NUMBER - 1, those without edges too. Default false. */
  readonly heedCount?: boolean;
  /** Negative weights are refused. Default false. */
  readonly refuseNegative?: boolean;
}

/** What a file of edges holds. Columns may be views of longer buffers: they are as they were read, not copied. */
export interface EdgeColumns {
  readonly nodeCount: number;
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** null: the file has no third column. */
  readonly weight: Float64Array | null;
  /** What nodes are called, by number: integers ascending, text in order of appearance; null: by their numbers. */
  readonly labels: Float64Array | readonly string[] | null;
}

/** Two cells of a first line that is a header if all others have integers, and an edge if not. */
interface Doubtful {
  readonly labels: readonly [string, string];
  readonly weight: string | null;
  readonly number: number;
}

/**
 * Reads a list of edges that comes in pieces: csv or blanks between, an optional third column with weights, `#` and `%` begin comments, a csv header is left
 * out. Throws INVALID_DATA with the number of the bad line.
 */
export class EdgeReader {
  readonly #lines: CellLines;
  readonly #options: EdgeReaderOptions;
  #edges = new Edges(false);
  /** Of every line; 0 until the first. */
  #columns = 0;
  /** The number of that line. */
  #begunAt = 0;
  #first = true;
  #doubtful: Doubtful | undefined;
  /** Numbers by label from the first label on that is no integer; undefined while all are. */
  #numbers: Map<string, number> | undefined;
  #nodeCount: number | undefined;

  constructor(file: string, options: EdgeReaderOptions = {}) {
    this.#options = options;
    this.#lines = new CellLines(
      file,
      () => this.#line(),
      (text) => this.#comment(text),
    );
  }

  /** Takes the next piece; it may be overwritten afterwards. */
  push(piece: Uint8Array): void {
    this.#lines.push(piece);
  }

  /** Call once, at the file's end. */
  finish(): EdgeColumns {
    this.#lines.finish();
    const { rows } = this.#edges;
    if (rows === 0) throw new MyriadError("INVALID_DATA", `${this.#lines.file}: there are no edges in it`);
    const weight = this.#edges.weight?.subarray(0, rows) ?? null;
    const { source, target } = this.#edges;
    if (this.#numbers !== undefined || this.#nodeCount !== undefined) {
      const labels = this.#numbers === undefined ? null : [...this.#numbers.keys()];
      const nodeCount = labels?.length ?? this.#nodeCount!;
      return { nodeCount, source: source.numbers, target: target.numbers, weight, labels };
    }
    const numbered = numberAscending(source.values, target.values);
    return { nodeCount: numbered.labels.length, ...numbered, weight };
  }

  #comment(text: string): void {
    const said = this.#options.heedCount ? /(?:^|[\s#%,;])n\s?=\s?(\d+)\b/.exec(text)?.[1] : undefined;
    if (said === undefined || this.#nodeCount !== undefined) return;
    if (!(Number(said) >= 1 && Number(said) <= NODES_MAX))
      throw this.#lines.bad(`n=${said} nodes are announced; it must be 1 to ${NODES_MAX}`);
    this.#nodeCount = Number(said);
  }

  #line(): void {
    const lines = this.#lines;
    const first = this.#first;
    this.#first = false;
    if (first && lines.csv && this.#isHeader()) return;
    if (this.#columns === 0) this.#begin();
    if (lines.count !== this.#columns) throw this.#wrongCount(lines.count, this.#columns, lines.number);
    let source = lines.integer(0);
    let target = lines.integer(1);
    if (this.#numbers === undefined && (source < 0 || target < 0)) this.#turnToText();
    if (this.#numbers !== undefined) {
      source = this.#numberOf(lines.cell(0));
      target = this.#numberOf(lines.cell(1));
    } else if (this.#nodeCount !== undefined) this.#checkAnnounced(Math.max(source, target));
    this.#edges.append(source, target, this.#columns === 3 ? this.#weightOf() : 1);
  }

  #begin(): void {
    const { count, number } = this.#lines;
    if (count < 2 || count > 3) throw this.#wrongCount(count, 0, number);
    this.#columns = count;
    this.#begunAt = number;
    this.#edges = new Edges(count === 3);
  }

  #wrongCount(count: number, before: number, number: number): MyriadError {
    const what = `${count} column${count === 1 ? "" : "s"}`;
    if (before === 0 || count < 2 || count > 3)
      return this.#lines.bad(`${what}; 2 are needed, or 3 with a weight`, number);
    return this.#lines.bad(`${what}, ${before} in the lines before`, number);
  }

  /** A first csv line that names its columns: known words, text where weights stand, or text before integers only. */
  #isHeader(): boolean {
    const lines = this.#lines;
    if (lines.count < 2) return false;
    const labels = [lines.cell(0), lines.cell(1)] as const;
    if (labels.every((label) => HEADER_WORD.test(label.toLowerCase()))) return true;
    const weight = lines.count === 3 ? lines.cell(2) : null;
    if (Number.isNaN(Number(weight))) return true;
    if (lines.integer(0) >= 0 || lines.integer(1) >= 0) return false;
    if (lines.count > 3) throw this.#wrongCount(lines.count, 0, lines.number);
    this.#doubtful = { labels, weight, number: lines.number };
    return true;
  }

  #weightOf(): number {
    const lines = this.#lines;
    const whole = lines.integer(2);
    if (whole >= 0) return whole;
    const cell = lines.cell(2);
    return this.#checkedWeight(cell === "" ? Number.NaN : Number(cell), cell, lines.number);
  }

  #checkedWeight(weight: number, cell: string, number: number): number {
    const shown = JSON.stringify(cell);
    if (!Number.isFinite(weight)) throw this.#lines.bad(`the weight ${shown} is not a finite number`, number);
    if (weight < 0 && this.#options.refuseNegative) throw this.#lines.bad(`the weight ${shown} is below 0`, number);
    return weight;
  }

  #checkAnnounced(node: number): void {
    const count = this.#nodeCount!;
    if (node >= count) throw this.#lines.bad(`there is no node ${node}; n=${count} above says 0 to ${count - 1}`);
  }

  /** From now on labels are text: those before were integers in their only spelling, so they become what stood there. */
  #turnToText(): void {
    if (this.#nodeCount !== undefined)
      throw this.#lines.bad(`nodes are 0 to ${this.#nodeCount - 1}, as n=${this.#nodeCount} above says`);
    const { source, target, weight, rows } = this.#edges;
    this.#edges = new Edges(weight !== null);
    this.#numbers = new Map();
    if (this.#doubtful !== undefined) this.#takeDoubtful(this.#doubtful);
    for (let i = 0; i < rows; i++) {
      const from = this.#numberOf(String(source.values[i]));
      this.#edges.append(from, this.#numberOf(String(target.values[i])), weight?.[i] ?? 1);
    }
  }

  #takeDoubtful({ labels, weight, number }: Doubtful): void {
    const columns = weight === null ? 2 : 3;
    if (columns !== this.#columns) throw this.#wrongCount(this.#columns, columns, this.#begunAt);
    const from = this.#numberOf(labels[0]);
    const value = weight === null ? 1 : this.#checkedWeight(Number(weight), weight, number);
    this.#edges.append(from, this.#numberOf(labels[1]), value);
  }

  #numberOf(label: string): number {
    const numbers = this.#numbers!;
    let number = numbers.get(label);
    if (number === undefined) numbers.set(label, (number = numbers.size));
    return number;
  }
}
