import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { parseInteger, refused } from "./arguments.ts";

const PRESETS = ["fast", "eco", "best"] as const;
const OBJECTIVES = ["cut", "volume"] as const;

export interface PartitionArguments {
  k?: number;
  imbalance: number;
  preset?: (typeof PRESETS)[number];
  objective: (typeof OBJECTIVES)[number];
  seed: number;
  /** Seconds. */
  timeBudget?: number;
  types?: string;
  typeFactor?: number;
  loads?: string;
  capacity?: string;
  topology?: string;
  pins?: string;
  present?: string;
  moveCost?: number;
  out?: string;
  json?: boolean;
}

/** What says nothing, or contradicts itself, is refused before anything is read. Throws INVALID_ARGUMENT. */
export function checkTogether(options: PartitionArguments): void {
  const given = (name: keyof PartitionArguments): boolean => options[name] !== undefined;
  const refuse = (text: string): never => {
    throw new MyriadError("INVALID_ARGUMENT", text);
  };
  if (!given("k") && !given("capacity") && !given("topology"))
    refuse("-k is needed: the number of workers, unless --capacity or --topology say it");
  if (given("typeFactor") && !given("types")) refuse("--type-factor says nothing without --types");
  if (given("moveCost") && !given("present")) refuse("--move-cost says nothing without --present");
  if (options.objective === "volume" && given("topology"))
    refuse("--objective volume does not go with --topology, which makes the link cost the objective");
  if (!given("present")) return;
  const option = (["topology", "pins", "preset", "timeBudget"] as const).find(given);
  if (option !== undefined) refuse(`${FLAGS[option]} does not go with --present`);
  if (options.objective === "volume") refuse("--objective volume does not go with --present");
}

const FLAGS = { topology: "--topology", pins: "--pins", preset: "--preset", timeBudget: "--time-budget" };

export const parseCount = (text: string): number => parseInteger("-k", text, 1, WORKERS_MAX);

export function parseFrom0(option: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Infinity)) throw refused(option, text, "a finite number of 0 or more");
  return value;
}

export function parseBudget(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw refused("--time-budget", text, "a finite number of seconds above 0");
  return value;
}

export function parsePreset(text: string): (typeof PRESETS)[number] {
  const preset = PRESETS.find((name) => name === text);
  if (preset === undefined) throw refused("--preset", text, "fast, eco or best");
  return preset;
}

export function parseObjective(text: string): (typeof OBJECTIVES)[number] {
  const objective = OBJECTIVES.find((name) => name === text);
  if (objective === undefined) throw refused("--objective", text, "cut or volume");
  return objective;
}
