import { type ErrorCode, MyriadError } from "../base/error.ts";
import { HANDLE_SPAN, NOBODY } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import type { Handler } from "../model/agent.ts";
import type { EffectCall, EffectOptions } from "../model/context.ts";
import { BUILT_IN_EVENTS, Continue, Timeout } from "../model/event.ts";
import {
  EventBatch,
  FLAG_NONE,
  metaPhase,
  metaType,
  PHASE_EVENT,
  PHASE_PUBLISH,
  packMeta,
} from "../wire/event-batch.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import { type Call, Calls } from "./calls.ts";
import { HandlerContext } from "./context.ts";
import type { EffectRequest, Outcome } from "./effects.ts";
import { timerHandle } from "./handle.ts";
import { type ActivationRecord, Journal } from "./journal.ts";
import type { OrderQueue } from "./order-queue.ts";
import type { ContextHost } from "./reading-context.ts";
import { copyRow, type EncodedRow, encodeRow, findOwn } from "./rows.ts";
import { cancelTimer } from "./timers.ts";

export const CONTINUE_ID: number = BUILT_IN_EVENTS.indexOf(Continue as never);
export const TIMEOUT_ID: number = BUILT_IN_EVENTS.indexOf(Timeout as never);

export interface ActivationHost extends ContextHost {
  readonly runKey: string;
  /** Asks the world outside; `again`: it was asked before, by the same handler in an earlier life. */
  startEffect(request: EffectRequest, again: boolean): Promise<Outcome>;
  /** An answer for the agent in `slot` has come in; the window being run may be waiting for it. */
  wake(slot: number): void;
}

/** Where a handler stands: it runs until its microtasks are drained, and is then one of the other three. */
export type ActivationState =
  | { readonly kind: "running" }
  | { readonly kind: "suspended" }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly reason: unknown };

/**
 * One asynchronous handler at work on one event, over as many windows as its answers take. Its closure cannot be
 * saved, so the activation keeps what it takes to run the handler again from the start to the same point.
 */
export class Activation {
  slot: number;
  /** When the handler last went on: agents of the run, and the end of the window. */
  total: number;
  edge: number;
  readonly ctx: HandlerContext;
  readonly handler: Handler;
  readonly calls: Calls = new Calls((call, again) => this.#ask(call, again));
  /** Events that came while the handler waits, in their order; the first `waitingHead` are handled already. */
  waiting: EventBatch = new EventBatch(1);
  waitingHead = 0;
  /** The agent's other events of the window being run. */
  queue: OrderQueue | undefined;
  state: ActivationState = { kind: "running" };

  readonly #host: ActivationHost;
  /** The event being handled, in row 0. */
  readonly event: EventBatch;
  readonly #startNow: number;
  readonly #startTotal: number;
  readonly #stateBefore: Uint8Array;
  readonly #counters: readonly [number, number, number, number];
  readonly journal: Journal = new Journal();
  /** The handler has asked for it: the agent retires with its end. */
  retire = false;

  constructor(
    host: ActivationHost,
    slot: number,
    handler: Handler,
    batch: EventBatch,
    row: number,
    now: number,
    total?: number,
  ) {
    const { table, program } = host.core;
    this.#host = host;
    this.slot = slot;
    this.total = total ?? table.total;
    this.edge = host.core.edge;
    this.#startTotal = this.total;
    this.handler = handler;
    this.event = new EventBatch(1);
    copyRow(batch, row, this.event, program.codecs);
    this.#startNow = now;
    // What the handler gets is what it gets when it is run again.
    const state = snapshot(table.state[slot], "state");
    table.state[slot] = state;
    this.#stateBefore = encodePlain(state);
    this.#counters = [table.draws[slot]!, table.sends[slot]!, table.children[slot]!, table.calls[slot]!];
    this.ctx = new HandlerContext(host, this);
    this.ctx.bind(slot, this.event, 0, now);
  }

  /** Begins to run the handler; `state` tells, after the microtasks, how far it came. */
  start(): void {
    const { table, program } = this.#host.core;
    const payload = program.codecs[metaType(this.event.meta[0]!)]!.read(this.event, 0);
    this.ctx.open = true;
    const ended = this.handler.run(table.state[this.slot], snapshot(payload, "payload"), this.ctx) as Promise<unknown>;
    const checked = ended.then(() => void snapshot(table.state[this.slot], "state"));
    checked.then(
      () => {
        this.state = { kind: "finished" };
      },
      (reason: unknown) => {
        this.state = { kind: "failed", reason };
      },
    );
  }

  /** To be called once microtasks are drained: takes over what the segment did, or finds that it failed. */
  settle(): void {
    this.ctx.open = false;
    if (this.state.kind === "failed") return;
    if (this.state.kind === "running" && !this.calls.awaited) {
      const reason = new MyriadError(
        "FOREIGN_AWAIT",
        "the handler awaits something that is not ctx.effect or ctx.request",
      );
      this.state = { kind: "failed", reason };
      return;
    }
    if (this.state.kind === "running") this.state = { kind: "suspended" };
    this.#commit();
  }

  /** True when the agent retires with the end of this handler. */
  get retires(): boolean {
    return this.retire && this.state.kind === "finished";
  }

  /** Lets the handler go on at `time` with an answer. */
  resume(call: number, time: number, outcome: Outcome): void {
    const pending = this.calls.take(call);
    if (pending.timer !== undefined && !this.journal.rerunning)
      cancelTimer(this.#host.core, this.ctx.id, pending.timer);
    if (!this.journal.rerunning) {
      this.total = this.#host.core.table.total;
      this.edge = this.#host.core.edge;
    }
    this.journal.entries.push({ kind: "answer", call, time, total: this.total, outcome });
    this.ctx.now = Math.max(this.ctx.now, time);
    this.ctx.open = true;
    this.state = { kind: "running" };
    if (outcome.ok) pending.resolve(snapshot(outcome.value, "answer"));
    else pending.reject(new MyriadError(outcome.code as ErrorCode, outcome.message.replace(`${outcome.code}: `, "")));
  }

  /** Starts a call to the outside; its answer comes at virtual time `at`. */
  effect(
    name: string,
    input: unknown,
    fn: (i: unknown, c: EffectCall) => unknown,
    at: number,
    options?: EffectOptions,
  ) {
    const { core, runKey } = this.#host;
    const call = core.table.take("calls", this.slot);
    const key = `${runKey}/${this.ctx.id}/${call}`;
    this.#stageOwn(CONTINUE_ID, at, call);
    const effect: EffectRequest = { key, agent: this.ctx.id, call, name, input, fn, options };
    const about = { what: `effect "${name}"`, seq: undefined, timer: undefined, effect };
    return this.calls.add(call, about, !this.journal.rerunning);
  }

  /** Waits for the reply to the event just sent. */
  request(seq: number, what: string, timeout: number | undefined): Promise<unknown> {
    const { core } = this.#host;
    const call = core.table.take("calls", this.slot);
    let timer: number | undefined;
    if (timeout !== undefined) {
      const time = this.ctx.now + timeout;
      timer = timerHandle(core.windowOf(time), this.#stageOwn(TIMEOUT_ID, time, call));
    }
    return this.calls.add(call, { what, seq, timer, effect: undefined }, !this.journal.rerunning);
  }

  /** Counts an output. True when it left this activation in an earlier life. */
  suppress(): boolean {
    return this.journal.suppress();
  }

  stagePublish(relation: number, time: number, seq: number, meta: number, offset: number): void {
    const { events, id } = this.ctx;
    events!.pushAt(time, relation, id, seq, packMeta(PHASE_PUBLISH, 0, FLAG_NONE, metaType(meta)), offset);
  }

  recall(kind: string): { value: unknown } | undefined {
    return this.journal.recall(kind);
  }

  note(kind: string, value: unknown): void {
    this.journal.note(kind, value);
  }

  /** True when an own timer waits for the handler's end. */
  isWaiting(low: number): boolean {
    return findOwn(this.waiting, this.ctx.id, low, this.waitingHead) >= 0;
  }

  encode(): ActivationRecord {
    const codecs = this.#host.core.program.codecs;
    const waiting: EncodedRow[] = [];
    for (let row = this.waitingHead; row < this.waiting.count; row++) {
      if (this.waiting.to[row] !== NOBODY) waiting.push(encodeRow(this.waiting, row, codecs));
    }
    return {
      agent: this.ctx.id,
      event: encodeRow(this.event, 0, codecs),
      now: this.#startNow,
      total: this.#startTotal,
      state: this.#stateBefore,
      counters: this.#counters,
      entries: [...this.journal.entries],
      outputs: this.journal.committed,
      retire: this.retire,
      outcomes: this.calls.outcomes(),
      waiting,
    };
  }

  /** The handler stands where its record was made; it goes on with answers that are known, and asks for the others again. */
  endRerun({ retire, outcomes }: ActivationRecord): void {
    this.journal.end();
    this.ctx.open = false;
    this.ctx.staged.clear();
    this.state = { kind: "suspended" };
    this.retire = retire;
    this.calls.startAll(outcomes);
  }

  #ask(call: Call, again: boolean): void {
    void this.#host.startEffect(call.effect!, again).then((outcome) => {
      call.outcome = outcome;
      this.#host.wake(this.slot);
    });
  }

  /** Stages an internal event to oneself whose payload is a call number. Returns its number. */
  #stageOwn(type: number, time: number, call: number): number {
    const { ctx } = this;
    const seq = this.#host.core.table.takeSend(this.slot);
    if (this.suppress()) return seq;
    const offset = ctx.events!.wordCount;
    ctx.events!.pushWord(call);
    ctx.events!.pushAt(time, ctx.id, ctx.id, seq, packMeta(PHASE_EVENT, 0, FLAG_NONE, type), offset);
    return seq;
  }

  #commit(): void {
    const { core } = this.#host;
    const { ctx } = this;
    const events = ctx.events!;
    for (let row = 0; row < events.count; row++) this.#passOn(events, row);
    events.clear();
    if (ctx.staged.retire) this.retire = true;
    ctx.staged.retire = this.retire && this.state.kind === "finished";
    for (const handle of ctx.staged.timers) {
      const at = findOwn(this.waiting, ctx.id, handle % HANDLE_SPAN, this.waitingHead);
      if (at >= 0) this.waiting.to[at] = NOBODY;
    }
    core.commit(ctx.staged, this.slot, ctx.now, ctx.putKey);
    this.journal.commit();
  }

  #passOn(events: EventBatch, row: number): void {
    const { core } = this.#host;
    const meta = events.meta[row]!;
    if (metaPhase(meta) === PHASE_PUBLISH) {
      const event = packMeta(PHASE_EVENT, 0, FLAG_NONE, metaType(meta));
      core.publish(
        this.ctx.id,
        events.to[row]!,
        events.time[row]!,
        events.seq[row]!,
        event,
        events,
        events.offset[row]!,
      );
      return;
    }
    const time = events.time[row]!;
    const batch = time < core.edge ? core.current : core.batchFor(events.to[row]!, time);
    const copied = copyRow(events, row, batch, core.program.codecs);
    if (batch === core.current) core.enqueue(copied);
  }
}
