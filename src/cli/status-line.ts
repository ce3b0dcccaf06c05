import type { Progress } from "../runtime/run.ts";

/** What the status line shows: the run's progress and how long it has been going on. */
export interface Status extends Progress {
  elapsedMs: number;
}

/**
 * One line of at most `width` characters: virtual time, share done, events a second, workers, agents, time left.
 * What matters least goes first when there is no room.
 */
export function statusLine(status: Status, width: number): string {
  const parts: { text: string; rank: number }[] = [{ text: `t ${shortNumber(status.virtualTime)}`, rank: 0 }];
  if (status.fraction !== undefined) parts.push({ text: `${Math.floor(clamp(status.fraction) * 100)}%`, rank: 1 });
  parts.push({ text: `${shortNumber(status.eventsPerSecond)} events/s`, rank: 2 });
  if (status.workers > 0) parts.push({ text: plural(status.workers, "worker"), rank: 4 });
  parts.push({ text: plural(status.agents, "agent"), rank: 6 });
  parts.push({ text: plural(status.events, "event"), rank: 5 });
  const left = secondsLeft(status);
  if (left !== undefined) parts.push({ text: `ETA ${duration(left)}`, rank: 3 });
  while (parts.length > 1 && joined(parts).length > width) {
    const last = parts.reduce((worst, part, index) => (part.rank > parts[worst]!.rank ? index : worst), 0);
    parts.splice(last, 1);
  }
  return joined(parts).slice(0, Math.max(0, width));
}

const joined = (parts: readonly { text: string }[]): string => parts.map(({ text }) => text).join("  ");

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction));

/** Seconds to the end, when that is known and something has been done. */
export function secondsLeft({ fraction, elapsedMs }: Status): number | undefined {
  if (fraction === undefined || !(fraction > 0)) return undefined;
  return (elapsedMs / 1000) * (1 / clamp(fraction) - 1);
}

/** `1.2M`: at most four digits. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  for (const [from, unit, letter] of UNITS) {
    if (size >= from) return `${trim(value / unit)}${letter}`;
  }
  return trim(value);
}

/** From where on a unit is used (what would be rounded up to it included), the unit and its letter. */
const UNITS: readonly [number, number, string][] = [
  [0.9995e12, 1e12, "T"],
  [0.9995e9, 1e9, "G"],
  [0.9995e6, 1e6, "M"],
  [9_999.5, 1e3, "k"],
];

function trim(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(2);
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)));
}

const plural = (count: number, noun: string): string => `${shortNumber(count)} ${noun}${count === 1 ? "" : "s"}`;

/** `8s`, `3m05s`, `2h10m`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  const hours = Math.floor(whole / 3600);
  return hours < 1000 ? `${hours}h${two(Math.floor((whole % 3600) / 60))}m` : "a long time";
}
