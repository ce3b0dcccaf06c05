import { MyriadError } from "../base/error.ts";
import { GENERATION_MAX, HANDLE_SPAN } from "../base/limits.ts";
import { checkPlain, snapshot } from "../base/plain.ts";
import type { AgentType } from "../model/agent.ts";
import type { Context, EffectCall, EffectOptions, RequestOptions, Scalar, SendOptions } from "../model/context.ts";
import type { EventType } from "../model/event.ts";
import {
  EventBatch,
  FLAG_NONE,
  FLAG_REPLY,
  FLAG_REQUEST,
  metaFlag,
  metaGeneration,
  PHASE_EVENT,
  packMeta,
} from "../wire/event-batch.ts";
import type { PayloadCodec } from "../wire/payload.ts";
import type { Activation } from "./activation.ts";
import { checkEffectOptions } from "./effects.ts";
import { sendHandle, timerHandle } from "./handle.ts";
import { type ContextHost, ReadingContext } from "./reading-context.ts";
import { findOwn } from "./rows.ts";
import type { PutKey } from "./shared-state.ts";
import { Staged } from "./staged.ts";
import { hasTimer } from "./timers.ts";

/**
 * What a handler holds as `ctx`. One serves all synchronous handlers: its fields are set before each; every suspended
 * handler has one of its own, which collects events until the segment ends instead of passing them on.
 */
export class HandlerContext extends ReadingContext implements Context {
  readonly shared: { get(name: string): never; put(name: string, value: unknown): void };
  readonly staged = new Staged();
  /** Where an activation's events wait for the end of the segment; undefined: they go straight to where they belong. */
  readonly events: EventBatch | undefined;

  constructor(host: ContextHost, activation?: Activation) {
    super(host, activation);
    this.events = activation === undefined ? undefined : new EventBatch(1);
    this.shared = { get: (name) => this.readShared(name) as never, put: (name, value) => this.#putShared(name, value) };
  }

  send(to: number, event: EventType, payload: unknown, options?: SendOptions): number {
    const time = this.#arrival(options === undefined ? undefined : options.delay);
    const seq = this.#emit(to, event, payload, time, FLAG_NONE, 0);
    if (to !== this.id) return sendHandle(to, seq);
    return timerHandle(this.events === undefined ? this.core.lastWindow : this.core.windowOf(time), seq);
  }

  schedule(event: EventType, payload: unknown, options: { delay: number }): number {
    const delay = options.delay;
    if (!(delay >= 0 && delay < Number.POSITIVE_INFINITY)) {
      throw new MyriadError(
        "INVALID_DELAY",
        `schedule "${event.name}": delay ${delay} is not a finite number of 0 or more`,
      );
    }
    const time = this.now + delay;
    const seq = this.#emit(this.id, event, payload, time, FLAG_NONE, time === this.now ? this.#nextGeneration() : 0);
    return timerHandle(this.core.windowOf(time), seq);
  }

  cancel(handle: number): boolean {
    this.check("cancel");
    const known = this.activation?.recall("cancel");
    if (known !== undefined) return known.value as boolean;
    const found = this.#cancel(handle);
    this.activation?.note("cancel", found);
    return found;
  }

  publish(relation: string, event: EventType, payload: unknown, options?: SendOptions): void {
    this.#mayEmit("publish");
    const core = this.core;
    const id = this.relation(relation);
    const type = core.eventId(event);
    const time = this.#arrival(options?.delay);
    const seq = core.table.takeSend(this.slot);
    if (this.activation?.suppress() === true) {
      this.#refuse(core.program.codecs[type]!, payload);
      return;
    }
    // The payload is checked and coerced once, in a place of its own, and copied from there.
    const source = this.events ?? core.scratch;
    if (source === core.scratch) source.clear();
    const offset = source.wordCount;
    core.program.codecs[type]!.write(source, payload as Record<string, unknown>);
    const meta = packMeta(PHASE_EVENT, 0, FLAG_NONE, type);
    if (this.events !== undefined) this.activation!.stagePublish(id, time, seq, meta, offset);
    else core.publish(this.id, id, time, seq, meta, source, offset);
  }

  request(to: number, event: EventType, payload: unknown, options?: RequestOptions): Promise<never> {
    const activation = this.#async("request");
    const timeout = options?.timeout;
    if (timeout !== undefined && !(timeout > 0 && timeout < Number.POSITIVE_INFINITY)) {
      throw new MyriadError(
        "INVALID_DELAY",
        `request "${event.name}": timeout ${timeout} is not a finite number above 0`,
      );
    }
    const seq = this.#emit(to, event, payload, this.#arrival(undefined), FLAG_REQUEST, 0);
    return activation.request(seq, `request "${event.name}" to agent ${to}`, timeout) as Promise<never>;
  }

  reply(event: EventType, payload: unknown, options?: SendOptions): void {
    if (metaFlag(this.meta) !== FLAG_REQUEST) {
      throw new MyriadError("NOT_ALLOWED", `reply "${event.name}": the event being handled is not a request`);
    }
    this.#emit(this.from, event, payload, this.#arrival(options?.delay), FLAG_REPLY, 0);
  }

  relate(relation: string, to: number, weight = 1): void {
    if (!(weight > Number.NEGATIVE_INFINITY && weight < Number.POSITIVE_INFINITY)) {
      throw new MyriadError("INVALID_PAYLOAD", `relate "${relation}": weight ${weight} is not a finite number`);
    }
    this.#tie("relate", relation, to, weight);
  }

  unrelate(relation: string, to: number): void {
    this.#tie("unrelate", relation, to, Number.NaN);
  }

  spawn(type: AgentType<unknown, never>, profile?: unknown): void {
    this.#mayEmit("spawn");
    const id = this.core.program.typeIds.get(type as AgentType);
    if (id === undefined) {
      throw new MyriadError("UNKNOWN_NAME", `spawn: agent type "${type?.name}" is not listed in the scenario's agents`);
    }
    const child = this.core.table.take("children", this.slot);
    const copy = profile === undefined ? undefined : snapshot(profile, "profile");
    if (this.activation?.suppress() === true) return;
    this.staged.births.push({ parent: this.id, child, type: id, profile: copy });
    this.staged.dirty = true;
  }

  retire(): void {
    this.check("retire");
    if (this.activation?.suppress() === true) return;
    this.staged.retire = true;
    this.staged.dirty = true;
  }

  effect<I, T>(
    name: string,
    input: I,
    fn: (input: I, call: EffectCall) => Promise<T> | T,
    options?: EffectOptions,
  ): Promise<T> {
    const activation = this.#async("effect");
    checkEffectOptions(name, options);
    const at = this.#arrival(options?.thinkTime, "thinkTime");
    return activation.effect(
      name,
      snapshot(input ?? null, `effect "${name}" input`),
      fn as never,
      at,
      options,
    ) as Promise<T>;
  }

  record(series: string, value: Scalar | Readonly<Record<string, Scalar>>): void {
    this.check("record");
    checkPlain(value, `record "${series}"`, 1000);
    if (this.activation?.suppress() === true) return;
    this.staged.records.push({ series, value: snapshot(value, series) });
    this.staged.dirty = true;
  }

  log(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.check("log");
    if (this.activation?.suppress() !== true) this.host.log(this.id, this.now, message, fields);
  }

  /** The order key of what this handler puts now. */
  readonly putKey = (): PutKey => {
    const tie = this.core.random.tie(this.from, this.id, this.time);
    return [this.now, this.time, this.meta >>> 18, tie, this.from, this.seq, this.id];
  };

  /** Stages an event or passes it on. Returns its number. */
  #emit(to: number, event: EventType, payload: unknown, time: number, flag: number, generation: number): number {
    this.#mayEmit("send");
    const core = this.core;
    const table = core.table;
    if (!this.isAgent(to)) throw this.#noSuchAgent(to, event);
    const type = core.eventId(event);
    const codec = core.program.codecs[type]!;
    const slot = this.slot;
    const seq = table.takeSend(slot);
    const meta = packMeta(PHASE_EVENT, generation, flag, type);
    if (this.events !== undefined) {
      if (this.activation!.suppress()) {
        this.#refuse(codec, payload);
        return seq;
      }
      if (flag === FLAG_REPLY) this.events.pushWord(this.seq);
      const offset = this.events.wordCount;
      codec.write(this.events, payload as Record<string, unknown>);
      this.events.pushAt(time, to, this.id, seq, meta, offset);
      return seq;
    }
    const batch = time < core.edge ? core.current : core.batchFor(to, time);
    if (flag === FLAG_REPLY) batch.pushWord(this.seq);
    const offset = batch.wordCount;
    codec.write(batch, payload as Record<string, unknown>);
    const row = batch.pushAt(time, to, this.id, seq, meta, offset);
    if (batch === core.current) core.enqueue(row);
    return seq;
  }

  /** Throws for a payload that was refused before, when a handler is run again: it may have caught that. */
  #refuse(codec: PayloadCodec, payload: unknown): void {
    const { scratch } = this.core;
    scratch.clear();
    codec.write(scratch, payload as Record<string, unknown>);
  }

  /** When something sent with this delay arrives: never before the edge of the window. */
  #arrival(delay: number | undefined, what = "delay"): number {
    const { grid } = this.core;
    const { edge } = this.activation ?? this.core;
    const wait = delay ?? grid.lookahead;
    if (!(wait >= grid.lookahead && wait < Number.POSITIVE_INFINITY)) {
      const range = `a finite number of at least the lookahead ${grid.lookahead}`;
      throw new MyriadError("INVALID_DELAY", `${what} ${String(delay)} is not ${range}`);
    }
    const time = this.now + wait;
    return Math.max(time, edge);
  }

  #nextGeneration(): number {
    const generation = metaGeneration(this.meta) + 1;
    if (generation <= GENERATION_MAX) return generation;
    throw new MyriadError(
      "LIMIT",
      `events without delay have caused each other ${GENERATION_MAX} times at time ${this.now}`,
    );
  }

  #cancel(handle: number): boolean {
    const { events, staged } = this;
    if (staged.timers.includes(handle)) return false;
    if (handle < 0) {
      const key = -(handle + 1);
      staged.cancellations.push({ to: Math.floor(key / HANDLE_SPAN), from: this.id, low: key % HANDLE_SPAN });
    } else {
      const low = handle % HANDLE_SPAN;
      const sent = events !== undefined && findOwn(events, this.id, low) >= 0;
      const waits = this.activation?.isWaiting(low) === true;
      if (!sent && !waits && !hasTimer(this.core, this.id, handle, this.activation?.queue)) return false;
      staged.timers.push(handle);
    }
    staged.dirty = true;
    return true;
  }

  #tie(what: string, relation: string, to: number, weight: number): void {
    this.check(what);
    const id = this.relation(relation);
    if (!this.isAgent(to)) {
      throw new MyriadError("UNKNOWN_AGENT", `${what} "${relation}": no agent has index ${to}`);
    }
    if (this.activation?.suppress() === true) return;
    this.staged.ties.push({ relation: id, agent: this.id, to, weight, time: this.now });
    this.staged.dirty = true;
  }

  #putShared(name: string, value: unknown): void {
    this.check("shared.put");
    const id = this.sharedId(name);
    const checked = this.core.shared.check(id, value);
    if (this.activation?.suppress() === true) return;
    this.staged.puts.push({ id, value: checked });
    this.staged.dirty = true;
  }

  #mayEmit(what: string): void {
    this.check(what);
    if (this.silent) throw new MyriadError("NOT_ALLOWED", `ctx.${what}: handlers of RoundEnding cannot send`);
  }

  #async(what: string): Activation {
    this.#mayEmit(what);
    if (this.activation !== undefined) return this.activation;
    throw new MyriadError(
      "NOT_ALLOWED",
      `ctx.${what}: only async handlers can wait; write "async (self, payload, ctx) => ..."`,
    );
  }

  #noSuchAgent(to: number, event: EventType): MyriadError {
    const total = this.agentsTotal;
    return new MyriadError(
      "UNKNOWN_AGENT",
      `send "${event?.name}": no agent has index ${String(to)}; they are 0 to ${total - 1}`,
    );
  }
}
