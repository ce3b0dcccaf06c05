import { MyriadError } from "../base/error.ts";
import type { StateRow } from "../engine/engine.ts";
import type { Sample } from "../engine/sampler.ts";
import type { ObservedValue } from "../model/observation.ts";
import { populate } from "../model/populate.ts";
import { compile, type Program } from "../model/program.ts";
import type { Scenario } from "../model/scenario.ts";
import type { Until } from "../model/until.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "./lockstep.ts";
import { type EffectRecord, RecordedEffects } from "./recorded-effects.ts";
import { type PartitionedResult, resultOf } from "./run-partitioned.ts";

export interface HarnessOptions {
  /** Stand-ins for effects by name. One that is called and has none is refused with EFFECT_FAILED. */
  readonly effects?: Readonly<Record<string, (input: never) => unknown>>;
  readonly seed?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Takes the place of the scenario's stopping rule. */
  readonly until?: Until;
}

/** A scenario under test, in this process, that can be stopped at any window and looked at. */
export class Harness {
  readonly #program: Program;
  readonly #lockstep: Lockstep;
  readonly #effects: RecordedEffects;
  #result: PartitionedResult | undefined;
  #seen: Sample | undefined;

  constructor(program: Program, lockstep: Lockstep, effects: RecordedEffects) {
    this.#program = program;
    this.#lockstep = lockstep;
    this.#effects = effects;
    this.#seen = lockstep.engines[0]!.latest;
  }

  /** Where the run stands: everything before this virtual time has happened. */
  get now(): number {
    const { decision } = this.#lockstep;
    return decision.kind === "end" ? decision.virtualTime : decision.window * this.#program.lookahead;
  }

  /** The last sample of each observation. */
  get observed(): Readonly<Record<string, ObservedValue>> {
    return this.#result?.observations ?? this.#seen?.values ?? {};
  }

  /** Effects that were called so far. */
  get effectCalls(): readonly EffectRecord[] {
    return this.#effects.calls;
  }

  /** The state of an agent, by index or name: the one that the handlers get, to be read. */
  state<S = unknown>(agent: number | string): S {
    const row = this.#row(agent);
    if (row !== undefined) return row.state as S;
    throw new MyriadError("UNKNOWN_AGENT", `no agent has the ${typeof agent === "number" ? "index" : "name"} ${agent}`);
  }

  /** Runs all windows that begin before `time`, or to the end. */
  async runTo(time: number): Promise<this> {
    while (this.#lockstep.decision.kind === "window" && this.now < time) {
      await this.#lockstep.step();
      this.#seen = this.#lockstep.engines[0]!.latest;
    }
    return this;
  }

  /** Runs to the end. Rejects as `simulate` does. */
  async run(): Promise<PartitionedResult> {
    await this.runTo(Number.POSITIVE_INFINITY);
    this.#result ??= resultOf(this.#program, this.#lockstep);
    return this.#result;
  }

  #row(agent: number | string): StateRow | undefined {
    for (const row of this.#lockstep.engines[0]!.states()) if (row.index === agent || row.name === agent) return row;
    return undefined;
  }
}

/** Populates a scenario and stands before its first window. Rejects with what is wrong with it. */
export async function harness(scenario: Scenario, options: HarnessOptions = {}): Promise<Harness> {
  const program = compile(scenario, options);
  const population = await populate(program, dataFiles);
  const effects = new RecordedEffects(options.effects ?? {});
  const placement = new Uint16Array(population.count);
  const runner = (): RecordedEffects => effects;
  const lockstep = new Lockstep({ program, population, placement, workers: 1, runId: "test", runner });
  return new Harness(program, lockstep, effects);
}
