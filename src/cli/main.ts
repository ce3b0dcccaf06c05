import { Command, CommanderError, Option } from "commander";
import { MyriadError } from "../base/error.ts";
import { didYouMean } from "../base/suggest.ts";
import { packageVersion } from "../runtime/version.ts";
import {
  collectParam,
  parseAddress,
  parseCheckpointEvery,
  parsePlacement,
  parseRecovery,
  parseRounds,
  parseSeed,
  parseStallLimit,
  parseTime,
  parseWorkerList,
  parseWorkers,
} from "./arguments.ts";
import { EXIT, errorText, exitCodeOf } from "./exit.ts";
import { type Io, processIo } from "./io.ts";
import { addPartition } from "./partition-command.ts";

/** Runs the command of `argv` (with node and script in front, as in `process.argv`) and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(EXIT.failed));
  const code = await execute(argv.slice(2), processIo());
  process.stdout.write("", () => process.exit(code));
}

/** Runs one command. Whatever goes wrong is one line on standard error; returns the exit code. */
export async function execute(args: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(io, (ended) => (code = ended));
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (reason) {
    if (reason instanceof CommanderError && reason.exitCode === 0) return EXIT.done;
    const shown = reason instanceof CommanderError ? usageError(reason) : reason;
    io.terminal.write(`${errorText(shown)}\n`);
    return exitCodeOf(shown);
  }
}

/** Commander's complaint in our own form. */
function usageError(error: CommanderError): MyriadError {
  const text = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  if (error.code === "commander.help")
    return new MyriadError("INVALID_ARGUMENT", "a command is needed; see myriad --help");
  return new MyriadError("INVALID_ARGUMENT", text);
}

function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command("myriad")
    .description("Simulates large societies of agents: same seed, same result, on any number of workers.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.print(text.trimEnd()), writeErr: () => {}, outputError: () => {} });
  program
    .argument("[command]")
    .allowExcessArguments()
    .action((name: string | undefined) => {
      const names = program.commands.map((command) => command.name());
      const what = name === undefined ? "a command is needed" : `unknown command "${name}"${didYouMean(name, names)}`;
      throw new MyriadError("INVALID_ARGUMENT", `${what}; commands are ${names.join(", ")}`);
    });
  addRun(program, io, done);
  addResume(program, io, done);
  addVerify(program, io, done);
  addNodes(program, io, done);
  addRequests(program, io, done);
  addPartition(program, io, done);
  return program;
}

const paramOption = (): Option =>
  new Option("--param <name=value>", "a parameter of the model; repeat for more")
    .default({}, "the scenario's own")
    .argParser(collectParam);

const seedOption = (): Option => new Option("--seed <S>", "seed of all chance").default(0).argParser(parseSeed);
const untilOption = (): Option => new Option("--until <T>", "stop at virtual time T").argParser(parseTime);
const roundsOption = (): Option => new Option("--rounds <N>", "stop after N rounds").argParser(parseRounds);
const placementOption = (): Option =>
  new Option("--placement <how>", "communities, hash or contiguous: how agents are spread over workers").argParser(
    parsePlacement,
  );
const stallLimitOption = (): Option =>
  new Option(
    "--stall-limit <s>",
    "give up when a worker has computed for so long without any progress (default: 600)",
  ).argParser(parseStallLimit);
const checkpointOption = (): Option =>
  new Option(
    "--checkpoint-every <s>",
    "seconds between two checkpoints; 0: none, and a lost worker ends the run (default: 30)",
  ).argParser(parseCheckpointEvery);
const recoveryOption = (): Option =>
  new Option(
    "--recovery <how>",
    "confined or rollback: compute a lost worker's part again, or all (default: confined)",
  ).argParser(parseRecovery);
const jsonOption = (): Option => new Option("--json", "print one JSON object, last on standard output");
const quietOption = (): Option => new Option("--quiet", "nothing on standard error but errors");

function addRun(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command("run")
    .description("runs a scenario to its end")
    .argument("<scenario>", "a .ts or .js module, or a folder with a scenario.ts")
    .addOption(
      new Option("--workers <N>", "worker processes; 0 is this process alone").default(0).argParser(parseWorkers),
    )
    .addOption(seedOption())
    .addOption(untilOption())
    .addOption(roundsOption())
    .addOption(paramOption())
    .option("--out <dir>", "write manifest, observations, records and states to this new folder")
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(placementOption())
    .addOption(stallLimitOption())
    .addOption(checkpointOption())
    .addOption(recoveryOption())
    .action(async (path, options) => done(await (await import("./run.ts")).run(path, options, io)));
}

function addResume(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command("resume")
    .description("goes on with a broken-off run from its last checkpoint, to its end")
    .argument("<dir>", "the folder that the run was given as --out")
    .addOption(
      new Option(
        "--workers <N>",
        "worker processes; 0 is this process alone, without checkpoints (default: as many as the run had)",
      ).argParser(parseWorkers),
    )
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (dir, options) => done(await (await import("./resume.ts")).resume(dir, options, io)));
}

function addVerify(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command("verify")
    .description("runs a scenario on several numbers of workers and compares the results")
    .argument("<scenario>", "a .ts or .js module, or a folder with a scenario.ts")
    .addOption(
      new Option("--workers <list>", "numbers of workers, beside one process alone")
        .default([1, 2, 3], "1,2,3")
        .argParser(parseWorkerList),
    )
    .addOption(seedOption())
    .addOption(untilOption())
    .addOption(roundsOption())
    .addOption(paramOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addOption(placementOption())
    .addOption(recoveryOption())
    .option("--kill", "runs once more on each number of workers, and kills three of them on the way")
    .action(async (path, options) => done(await (await import("./verify.ts")).verify(path, options, io)));
}

function addNodes(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command("master")
    .description("waits for workers, runs the configured scenario on them, and prints the result")
    .option("--config <file>", "configuration, yaml or json; see docs/config.md")
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (options) => done(await (await import("./master.ts")).master(options, io)));
  program
    .command("worker")
    .description("hosts agents for a master")
    .option("--config <file>", "configuration, yaml or json; see docs/config.md")
    .addOption(quietOption())
    .action(async (options) => done(await (await import("./worker.ts")).worker(options, io)));
}

function addRequests(program: Command, io: Io, done: (code: number) => void): void {
  const masterOption = (): Option =>
    new Option("--master <host:port>", "the master to ask").makeOptionMandatory().argParser(parseAddress);
  program
    .command("status")
    .description("shows the run and its workers")
    .addOption(masterOption())
    .addOption(jsonOption())
    .action(async (options) => done(await (await import("./status.ts")).status(options, io)));
  program
    .command("locate")
    .description("tells which worker an agent lives on")
    .argument("<agent>", "name or index")
    .addOption(masterOption())
    .addOption(jsonOption())
    .action(async (agent, options) => done(await (await import("./locate.ts")).locate(agent, options, io)));
  program
    .command("stop")
    .description("ends the run at its next barrier")
    .addOption(masterOption())
    .action(async (options) => done(await (await import("./stop.ts")).stop(options, io)));
}
