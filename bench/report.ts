import type { Unit } from "./case.ts";
import type { Machine } from "./machine.ts";
import { type Summary, spreadOf } from "./statistics.ts";

/** What a case came to. */
export interface Figure extends Summary {
  readonly name: string;
  readonly unit: Unit;
  /** In the order of the runs. */
  readonly values: readonly number[];
  /** Absent where there is none, see `Reading`. */
  readonly stateHash?: string;
  /** The median, see `Reading`. */
  readonly cpuSeconds?: number;
}

/** The file that `npm run bench` writes. */
export interface Report {
  readonly format: 1;
  readonly full: boolean;
  readonly runs: number;
  readonly scale: number;
  readonly machine: Machine;
  readonly loadAverageAtEnd: number;
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

/** The table for people: as Markdown, so that it can go into a document. */
export function reportTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure.median, figure.unit),
    shown(figure.min, figure.unit),
    shown(figure.max, figure.unit),
    `${Math.round(100 * spreadOf(figure))}%`,
    figure.cpuSeconds === undefined ? "" : shown(figure.cpuSeconds, "s"),
  ]);
  return markdownTable([["case", "median", "least", "most", "spread", "processor"], ...rows]);
}

/** A value with its unit, three digits long. */
export function shown(value: number, unit: Unit): string {
  switch (unit) {
    case "events/s":
      return value >= 1e6
        ? `${short(value / 1e6)} M/s`
        : value >= 1e3
          ? `${short(value / 1e3)} k/s`
          : `${short(value)} /s`;
    case "us":
      return value >= 1000 ? `${short(value / 1000)} ms` : `${short(value)} µs`;
    case "s":
      return `${short(value)} s`;
    case "bytes":
      return `${short(value)} bytes`;
  }
}

const short = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3));

/** All cells of a column as wide as the widest, as formatters write it. The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(rows[0]!), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)].join("\n");
}
