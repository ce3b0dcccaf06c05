import { MyriadError } from "../base/error.ts";
import { placeInThread } from "../runtime/placement-thread.ts";
import { WholeFile } from "../store/whole-file.ts";
import { EXIT } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { readInput } from "./partition-input.ts";
import { checkTogether, type PartitionArguments } from "./partition-options.ts";
import { partitionReport, partitionText } from "./partition-report.ts";

/** `myriad partition EDGES`: reads a graph, places its nodes on workers, prints how good that is. Returns the exit code. */
export async function partition(path: string, options: PartitionArguments, io: Io): Promise<number> {
  checkTogether(options);
  const interrupt = new Interrupt(io.signals, () => {});
  let out: WholeFile | undefined;
  try {
    out = options.out === undefined ? undefined : new WholeFile(options.out);
    const { task, typeNames } = await readInput(path, options, interrupt.signal);
    const outcome = await placeInThread(task, interrupt.signal);
    out?.commit(lines(outcome.parts));
    const report = partitionReport(outcome, typeNames, options, io.peakRssBytes());
    io.print(options.json ? JSON.stringify(report) : partitionText(report));
    return EXIT.done;
  } catch (reason) {
    if (interrupt.code !== undefined && reason instanceof MyriadError && reason.code === "STOPPED")
      return interrupt.code;
    throw reason;
  } finally {
    out?.discard();
    interrupt.dispose();
  }
}

/** One number a line. */
const lines = (parts: Uint16Array): Uint8Array => new TextEncoder().encode(`${parts.join("\n")}\n`);
