import { type Command, Option } from "commander";
import { parseSeed } from "./arguments.ts";
import type { Io } from "./io.ts";
import { parseBudget, parseCount, parseFrom0, parseObjective, parsePreset } from "./partition-options.ts";

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
