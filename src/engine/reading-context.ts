import { MyriadError } from "../base/error.ts";
import { snapshot } from "../base/plain.ts";
import { drawExponential, drawInteger, drawNormal } from "../base/random.ts";
import { BUILT_IN_EVENTS, RoundEnding } from "../model/event.ts";
import { type EventBatch, metaType } from "../wire/event-batch.ts";
import type { Activation } from "./activation.ts";
import type { Core } from "./core.ts";
import type { Sample } from "./sampler.ts";

const ROUND_ENDING_ID = BUILT_IN_EVENTS.indexOf(RoundEnding as never);

/** What the context needs of the engine beside the core. */
export interface ContextHost {
  readonly core: Core;
  readonly latest: Sample | undefined;
  log(agent: number, time: number, message: string, fields: unknown): void;
}

/** The half of a handler's context that changes nothing: who and when, what can be read, and chance. */
export class ReadingContext {
  slot = -1;
  id = -1;
  now = 0;
  from = 0;
  /** Of the event being handled. */
  seq = 0;
  meta = 0;
  time = 0;
  /** False between handlers: a context that was kept is of no use. */
  open = false;
  /** True in handlers of RoundEnding: nothing may be sent. */
  silent = false;

  readonly activation: Activation | undefined;
  protected readonly host: ContextHost;
  protected readonly core: Core;

  constructor(host: ContextHost, activation: Activation | undefined) {
    this.host = host;
    this.core = host.core;
    this.activation = activation;
  }

  /** Points the context at one event of one agent. */
  bind(slot: number, batch: EventBatch, row: number, now: number): void {
    this.slot = slot;
    this.id = this.core.table.index[slot]!;
    this.now = now;
    this.from = batch.from[row]!;
    this.seq = batch.seq[row]!;
    this.time = batch.time[row]!;
    const meta = batch.meta[row]!;
    this.meta = meta;
    this.silent = metaType(meta) === ROUND_ENDING_ID;
  }

  get name(): string {
    return this.core.nameOf(this.slot);
  }

  get params(): unknown {
    return this.core.program.params;
  }

  /** A copy: to sort or shuffle it in place is an ordinary thing to do, and must not touch the ties themselves. */
  neighbors(relation: string): Uint32Array {
    return this.read("neighbors", () => this.core.relations.out(this.relation(relation)).targets(this.slot).slice());
  }

  weights(relation: string): Float64Array {
    return this.read("weights", () => this.core.relations.out(this.relation(relation)).weights(this.slot).slice());
  }

  degree(relation: string): number {
    return this.read("degree", () => this.core.relations.out(this.relation(relation)).degree(this.slot));
  }

  random(): number {
    this.check("random");
    const core = this.core;
    return core.random.uniform(this.id, core.table.takeDraw(this.slot));
  }

  randomInt(n: number): number {
    if (!(Number.isSafeInteger(n) && n > 0)) {
      throw new MyriadError("INVALID_PAYLOAD", `randomInt: ${n} is not an integer of 1 to 2^53 - 1`);
    }
    return drawInteger(this.random(), n);
  }

  normal(mean = 0, sd = 1): number {
    return mean + sd * drawNormal(this.random(), this.random());
  }

  exponential(mean: number): number {
    return drawExponential(this.random(), mean);
  }

  observed<T>(name: string): T | undefined {
    return this.read("observed", () => {
      const program = this.core.program;
      if (!program.observations.some((observation) => observation.name === name)) {
        throw unknownName(
          "observation",
          name,
          program.observations.map((observation) => observation.name),
        );
      }
      const value = this.host.latest?.values[name];
      return value === undefined ? undefined : snapshot(value, name);
    }) as T | undefined;
  }

  protected readShared(name: string): unknown {
    return this.read("shared", () => this.core.shared.get(this.sharedId(name)));
  }

  /** A read whose answer may differ when the handler is run again later: an activation keeps it. */
  protected read<T>(kind: string, read: () => T): T {
    this.check(kind);
    if (this.activation === undefined) return read();
    const known = this.activation.recall(kind);
    if (known !== undefined) return known.value as T;
    const value = read();
    this.activation.note(kind, value);
    return value;
  }

  protected relation(name: string): number {
    const id = this.core.program.relationIds.get(name);
    if (id !== undefined) return id;
    throw unknownName("relation", name, this.core.program.relations);
  }

  protected sharedId(name: string): number {
    const id = this.core.program.sharedIds.get(name);
    if (id !== undefined) return id;
    throw unknownName("shared value", name, [...this.core.program.sharedIds.keys()]);
  }

  /** Agents of the run; a handler that is run again finds as many as there were. */
  protected get agentsTotal(): number {
    return this.activation === undefined ? this.core.table.total : this.activation.total;
  }

  protected isAgent(index: number): boolean {
    return index >= 0 && index < this.agentsTotal && index >>> 0 === index;
  }

  protected check(what: string): void {
    if (!this.open)
      throw new MyriadError("NOT_ALLOWED", `ctx.${what}: the handler that this ctx was given to has ended`);
  }
}

function unknownName(what: string, name: unknown, known: readonly string[]): MyriadError {
  return new MyriadError(
    "UNKNOWN_NAME",
    `no ${what} is named ${JSON.stringify(name)}; there are: ${known.join(", ") || "none"}`,
  );
}
