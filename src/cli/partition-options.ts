import { type Command, Option } from "commander";
import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { parseInteger, parseSeed, refused } from "./arguments.ts";
import type { Io } from "./io.ts";

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

/** Adds `myriad partition` to the commands. */
export function addPartition(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command("partition")
    .allowExcessArguments(false)
    .description("places the nodes of a graph on workers, so that little edge weight lies between workers")
    .argument("<edges>", "one edge a line, csv or blanks between, a third column is its weight; gzip is unpacked")
    .addOption(new Option("-k <N>", "workers; may be left out with --capacity or --topology").argParser(parseCount))
    .addOption(
      new Option("--imbalance <x>", "how far a load may be above its share")
        .default(0.03)
        .argParser((text) => parseFrom0("--imbalance", text)),
    )
    .addOption(new Option("--preset <how>", "fast, eco or best (default: fast)").argParser(parsePreset))
    .addOption(
      new Option("--objective <what>", "cut: edge weight between workers; volume: pairs of a node and a foreign worker")
        .default("cut")
        .argParser(parseObjective),
    )
    .addOption(new Option("--seed <S>", "seed of all chance").default(1).argParser(parseSeed))
    .addOption(new Option("--time-budget <seconds>", "begin no improvement after that").argParser(parseBudget))
    .option("--types <file>", "type of each node, one a line: edges between types count more")
    .addOption(
      new Option("--type-factor <x>", "how much more (default: 3)").argParser((text) =>
        parseFrom0("--type-factor", text),
      ),
    )
    .option("--loads <file>", "load of each node, one a line (default: 1 each)")
    .option("--capacity <file>", "what each worker can hold, one a line")
    .option("--topology <file>", "yaml or json tree of links: { cost, children: [{ cost, children: [0, 1] }, ...] }")
    .option("--pins <file>", "the worker that each node must be on, one a line; -1 where it is free")
    .option("--present <file>", "the worker that each node is on now, one a line: improve that with few moves")
    .addOption(
      new Option("--move-cost <x>", "what a move costs, with --present (default: 0.1)").argParser((text) =>
        parseFrom0("--move-cost", text),
      ),
    )
    .option("--out <file>", "write the worker of each node to this file, one a line")
    .addOption(new Option("--json", "print one JSON object"))
    .action(async (edges, options) => done(await (await import("./partition.ts")).partition(edges, options, io)));
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

const parseCount = (text: string): number => parseInteger("-k", text, 1, WORKERS_MAX);

function parseFrom0(option: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Infinity)) throw refused(option, text, "a finite number of 0 or more");
  return value;
}

function parseBudget(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw refused("--time-budget", text, "a finite number of seconds above 0");
  return value;
}

function parsePreset(text: string): (typeof PRESETS)[number] {
  const preset = PRESETS.find((name) => name === text);
  if (preset === undefined) throw refused("--preset", text, "fast, eco or best");
  return preset;
}

function parseObjective(text: string): (typeof OBJECTIVES)[number] {
  const objective = OBJECTIVES.find((name) => name === text);
  if (objective === undefined) throw refused("--objective", text, "cut or volume");
  return objective;
}
