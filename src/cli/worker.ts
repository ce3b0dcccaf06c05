import { hostname } from "node:os";
import { systemClock } from "../base/clock.ts";
import { readConfig } from "../runtime/config-file.ts";
import type { Log } from "../runtime/log.ts";
import { startOrphanGuard } from "../runtime/orphan-guard.ts";
import { WorkerService } from "../runtime/worker-service.ts";
import { EXIT } from "./exit.ts";
import { Interrupt } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { Screen } from "./screen.ts";

export interface WorkerArguments {
  config?: string;
  quiet?: boolean;
}

/** `myriad worker`: serves its master until the run is over. SIGTERM and Ctrl-C make it leave. */
export async function worker(options: WorkerArguments, io: Io): Promise<number> {
  const spawned = io.environment.MYRIAD_SPAWNED === "1";
  if (spawned) startOrphanGuard();
  const config = await readConfig("worker", options.config, io.environment);
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const id = config.name ?? `${hostname()}-${process.pid}`.replace(/[^A-Za-z0-9_.:-]/g, "-").slice(-128);
  const log = spawned ? agentsOnly(screen.log) : screen.log;
  const node = new WorkerService(id, config, { clock: systemClock, log, endWithMaster: spawned });
  // Ctrl-C in a terminal reaches the whole process group; for workers that `run` started, the run decides.
  if (spawned) {
    io.signals.on("SIGINT", () => {});
    await node.done;
    return EXIT.done;
  }
  const interrupt = new Interrupt(io.signals, () => void node.stop());
  try {
    await node.done;
    return interrupt.code === EXIT.interrupted ? EXIT.interrupted : EXIT.done;
  } finally {
    interrupt.dispose();
  }
}

/** What agents log; what workers themselves have to say, the master that started them says better. */
function agentsOnly(log: Log): Log {
  return {
    debug: () => {},
    info: (message, fields) => fields?.agent !== undefined && log.info(message, fields),
    warn: () => {},
    error: (message, fields) => log.error(message, fields),
    child: (fields) => agentsOnly(log.child(fields)),
  };
}
