import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { checkPlacement, contiguousPlacement, hashPlacement } from "../cluster/placement.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { type EndReason, runFailure, type StateRow, stateHash } from "../engine/engine.ts";
import { mergeSamples, type Sample } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import { populate } from "../model/populate.ts";
import { compile, type Program } from "../model/program.ts";
import type { Scenario } from "../model/scenario.ts";
import type { Until } from "../model/until.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "./lockstep.ts";

export interface PartitionedOptions {
  /** Engines among which the agents are spread; default 1. */
  readonly workers?: number;
  /** Default "contiguous"; a function gives the worker of an agent. */
  readonly placement?: "contiguous" | "hash" | Uint16Array | ((index: number) => number);
  /** What part of all living agents each engine should host, in any unit; equal by default. It guides those born while running. */
  readonly shares?: readonly number[];
  /** The most living agents that each engine may ever host; no limit by default. A run that has no room for a newborn ends with LIMIT. */
  readonly agentLimits?: readonly number[];
  readonly seed?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly until?: Until;
  /** Stand-ins for effects by name; the others are really called. */
  readonly effects?: Readonly<Record<string, (input: never) => unknown>>;
}

/** One `ctx.record`. */
export interface RecordedRow {
  readonly time: number;
  readonly agent: number;
  readonly series: string;
  readonly value: unknown;
}

/** What a run came to; all but `remoteEvents` is the same however the agents are spread. */
export interface PartitionedResult {
  readonly stateHash: string;
  readonly ended: EndReason;
  readonly virtualTime: number;
  readonly windows: number;
  /** Deliveries to a handler. */
  readonly events: number;
  /** Of these, those that came from another engine. */
  readonly remoteEvents: number;
  readonly undeliverable: number;
  readonly agents: number;
  /** Of the final states. */
  readonly observations: Readonly<Record<string, ObservedValue>>;
  readonly samples: readonly Sample[];
  /** By time, agent, and order of recording. */
  readonly records: readonly RecordedRow[];
  /** By index. */
  readonly states: readonly StateRow[];
}

/**
 * Runs a scenario on several engines in this process, which exchange real frames in memory: the cheap way to see that
 * a result does not depend on how agents are spread. Rejects as `simulate` does.
 */
export async function runPartitioned(scenario: Scenario, options: PartitionedOptions = {}): Promise<PartitionedResult> {
  const program = compile(scenario, options);
  const population = await populate(program, dataFiles);
  const workers = options.workers ?? 1;
  const placement = placementOf(options.placement ?? "contiguous", population.count, workers);
  const runners = Array.from({ length: workers }, () => new OutsideEffects(systemClock, options.effects));
  try {
    const runner = (worker: number): OutsideEffects => runners[worker]!;
    const { shares, agentLimits } = options;
    const spread = { placement, workers, shares, agentLimits };
    const lockstep = new Lockstep({ program, population, runId: "test", runner, ...spread });
    while (lockstep.decision.kind === "window") await lockstep.step();
    return resultOf(program, lockstep);
  } finally {
    for (const runner of runners) runner.stop();
  }
}

/** What the engines of a run that has ended came to. Throws what a failed run ends with. */
export function resultOf(program: Program, lockstep: Lockstep): PartitionedResult {
  const { decision, engines } = lockstep;
  if (decision.kind !== "end") throw new MyriadError("PROTOCOL", "the run has not ended");
  if (decision.failure !== undefined) throw runFailure(decision.failure);
  const samples = [...lockstep.samples, ...engines[0]!.takeSamples()];
  const records = [...lockstep.records, ...engines.flatMap((engine) => engine.takeRecords())];
  const parts = engines.map((engine) => engine.finish());
  const total = (of: (part: (typeof parts)[number]) => number): number =>
    parts.reduce((sum, part) => sum + of(part), 0);
  return {
    stateHash: stateHash(parts.map((part) => part.hash)),
    ended: decision.reason,
    virtualTime: decision.virtualTime,
    windows: parts[0]!.counts.windows,
    events: total((part) => part.counts.delivered),
    remoteEvents: total((part) => part.counts.remote),
    undeliverable: total((part) => part.counts.undeliverable),
    agents: total((part) => part.agents),
    observations: mergeSamples(
      program,
      parts.map((part) => part.sample),
    ),
    samples,
    records: records
      .sort((a, b) => a.time - b.time || a.agent - b.agent || a.number - b.number)
      .map(({ time, agent, series, value }) => ({ time, agent, series, value })),
    states: engines.flatMap((engine) => [...engine.states()]).sort((a, b) => a.index - b.index),
  };
}

function placementOf(wish: NonNullable<PartitionedOptions["placement"]>, agents: number, workers: number): Uint16Array {
  if (wish === "contiguous") return contiguousPlacement(agents, workers);
  if (wish === "hash") return hashPlacement(agents, workers);
  const placement = typeof wish === "function" ? Uint16Array.from({ length: agents }, (_, index) => wish(index)) : wish;
  checkPlacement(placement, agents, workers);
  return placement;
}
