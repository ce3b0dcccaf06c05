import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { MasterConfig } from "../runtime/config.ts";
import { readConfig } from "../runtime/config-file.ts";
import { loadScenario } from "../runtime/load-scenario.ts";
import { MasterService } from "../runtime/master-service.ts";
import { untilOf } from "../runtime/node-run.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { conclude, prepareOut, type RunArguments, stopOnSignals } from "./run.ts";
import { Screen } from "./screen.ts";

export interface MasterArguments {
  config?: string;
  json?: boolean;
  quiet?: boolean;
}

/** `myriad master`: listens, runs the configured scenario once its workers are there, and prints the result. */
export async function master(options: MasterArguments, io: Io): Promise<number> {
  const config = await readConfig("master", options.config, io.environment);
  if (config.scenario === undefined) {
    throw new MyriadError(
      "INVALID_CONFIG",
      `${options.config ?? "environment"}: scenario is required: what the workers shall run`,
    );
  }
  const loaded = await loadScenario(config.scenario);
  const until = untilOf(config.until, config.rounds);
  const screen = new Screen({ terminal: io.terminal, quiet: options.quiet === true, now: io.now });
  const node = await MasterService.start("master", config, { clock: systemClock, log: screen.log });
  const interrupt: Interrupt = stopOnSignals(screen, io);
  try {
    const out = prepareOut(loaded, until, runArguments(config), io);
    screen.log.info("listening", { address: node.address, port: node.port, expectedWorkers: config.expectedWorkers });
    const live = { out, screen, interrupt, json: options.json === true, io };
    return await conclude(live, (watch) => node.run(loaded.scenario, watch));
  } finally {
    await node.stop();
    interrupt.dispose();
  }
}

function runArguments(config: MasterConfig): RunArguments {
  const { seed, expectedWorkers, params, out } = config;
  return { workers: expectedWorkers, seed, param: params ?? {}, ...(out === undefined ? {} : { out }) };
}
