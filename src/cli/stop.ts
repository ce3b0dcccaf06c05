import { requestStop } from "../runtime/admin.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";

/** `myriad stop`: ends the run at its next barrier. */
export async function stop({ master }: { master: string }, io: Io): Promise<number> {
  const { accepted, runId } = await requestStop(master, "myriad stop");
  io.print(accepted ? `run ${runId} stops at its next barrier` : "there is no run to stop");
  return EXIT.done;
}
