import { requestLocate } from "../runtime/admin.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import type { RequestArguments } from "./status.ts";

/** `myriad locate AGENT`: the worker that an agent, given by name or index, lives on. */
export async function locate(agent: string, { master, json }: RequestArguments, io: Io): Promise<number> {
  const { index, name, workerId, worker, address } = await requestLocate(master, agent);
  if (json) io.print(JSON.stringify({ index, name, workerId, worker, address }));
  else io.print(`${name} (index ${index}) is on worker ${workerId}, ${worker} at ${address}`);
  return EXIT.done;
}
