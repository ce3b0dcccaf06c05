import { systemClock } from "../base/clock.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep, type LockstepOptions, type SavedRun } from "./lockstep.ts";
import { type PartitionedOptions, type PartitionedResult, resultOf } from "./run-partitioned.ts";

/** What may happen to a run at a barrier: nothing that shows in its result. */
export type Disturbance = "none" | "save" | "load" | "move";

export interface Disturbances {
  readonly workersMax: number;
  /** The most agents that each worker may host; no limit by default. */
  readonly agentLimit?: number;
  /** What happens at the next barrier. */
  next(): Disturbance;
  /** An integer of 0 to n - 1: how agents are spread. */
  pick(n: number): number;
}

/** A result, and what must be the same beside it. */
export interface DisturbedResult extends PartitionedResult {
  readonly effects: number;
  readonly dropped: number;
  readonly quarantined: readonly string[];
  /** How often each thing happened. */
  readonly happened: Readonly<Record<Disturbance, number>>;
}

/**
 * Runs a scenario as `runPartitioned` does, and at its barriers saves it, goes on with new engines from what was saved
 * (all at first, then what has changed), or moves agents between engines that go on, which may become more or fewer.
 */
export async function runDisturbed(
  scenario: Scenario,
  options: Omit<PartitionedOptions, "workers" | "placement" | "shares" | "agentLimits">,
  disturbances: Disturbances,
): Promise<DisturbedResult> {
  const run = new DisturbedRun(scenario, options, disturbances);
  try {
    return await run.toEnd();
  } finally {
    for (const runner of run.runners) runner.stop();
  }
}

class DisturbedRun {
  readonly runners: OutsideEffects[] = [];
  readonly #options: Omit<LockstepOptions, "placement" | "workers">;
  readonly #disturbances: Disturbances;
  readonly #happened = { none: 0, save: 0, load: 0, move: 0 };
  /** A full save, and what changed between it and the last save. */
  readonly #sections: Uint8Array[] = [];

  constructor(scenario: Scenario, options: PartitionedOptions, disturbances: Disturbances) {
    const runner = (): OutsideEffects => {
      const made = new OutsideEffects(systemClock, options.effects);
      this.runners.push(made);
      return made;
    };
    this.#options = { program: compile(scenario, options), runId: "test", runner };
    this.#disturbances = disturbances;
  }

  async toEnd(): Promise<DisturbedResult> {
    const { program } = this.#options;
    const population = await populate(program, dataFiles);
    let lockstep = new Lockstep({ ...this.#options, ...this.#spread(population.count), population });
    while (lockstep.decision.kind === "window") {
      lockstep = await this.#disturb(lockstep);
      await lockstep.step();
    }
    const result = resultOf(program, lockstep);
    const parts = lockstep.engines.map((engine) => engine.finish());
    return {
      ...result,
      effects: parts.reduce((sum, part) => sum + part.effects.calls, 0),
      dropped: parts.reduce((sum, part) => sum + part.counts.dropped, 0),
      quarantined: parts[0]!.quarantined.map(({ message }) => message).sort(),
      happened: this.#happened,
    };
  }

  async #disturb(lockstep: Lockstep): Promise<Lockstep> {
    const what = this.#disturbances.next();
    this.#happened[what]++;
    if (what === "none") return lockstep;
    const spread = this.#spread(lockstep.engines[0]!.core.table.total);
    if (what === "move") {
      const same = spread.workers === lockstep.engines.length;
      await lockstep.move(spread.placement, same ? undefined : spread.workers, spread.agentLimits);
      return lockstep;
    }
    const saved = this.#save(lockstep);
    if (what === "save") return lockstep;
    const loaded = await Lockstep.load({ ...this.#options, ...spread }, saved);
    loaded.samples.push(...lockstep.samples);
    loaded.records.push(...lockstep.records);
    return loaded;
  }

  #save(lockstep: Lockstep): SavedRun {
    const saved = lockstep.save({ changedOnly: this.#sections.length > 0 });
    this.#sections.push(...saved.sections);
    return { ...saved, sections: this.#sections };
  }

  #spread(agents: number): Pick<LockstepOptions, "placement" | "workers" | "agentLimits"> {
    const { workersMax, pick, agentLimit } = this.#disturbances;
    const workers = 1 + pick(workersMax);
    const agentLimits = agentLimit === undefined ? undefined : new Array<number>(workers).fill(agentLimit);
    return { workers, placement: Uint16Array.from({ length: agents }, () => pick(workers)), agentLimits };
  }
}
