import { MyriadError } from "../base/error.ts";
import type { DataReader } from "../store/data-file.ts";
import type { Population } from "./population.ts";
import type { Program } from "./program.ts";
import { World } from "./world.ts";

/** Runs a scenario's `populate`. What it throws is INVALID_SCENARIO unless it has a code of its own. */
export async function populate(program: Program, reader: DataReader): Promise<Population> {
  const world = new World(program, reader);
  try {
    await program.scenario.populate?.(world, program.params as never);
  } catch (reason) {
    if (reason instanceof MyriadError) throw reason;
    const message = reason instanceof Error ? reason.message : String(reason);
    throw new MyriadError("INVALID_SCENARIO", `populate: ${message}`, { cause: reason });
  }
  return world.finish();
}
