import { MyriadError } from "../base/error.ts";
import { HANDLE_SPAN, SAMPLES_MAX } from "../base/limits.ts";
import { type ActiveAgent, type Closing, type ClosingExtras, decodeClosing, encodeClosing } from "./closing.ts";
import type { Core } from "./core.ts";
import type { Delivery } from "./delivery.ts";
import { type AgentFailure, firstFailure } from "./failure.ts";
import type { Nursery } from "./nursery.ts";
import type { TieChange } from "./relations.ts";
import { Rounds, type SavedRounds } from "./rounds.ts";
import { Sampling, type SavedSampling } from "./sampling.ts";
import { type Limits, limitsOf } from "./stopping.ts";

export type EndReason = "quiescence" | "time" | "rounds" | "when" | "stopped" | "failed";

/** What all workers do next. */
export type Decision =
  | { readonly kind: "window"; readonly window: number }
  | {
      readonly kind: "end";
      readonly reason: EndReason;
      readonly virtualTime: number;
      readonly failure?: { readonly code: string; readonly message: string };
    };

/** What workers have agreed so far. */
export interface SavedAgreement {
  readonly delivered: number;
  readonly quarantined: readonly AgentFailure[];
  readonly rounds: SavedRounds;
  readonly sampling: SavedSampling;
}

/** Agents named when a round does not end, or a run stalls. */
const NAMED_MAX = 5;

/**
 * The barrier's brain: from the closings of all workers it derives, on each of them alike, the next state of all that
 * is shared, and the next window.
 */
export class Agreement {
  readonly rounds: Rounds;
  readonly sampling: Sampling;
  /** Failures that were quarantined. */
  readonly quarantined: AgentFailure[] = [];

  readonly #core: Core;
  readonly #delivery: Delivery;
  readonly #nursery: Nursery;
  readonly #limits: Limits;
  /** Deliveries that closings have told already. */
  #told = 0;
  /** Deliveries of all workers. */
  delivered = 0;

  constructor(core: Core, delivery: Delivery, nursery: Nursery) {
    this.#core = core;
    this.#delivery = delivery;
    this.#nursery = nursery;
    this.rounds = new Rounds(core);
    this.#limits = limitsOf(core.program.until);
    this.sampling = new Sampling(core);
    core.stopTime = this.#limits.time;
  }

  /** What has been agreed, as plain data: alike on every worker. */
  save(): SavedAgreement {
    const { delivered, quarantined } = this;
    return { delivered, quarantined, rounds: this.rounds.save(), sampling: this.sampling.save() };
  }

  load({ delivered, quarantined, rounds, sampling }: SavedAgreement): void {
    this.delivered = delivered;
    this.quarantined.push(...quarantined);
    this.rounds.load(rounds);
    this.sampling.load(sampling);
    this.#nameActive();
  }

  /** Deliveries so far have been told by closings of an earlier life. */
  noteTold(): void {
    this.#told = this.#core.counts.delivered;
  }

  /** This worker's closing section for the window just run. */
  closing(): Uint8Array {
    const core = this.#core;
    for (const outbox of core.outboxes) core.noteSent(outbox);
    core.noteUnheard();
    this.#dropTimers();
    const next = Math.min(core.calendar.next(), core.sentNext, this.#nursery.nextWindow(core.window + 1));
    const delivered = core.counts.delivered - this.#told;
    this.#told = core.counts.delivered;
    const suspended = this.#delivery.activations.size;
    const bytes = encodeClosing({ next, delivered, suspended, more: this.#extras(next) });
    core.sentNext = Number.POSITIVE_INFINITY;
    return bytes;
  }

  /** Takes the closings of all workers, by worker id, the own one among them. */
  apply(encoded: readonly Uint8Array[], stop: boolean): Decision {
    const closings = encoded.map(decodeClosing);
    const core = this.#core;
    const edge = core.window + 1;
    for (const closing of closings) this.delivered += closing.delivered;
    if (core.window >= 0) {
      this.rounds.windows++;
      core.counts.windows++;
    }
    const noRoom = this.#applyShared(closings);
    const sampled = this.sampling.take(closings, edge);
    const failure = firstFailure(this.#failures(closings));
    if (failure !== undefined) return this.#fail(failure.code, failure.message, edge);
    if (noRoom !== undefined) return this.#fail("LIMIT", noRoom, edge);
    if (stop) return this.#end("stopped", edge);
    if (sampled && this.#mayEnd(edge)) return this.#end("when", edge);
    if (core.window < 0 && core.program.usesRounds && this.rounds.start(0)) return this.#window(0);
    return this.#next(closings, edge);
  }

  #next(closings: readonly Closing[], edge: number): Decision {
    const core = this.#core;
    let next = Number.POSITIVE_INFINITY;
    let suspended = 0;
    for (const closing of closings) {
      next = Math.min(next, closing.next);
      suspended += closing.suspended;
    }
    if (next === Number.POSITIVE_INFINITY) {
      if (suspended > 0) return this.#stalled(closings, edge);
      const empty = this.sampling.windowBefore(edge, next);
      return empty === undefined ? this.#quiescent(edge) : this.#window(empty);
    }
    if (core.program.usesRounds && this.rounds.windows >= core.program.roundLimit)
      return this.#roundLimit(closings, edge);
    // What was taken back may have been the next event: an empty window finds out.
    if (closings.some(({ more }) => more.cancellations !== undefined)) next = edge;
    const ends = next < edge || core.grid.edge(next) >= core.stopTime;
    const target = ends ? Number.POSITIVE_INFINITY : next;
    const empty = this.sampling.windowBefore(edge, target);
    if (empty !== undefined) return this.#window(empty);
    if (!this.sampling.repeat(edge, target)) return this.#tooManySamples(edge);
    return ends ? { kind: "end", reason: "time", virtualTime: core.stopTime } : this.#window(next);
  }

  #mayEnd(edge: number): boolean {
    const { values } = this.sampling.latest!;
    try {
      return this.#limits.when.some((when) => when(values));
    } catch (reason) {
      const what = reason instanceof Error ? reason.message : String(reason);
      const time = this.#core.grid.edge(edge);
      throw new MyriadError("OBSERVATION_FAILED", `until.when, time ${time}: ${what}`, { cause: reason });
    }
  }

  #quiescent(edge: number): Decision {
    const { program } = this.#core;
    if (!program.usesRounds) return this.#end("quiescence", edge);
    const { rounds } = this;
    if (this.#core.grid.edge(edge) >= this.#core.stopTime)
      return { kind: "end", reason: "time", virtualTime: this.#core.stopTime };
    if (rounds.end(edge)) return this.#window(edge);
    if (rounds.completed >= this.#limits.rounds) return this.#end("rounds", edge);
    if (program.until === undefined || !rounds.next(edge)) return this.#end("quiescence", edge);
    return this.#window(edge);
  }

  /** Shared state, births, retirements, ties and cancellations take effect at the edge. Returns why nobody could be born, if so. */
  #applyShared(closings: readonly Closing[]): string | undefined {
    const core = this.#core;
    const parts = closings.flatMap(({ more }) => (more.shared === undefined ? [] : [more.shared]));
    if (parts.length > 0) core.shared.merge(parts);
    const retired = closings.flatMap(({ more }) => more.retired ?? []);
    const ties: TieChange[] = closings.flatMap(({ more }) => more.ties ?? []);
    if (ties.length + retired.length > 0) core.relations.apply(ties, retired);
    this.#nursery.release(retired);
    const cancellations = closings.flatMap(({ more }) => more.cancellations ?? []);
    if (cancellations.length > 0) this.#cancel(cancellations);
    if (closings.every(({ more }) => more.births === undefined)) return undefined;
    this.sampling.noteBirths();
    return this.#nursery.apply(
      closings.map(({ more }) => more.births),
      core.window + 1,
    );
  }

  /** The own timers of agents that retired in this window count for nothing any more. */
  #dropTimers(): void {
    const gone = new Set(this.#core.retired);
    if (gone.size === 0) return;
    this.#core.calendar.prune((batch, row) => batch.from[row] === batch.to[row] && gone.has(batch.to[row]!));
  }

  #cancel(cancellations: readonly { to: number; from: number; low: number }[]): void {
    const { table, calendar } = this.#core;
    const wanted = new Set<string>();
    for (const { to, from, low } of cancellations) if (table.slotOf[to]! >= 0) wanted.add(`${to} ${from} ${low}`);
    if (wanted.size === 0) return;
    calendar.prune((batch, row) => wanted.has(`${batch.to[row]} ${batch.from[row]} ${batch.seq[row]! % HANDLE_SPAN}`));
  }

  #failures(closings: readonly Closing[]): AgentFailure[] {
    const all = closings.flatMap(({ more }) => more.failures ?? []);
    if (this.#core.program.onAgentError === "fail") return all;
    this.quarantined.push(...all.filter((failure) => !failure.fatal));
    return all.filter((failure) => failure.fatal);
  }

  #extras(next: number): ClosingExtras {
    const core = this.#core;
    const { births, retired, ties, cancellations } = core;
    const { failures, activations } = this.#delivery;
    const more: { -readonly [K in keyof ClosingExtras]: ClosingExtras[K] } = {};
    if (births.length > 0) more.births = this.#nursery.collect();
    if (retired.length > 0) more.retired = retired;
    if (ties.length > 0) more.ties = ties;
    if (cancellations.length > 0) more.cancellations = cancellations;
    if (failures.length > 0) more.failures = this.#tell(failures.splice(0));
    const shared = core.shared.take();
    if (shared !== undefined) more.shared = shared;
    const { program } = core;
    const sample = this.sampling.partial(core.window + 1);
    if (sample !== undefined) more.sample = sample;
    if (next === Number.POSITIVE_INFINITY && activations.size > 0) more.stalled = this.#waiting();
    if (program.usesRounds && this.rounds.windows + 1 >= program.roundLimit) more.alive = this.#alive();
    core.retired = [];
    core.ties = [];
    core.cancellations = [];
    return more;
  }

  /** Those that others must know: all, but where the run ends with the first. */
  #tell(failures: AgentFailure[]): AgentFailure[] {
    if (this.#core.program.onAgentError === "quarantine") return failures;
    return [firstFailure(failures)!];
  }

  #waiting(): NonNullable<ClosingExtras["stalled"]> {
    const core = this.#core;
    return [...this.#delivery.activations.values()]
      .map((activation) => ({
        agent: activation.ctx.id,
        name: core.nameOf(activation.slot),
        waitsFor: activation.calls.inWords,
      }))
      .sort((a, b) => a.agent - b.agent)
      .slice(0, NAMED_MAX);
  }

  /** Agents that had events in the window: what they sent may be on its way to others, so this is alike on any number of workers. */
  #alive(): ActiveAgent[] {
    return this.#core.active.sort((a, b) => a.agent - b.agent).slice(0, NAMED_MAX);
  }

  #stalled(closings: readonly Closing[], edge: number): Decision {
    const all = closings.flatMap(({ more }) => more.stalled ?? []).sort((a, b) => a.agent - b.agent);
    const named = all.slice(0, NAMED_MAX).map(({ name, waitsFor }) => `agent "${name}" waits for ${waitsFor}`);
    const time = this.#core.grid.edge(edge);
    return this.#fail("STALLED", `nothing can happen any more at time ${time}, but ${named.join("; ")}`, edge);
  }

  #roundLimit(closings: readonly Closing[], edge: number): Decision {
    const { program, grid } = this.#core;
    const agents = closings.flatMap(({ more }) => more.alive ?? []).sort((a, b) => a.agent - b.agent);
    const named = agents.slice(0, NAMED_MAX).map(({ name, event }) => `agent "${name}" (handler "${event}")`);
    const what = `round ${this.rounds.number} has not ended after ${program.roundLimit} windows (roundLimit)`;
    return this.#fail("ROUND_LIMIT", `${what}, time ${grid.edge(edge)}: ${named.join(", ")} still active`, edge);
  }

  #tooManySamples(edge: number): Decision {
    return this.#fail("LIMIT", `more than ${SAMPLES_MAX} samples of the observations: raise observeEvery`, edge);
  }

  #window(window: number): Decision {
    this.#nameActive();
    return { kind: "window", window };
  }

  #nameActive(): void {
    const { program } = this.#core;
    this.#core.namesActive = program.usesRounds && this.rounds.windows + 1 >= program.roundLimit;
  }

  #end(reason: EndReason, edge: number): Decision {
    const { grid, stopTime } = this.#core;
    return { kind: "end", reason, virtualTime: Math.min(grid.edge(edge), stopTime) };
  }

  #fail(code: string, message: string, edge: number): Decision {
    return { kind: "end", reason: "failed", virtualTime: this.#core.grid.edge(edge), failure: { code, message } };
  }
}
