import type { BlobList } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import { EventBatch, metaPhase, PHASE_PUBLISH } from "../wire/event-batch.ts";
import { decodeEvents } from "../wire/frame.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import type { ActivationHost } from "./activation.ts";
import { Adoption, type Move } from "./adoption.ts";
import { Agreement, type Decision } from "./agreement.ts";
import { Census } from "./census.ts";
import { Core } from "./core.ts";
import type { Counts } from "./counts.ts";
import { Delivery } from "./delivery.ts";
import type { EffectRequest, EffectRunner, Outcome } from "./effects.ts";
import { Nursery } from "./nursery.ts";
import { type AgentLog, type EngineOptions, type PartResult, type StateRow, statesOf } from "./part.ts";
import { copyRow } from "./rows.ts";
import { type Sample, samplePartial } from "./sampler.ts";
import { type SaveOptions, Snapshot } from "./snapshot.ts";
import { spreadPublishes } from "./spread.ts";
import type { RecordRow } from "./staged.ts";
import { hashPart } from "./state-hash.ts";
import type { StrictGuard } from "./strict.ts";
import { WindowRunner } from "./window-runner.ts";

export type { Decision, EndReason } from "./agreement.ts";
export { type AgentLog, type EngineOptions, type PartResult, runFailure, type StateRow, stateHash } from "./part.ts";

/**
 * One worker's loop without the network: load the population, `open`, then for each window `runWindow`, `closing`,
 * `acceptEvents` of what peers sent, and `apply` with the closings of all, which tells the next window. The window -1
 * is the opening: it has a closing but is not run. In one process the own closing is all there is.
 */
export class Engine implements ActivationHost {
  readonly program: Program;
  readonly core: Core;
  readonly runKey: string;
  readonly #effects: EffectRunner;
  readonly #guard: StrictGuard | undefined;
  readonly #log: AgentLog | undefined;
  readonly #delivery: Delivery;
  readonly #runner: WindowRunner;
  readonly #nursery: Nursery;
  readonly #agreement: Agreement;
  readonly #snapshot: Snapshot;
  readonly #adoption: Adoption;
  #publishes = new EventBatch();

  constructor(options: EngineOptions) {
    this.program = options.program;
    this.runKey = options.runId;
    this.#effects = options.runner;
    this.#guard = options.guard;
    this.#log = options.log;
    const workers = options.workers ?? 1;
    this.core = new Core(options.program, options.self ?? 0, workers, options.flush);
    const census = new Census(workers, options.shares, options.agentLimits);
    this.#delivery = new Delivery(this, options.guard);
    this.#runner = new WindowRunner(this.core, this.#delivery);
    this.#nursery = new Nursery(this.core, census, this.#delivery.failures);
    this.#agreement = new Agreement(this.core, this.#delivery, this.#nursery);
    this.#snapshot = new Snapshot(this.core, this.#delivery, this.#agreement, this.#nursery);
    this.#adoption = new Adoption(this, this.#delivery, this.#agreement, this.#nursery);
  }

  /** The worker of every agent, by index. First of all. */
  setPlacement(placement: Uint16Array): void {
    this.core.table.setPlacement(placement);
    this.#nursery.census.begin(placement);
  }

  /**
   * Makes own agents, any number of calls: the i-th has type `types[i]`, the encoded profile `profiles.get(i)` (empty:
   * undefined), the name `names[i]` if any, and the index `ids[i]`, or `first + i` where `ids` is left out.
   */
  loadAgents(
    first: number,
    types: Uint16Array,
    names: readonly (string | undefined)[] | null,
    profiles: Pick<BlobList, "get">,
    ids?: Uint32Array,
  ): void {
    for (let i = 0; i < types.length; i++) {
      const index = ids === undefined ? first + i : ids[i]!;
      const name = names?.[i];
      if (name !== undefined) this.core.table.names.set(index, name);
      const profile = profiles.get(i);
      this.#nursery.make(index, types[i]!, profile.length === 0 ? undefined : decodePlain(profile));
    }
  }

  /** Ties of the population; those without an end here are passed over. Any number of calls, after the agents. */
  loadRelation(
    relation: number,
    directed: boolean,
    source: Uint32Array,
    target: Uint32Array,
    weight: Float64Array | null,
  ): void {
    this.core.relations.load(relation, directed, { source, target, weight });
  }

  /** Start events; those to agents elsewhere are passed over. */
  loadEvents(batch: EventBatch): void {
    const { table, calendar, program } = this.core;
    for (let row = 0; row < batch.count; row++) {
      if (table.slotOf[batch.to[row]!]! < 0) continue;
      copyRow(batch, row, calendar.bucket(this.core.windowOf(batch.time[row]!)), program.codecs);
    }
  }

  /** Ends loading. */
  open(): void {
    this.core.relations.open();
    this.#nursery.announce();
  }

  /** Runs a window. A promise only when handlers had to be waited for. */
  runWindow(window: number): undefined | Promise<void> {
    return this.#runner.run(window);
  }

  /** Events for a peer that go out with the closing frame; `clear` it once encoded. */
  outbox(peer: number): EventBatch {
    return this.core.outboxes[peer]!;
  }

  /** This worker's closing section of the window just run. Once a window, before the outboxes are cleared. */
  closing(): Uint8Array {
    return this.#agreement.closing();
  }

  /** Takes over the events of a peer's frame. The peer has closed the window, and this worker has run it. */
  acceptEvents(frame: Uint8Array): void {
    const { core } = this;
    const publishes = this.#publishes;
    let rows = 0;
    decodeEvents(frame, core.program.codecs, (time, meta) => {
      if (metaPhase(meta) === PHASE_PUBLISH) return publishes;
      rows++;
      return core.calendar.bucket(core.windowOf(time));
    });
    core.counts.remote += rows;
    spreadPublishes(core, publishes);
  }

  /** Takes the closings of all workers, by worker id. Alike on every worker. `stop`: the run ends here, if it goes well. */
  apply(closings: readonly Uint8Array[], stop = false): Decision {
    return this.#agreement.apply(closings, stop);
  }

  get latest(): Sample | undefined {
    return this.#agreement.sampling.latest;
  }

  /** Samples since last asked. */
  takeSamples(): Sample[] {
    return this.#agreement.sampling.pending.splice(0);
  }

  /** Own agents' records since last asked. */
  takeRecords(): RecordRow[] {
    return this.core.records.splice(0);
  }

  /** Births in the whole run since last asked, in the order of their indices. */
  takeBirths(): { readonly type: number; readonly worker: number }[] {
    return this.#nursery.log.splice(0);
  }

  /** Deliveries of all workers so far. */
  get delivered(): number {
    return this.#agreement.delivered;
  }

  get counts(): Readonly<Counts> {
    return this.core.counts;
  }

  get window(): number {
    return this.core.window;
  }

  get suspended(): number {
    return this.#delivery.activations.size;
  }

  get roundsCompleted(): number {
    return this.#agreement.rounds.completed;
  }

  /** Ends the run here: aborts effects under way, and returns this worker's part of the result. */
  finish(): PartResult {
    this.#effects.stop();
    const { core } = this;
    return {
      hash: hashPart(core, this.#delivery.activations, this.delivered).toBytes(),
      counts: { ...core.counts },
      agents: core.table.count,
      sample: samplePartial(this.program, core.table),
      sampledAt: this.latest?.time,
      effects: { calls: core.counts.effects, replayed: 0 },
      quarantined: this.#agreement.quarantined,
    };
  }

  /** Own agents in the order of their slots. */
  states(): Iterable<StateRow> {
    return statesOf(this.core);
  }

  /** What is equal on all workers, once `next` is agreed on and before it is run. Records, samples and births are taken before. */
  saveCommon(next: number): Uint8Array {
    return this.#snapshot.common(next);
  }

  /** Own agents and all that is to come for them, in sections that any worker can adopt; at the same time. All are taken, or none count. */
  saveAgents(next: number, options: SaveOptions): Iterable<Uint8Array> {
    return this.#snapshot.agents(next, options);
  }

  /** What this worker has counted: for one worker of a later life, whichever that is. */
  savePart(next: number): Uint8Array {
    return this.#snapshot.part(next);
  }

  /** Begins a new engine from what was saved, instead of `setPlacement` and what follows. `placement`: as it was by default. */
  load(common: Uint8Array, placement?: Uint16Array): void {
    this.#adoption.load(common, placement);
  }

  /** Between windows: agents live elsewhere from here on. Those that leave are let go of; save them before. */
  move(move: Move): void {
    this.#adoption.move(move);
  }

  /** After `load` or `move`: takes out of a section what is this worker's and new to it. Throws CORRUPT or MISMATCH. */
  adopt(section: Uint8Array): void {
    this.#adoption.adopt(section);
  }

  /** All sections are adopted: suspended handlers are run again, and what they wait for is asked again. */
  opened(): Promise<void> {
    return this.#adoption.opened();
  }

  startEffect(request: EffectRequest, again: boolean): Promise<Outcome> {
    if (!again) this.core.counts.effects++;
    return this.#guard === undefined
      ? this.#effects.run(request)
      : this.#guard.outside(() => this.#effects.run(request));
  }

  wake(slot: number): void {
    this.#runner.wake(slot);
  }

  log(agent: number, time: number, message: string, fields: unknown): void {
    this.#log?.(this.core.nameOf(this.core.table.slotOf[agent]!), time, message, fields);
  }
}
