import { GENERATION_MAX } from "../base/limits.ts";

/** Phases of the order key: at one time, births come first, then the start of a round, then all else. */
export const PHASE_BORN = 0;
export const PHASE_ROUND = 1;
export const PHASE_EVENT = 2;
/** Not a phase of delivery: the row is one publish, to be spread to the neighbours at the receiver. Its `to` is a relation id. */
export const PHASE_PUBLISH = 3;

/** What a row is beside an event. A reply's and a gone-notice's request is the word before its payload. */
export const FLAG_NONE = 0;
export const FLAG_REQUEST = 1;
export const FLAG_REPLY = 2;
export const FLAG_GONE = 3;

/** Packs phase (2 bits), generation (12), flag (2) and event type id (16), so that `meta >>> 18` orders rows of one time. */
export const packMeta = (phase: number, generation: number, flag: number, type: number): number =>
  ((phase << 30) | (generation << 18) | (flag << 16) | type) >>> 0;
export const metaPhase = (meta: number): number => meta >>> 30;
export const metaGeneration = (meta: number): number => (meta >>> 18) & GENERATION_MAX;
export const metaFlag = (meta: number): number => (meta >>> 16) & 3;
export const metaType = (meta: number): number => meta & 0xffff;

const INITIAL_ROWS = 32;

/**
 * A growing table of events, column by column: one row an event. Payloads stand apart, row `r`'s from
 * `words[offset[r]]` on, one f64 word per declared field; fields of variable size keep an index into `refs` there.
 * Rows may share a payload (a publish spread to many). Calendar windows and outgoing frames are both batches.
 */
export class EventBatch {
  count = 0;
  time: Float64Array;
  to: Uint32Array;
  from: Uint32Array;
  seq: Uint32Array;
  meta: Uint32Array;
  offset: Uint32Array;
  wordCount = 0;
  words: Float64Array;
  refs: unknown[] = [];
  /** Of the texts in `refs`. */
  #characters = 0;

  /** `rows`: room at first, for rows and for payload words; it grows by doubling. */
  constructor(rows: number = INITIAL_ROWS) {
    this.time = new Float64Array(rows);
    this.to = new Uint32Array(rows);
    this.from = new Uint32Array(rows);
    this.seq = new Uint32Array(rows);
    this.meta = new Uint32Array(rows);
    this.offset = new Uint32Array(rows);
    this.words = new Float64Array(rows);
  }

  /** Appends a row whose payload starts at the next free word; write the payload right after. Returns the row. */
  push(time: number, to: number, from: number, seq: number, meta: number): number {
    return this.pushAt(time, to, from, seq, meta, this.wordCount);
  }

  /** Appends a row whose payload stands at `offset` already. Returns the row. */
  pushAt(time: number, to: number, from: number, seq: number, meta: number, offset: number): number {
    const row = this.count;
    if (row === this.time.length) this.#growRows();
    this.time[row] = time;
    this.to[row] = to;
    this.from[row] = from;
    this.seq[row] = seq;
    this.meta[row] = meta;
    this.offset[row] = offset;
    this.count = row + 1;
    return row;
  }

  /** Appends one payload word. */
  pushWord(value: number): void {
    const at = this.wordCount;
    if (at === this.words.length) this.#growWords();
    this.words[at] = value;
    this.wordCount = at + 1;
  }

  /** Appends a payload word that points to `value`. */
  pushRef(value: unknown): void {
    this.pushWord(this.refs.length);
    this.refs.push(value);
    if (typeof value === "string") this.#characters += value.length;
  }

  /** Bytes that this batch would take as a frame, about: 24 a row, 8 a word, one a character; json is not counted. */
  get frameBytes(): number {
    return this.count * 24 + this.wordCount * 8 + this.#characters;
  }

  /** Empties it; the memory stays for the next use. */
  clear(): void {
    this.count = 0;
    this.wordCount = 0;
    if (this.refs.length > 0) this.refs = [];
    this.#characters = 0;
  }

  /** Removes a row; the last one takes its place. Its payload stays until `clear`. */
  remove(row: number): void {
    const last = --this.count;
    if (row === last) return;
    this.time[row] = this.time[last]!;
    this.to[row] = this.to[last]!;
    this.from[row] = this.from[last]!;
    this.seq[row] = this.seq[last]!;
    this.meta[row] = this.meta[last]!;
    this.offset[row] = this.offset[last]!;
  }

  /** Takes back the last row and its payload, when that row was the last to write one. */
  pop(): void {
    const row = --this.count;
    this.wordCount = this.offset[row]!;
  }

  #growRows(): void {
    const rows = this.time.length * 2;
    const time = new Float64Array(rows);
    time.set(this.time);
    this.time = time;
    this.to = grown(this.to, rows);
    this.from = grown(this.from, rows);
    this.seq = grown(this.seq, rows);
    this.meta = grown(this.meta, rows);
    this.offset = grown(this.offset, rows);
  }

  #growWords(): void {
    const words = new Float64Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}

function grown(column: Uint32Array, rows: number): Uint32Array {
  const larger = new Uint32Array(rows);
  larger.set(column);
  return larger;
}
