import type { PlacementFigures } from "../cluster/placement-figures.ts";
import type { Registry } from "../cluster/registry.ts";
import { agentLimitsOf, sharesOf, type WorkerOffer } from "../cluster/worker-offer.ts";
import { populate } from "../model/populate.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import type { CheckpointManifest } from "../store/checkpoint-manifest.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { Setup } from "../wire/gen/myriad/v1/control.ts";
import type { Committed } from "./checkpoint-keeper.ts";
import type { MasterOptions } from "./master-options.ts";
import type { PartLink } from "./part-link.ts";
import { placeRun } from "./place-run.ts";
import type { AgentsPlaced } from "./placing.ts";
import { sendPopulation } from "./population-sender.ts";
import { restoredRegistry } from "./restored-registry.ts";
import { setupMessage } from "./run-setup.ts";

/** What parts begin from: what they are told of the run, and the population, unless the run begins from a checkpoint. */
export class RunSource {
  readonly #options: MasterOptions;
  readonly #program: Program;
  readonly #runId: string;
  #population: Population | undefined;
  #placed: (Partial<AgentsPlaced> & Pick<AgentsPlaced, "placement" | "shares" | "agentLimits">) | undefined;

  constructor(options: MasterOptions, program: Program, runId: string) {
    this.#options = options;
    this.#program = program;
    this.#runId = runId;
  }

  /** Agents of the population; 0 before it is there. */
  get agents(): number {
    return this.#placed?.placement.length ?? this.#population?.count ?? 0;
  }

  get figures(): PlacementFigures | undefined {
    return this.#placed?.figures;
  }

  /** Runs the scenario's `populate`, once, if it is needed. Throws what shows before a run: INVALID_SCENARIO, INVALID_DATA. */
  async prepare(): Promise<void> {
    if (this.#options.prior?.checkpoint === undefined) await this.#populate();
  }

  /** Decides who hosts whom among those who offer; `signal` ends the search. */
  async place(offers: readonly WorkerOffer[], signal: AbortSignal): Promise<Registry> {
    const { clock, log, run, prior } = this.#options;
    if (prior?.checkpoint !== undefined) return this.#placeAgain(offers, prior.store, prior.checkpoint);
    const population = await this.#populate();
    const method = run.placement;
    const { placed, registry } = await placeRun({
      program: this.#program,
      population,
      offers,
      method,
      signal,
      clock,
      log,
    });
    this.#placed = placed;
    return registry;
  }

  setupOf(part: number, epoch: number, from: Committed | undefined, commands: number): Setup {
    const { shares, agentLimits, placement } = this.#placed!;
    const { runFolder = "" } = this.#options;
    const restore = from === undefined ? undefined : { checkpoint: from.checkpoint, window: from.window };
    const agents = placement.length;
    const subject = { ...this.#options, runId: this.#runId, agents, epoch, runFolder, restore, commands };
    return { ...setupMessage(this.#program, subject, { shares, agentLimits }), workerId: part };
  }

  /** Where the population is gone, it is made once more: it is a function of the seed. */
  async send(link: PartLink): Promise<void> {
    const population = await this.#populate();
    await sendPopulation(link, { program: this.#program, population, placement: this.#placed!.placement });
  }

  /** The population lives on the workers now; this copy goes. */
  release(): void {
    this.#population = undefined;
  }

  async #populate(): Promise<Population> {
    return (this.#population ??= await populate(this.#program, this.#options.reader));
  }

  /** Agents of a checkpoint: where they go follows from where they were. */
  async #placeAgain(
    offers: readonly WorkerOffer[],
    store: CheckpointStore,
    checkpoint: CheckpointManifest,
  ): Promise<Registry> {
    const registry = await restoredRegistry(this.#program, store, checkpoint, offers.length);
    this.#placed = { placement: registry.placement, shares: sharesOf(offers), agentLimits: agentLimitsOf(offers) };
    return registry;
  }
}
