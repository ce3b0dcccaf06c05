import type { Clock } from "../base/clock.ts";
import { Registry } from "../cluster/registry.ts";
import type { WorkerOffer } from "../cluster/worker-offer.ts";
import type { PlacementMethod } from "../model/placement-rule.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import type { LocateReply } from "../wire/gen/myriad/v1/control.ts";
import type { Log } from "./log.ts";
import type { PartLink } from "./part-link.ts";
import { placeInThread } from "./placement-thread.ts";
import { type AgentsPlaced, placeAgents } from "./placing.ts";

export interface PlaceRunOptions {
  readonly program: Program;
  readonly population: Population;
  /** By worker id. */
  readonly offers: readonly WorkerOffer[];
  readonly method: PlacementMethod | undefined;
  /** Ends the search. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Decides who hosts whom, now that it is known who the workers are, and makes the registry of it. */
export async function placeRun(options: PlaceRunOptions): Promise<{ placed: AgentsPlaced; registry: Registry }> {
  const { program, population, offers, log } = options;
  log.info("placing agents", { agents: population.count, workers: offers.length });
  const placed = await placeAgents({ ...options, partition: placeInThread });
  const { method, edgeCut, imbalance, seconds } = placed.figures;
  log.info("agents placed", { method, edgeCut, imbalance, seconds });
  const types = program.types.map((type) => type.name);
  const typeOf = population.typeOf.slice(0, population.count);
  const registry = new Registry(types, typeOf, placed.placement, population.count);
  registry.setNames(population.names);
  return { placed, registry };
}

/** Where an agent lives, for one who asks. `partOf`: a part by its worker id. */
export function locateReply(
  registry: Registry,
  agent: string,
  partOf: (worker: number) => PartLink | undefined,
): LocateReply {
  const found = registry.locate(agent);
  if (found === undefined) return { found: false, index: 0, name: "", workerId: 0, worker: "", address: "" };
  const { index, name, worker } = found;
  const part = partOf(worker);
  return { found: true, index, name, workerId: worker, worker: part?.host.name ?? "", address: part?.address ?? "" };
}
