import { resolve } from "node:path";
import { MyriadError } from "../base/error.ts";
import { CellLines } from "../model/cell-lines.ts";
import { readPieces } from "../store/data-file.ts";

/** Gives the pieces of a file to `take` until `signal` is aborted. Throws INVALID_DATA, and STOPPED when aborted. */
export async function eachPiece(path: string, signal: AbortSignal, take: (piece: Uint8Array) => void): Promise<void> {
  for await (const piece of readPieces(resolve(path), path)) {
    if (signal.aborted) throw new MyriadError("STOPPED", "reading was stopped");
    take(piece);
  }
}

/** Gives every line's one cell to `take`; comments and empty lines are left out. Throws INVALID_DATA naming the line. */
async function eachValue(path: string, signal: AbortSignal, take: (lines: CellLines) => void): Promise<void> {
  const lines = new CellLines(path, () => {
    if (lines.count !== 1) throw lines.bad(`${lines.count} columns; one value a line is needed`);
    take(lines);
  });
  await eachPiece(path, signal, (piece) => lines.push(piece));
  lines.finish();
}

/** Numbers that a file may hold, as `readNumbers` wants them. */
interface Range {
  /** What one number is, for errors: "load". */
  readonly what: string;
  readonly min: number;
  /** Included; without it all finite numbers from `min` on. */
  readonly max?: number;
  readonly integer?: boolean;
}

/** One number a line. Throws INVALID_DATA naming the line of one that is out of range. */
export async function readNumbers(path: string, range: Range, signal: AbortSignal): Promise<number[]> {
  const values: number[] = [];
  await eachValue(path, signal, (lines) => {
    const cell = lines.cell(0);
    const value = Number(cell);
    const { what, min, max = Number.MAX_VALUE, integer = false } = range;
    if (!(value >= min && value <= max) || (integer && !Number.isInteger(value))) {
      const kind = integer ? "an integer" : "a finite number";
      const upTo = range.max === undefined ? `of ${min} or more` : `of ${min} to ${max}`;
      throw lines.bad(`the ${what} ${JSON.stringify(cell)} is not ${kind} ${upTo}`);
    }
    values.push(value);
  });
  if (values.length === 0) throw new MyriadError("INVALID_DATA", `${path}: there is nothing in it`);
  return values;
}

/** Words as numbers from 0: integers ascending, other words in order of appearance. */
export interface Coded {
  readonly codes: Uint16Array;
  readonly names: readonly string[];
}

const NAMES_MAX = 65_536;

/** One word a line, coded. Throws INVALID_DATA when there are more than 65,536 different ones. */
export async function readWords(path: string, signal: AbortSignal): Promise<Coded> {
  const codeOf = new Map<string, number>();
  const values: number[] = [];
  await eachValue(path, signal, (lines) => {
    const word = lines.cell(0);
    let code = codeOf.get(word);
    if (code === undefined) {
      code = codeOf.size;
      if (code === NAMES_MAX) throw lines.bad(`"${word}" is one too many: at most ${NAMES_MAX} different ones`);
      codeOf.set(word, code);
    }
    values.push(code);
  });
  const names = [...codeOf.keys()];
  if (names.every((name) => /^(0|[1-9]\d{0,14})$/.test(name))) names.sort((a, b) => Number(a) - Number(b));
  const rank = new Map(names.map((name, i) => [name, i]));
  const ranks = Array.from(codeOf.keys(), (name) => rank.get(name)!);
  return { codes: Uint16Array.from(values, (code) => ranks[code]!), names };
}
