import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { COUNTER_MAX } from "../base/limits.ts";
import { checkPlain, snapshot } from "../base/plain.ts";
import type { Handler } from "../model/agent.ts";
import {
  type EventBatch,
  FLAG_GONE,
  FLAG_REQUEST,
  metaFlag,
  metaType,
  PHASE_EVENT,
  packMeta,
} from "../wire/event-batch.ts";
import { Activation, type ActivationHost, CONTINUE_ID, TIMEOUT_ID } from "./activation.ts";
import { QUARANTINED, RETIRED, SUSPENDED } from "./agent-table.ts";
import { HandlerContext } from "./context.ts";
import type { Core } from "./core.ts";
import type { Outcome } from "./effects.ts";
import { type AgentFailure, failureOf } from "./failure.ts";
import type { OrderQueue } from "./order-queue.ts";
import { answers, copyRow, requestOf } from "./rows.ts";
import type { StrictGuard } from "./strict.ts";

/** Values of an agent's state that are looked at after each handler; strict mode looks at all. */
const STATE_CHECK_BUDGET = 32;
/** An agent that is to be run again later in the window: when its handler's microtasks are drained, or its answer is in. */
export interface Job {
  readonly slot: number;
  readonly queue: OrderQueue;
  readonly activation: Activation;
  /** The call whose answer the window waits for, and when the handler goes on with it. */
  awaits: { readonly call: number; readonly time: number } | undefined;
}

/** Brings one event to one agent, whatever the agent is at. A `Job` when its handler has to be waited for. */
export class Delivery {
  /** Of suspended handlers, by slot. */
  readonly activations = new Map<number, Activation>();
  /** What has gone wrong in this window. */
  readonly failures: AgentFailure[] = [];
  /**
   * Resolves when handlers have done all that they can do without an answer. Asked for before the first of them runs,
   * so that what it may have set off for the next turn of the event loop comes too late.
   */
  drained: Promise<void> | undefined;

  readonly #host: ActivationHost;
  readonly #core: Core;
  readonly #guard: StrictGuard | undefined;
  readonly #ctx: HandlerContext;

  constructor(host: ActivationHost, guard: StrictGuard | undefined) {
    this.#host = host;
    this.#core = host.core;
    this.#guard = guard;
    this.#ctx = new HandlerContext(host);
  }

  /** An event for an agent that can handle it now. */
  deliver(slot: number, queue: OrderQueue, batch: EventBatch, row: number, now: number): Job | undefined {
    const { program, table, counts } = this.#core;
    const meta = batch.meta[row]!;
    if (answers(meta)) {
      counts.dropped++;
      return undefined;
    }
    const event = metaType(meta);
    const handler = program.handlers[table.type[slot]!]![event];
    if (handler === undefined) {
      this.#unhandled(slot, event, now);
      return undefined;
    }
    counts.delivered++;
    if (handler.async) return this.#activate(slot, queue, handler, batch, row, now);
    this.#handle(slot, handler, batch, row, now);
    return undefined;
  }

  /** Runs a synchronous handler; what it did is taken back when it throws. */
  #handle(slot: number, handler: Handler, batch: EventBatch, row: number, now: number): void {
    const core = this.#core;
    const { table } = core;
    const ctx = this.#ctx;
    ctx.bind(slot, batch, row, now);
    const firstSeq = table.sends[slot]!;
    const payload = core.program.codecs[metaType(ctx.meta)]!.read(batch, row);
    const state = table.state[slot];
    ctx.open = true;
    try {
      const result =
        this.#guard === undefined
          ? handler.run(state, payload, ctx)
          : this.#guard.run(() => handler.run(state, payload, ctx));
      if (result !== undefined && isThenable(result)) throw notAsync(result);
      checkPlain(state, "state", this.#guard === undefined ? STATE_CHECK_BUDGET : Number.POSITIVE_INFINITY);
      ctx.open = false;
      if (ctx.staged.dirty) this.#commit(slot);
    } catch (reason) {
      ctx.open = false;
      core.takeBack(ctx.id, firstSeq);
      ctx.staged.clear();
      this.#fail(slot, reason, handler.event.name, now);
      this.#tellGone(slot, batch, row);
    }
  }

  #commit(slot: number): void {
    const { staged, now, putKey } = this.#ctx;
    if (staged.retire) this.#core.table.flags[slot] = RETIRED;
    this.#core.commit(staged, slot, now, putKey);
  }

  /** An event for an agent that is retired, quarantined or suspended. */
  divert(slot: number, queue: OrderQueue, batch: EventBatch, row: number): Job | undefined {
    const core = this.#core;
    const flags = core.table.flags[slot]!;
    const meta = batch.meta[row]!;
    if ((flags & RETIRED) !== 0) {
      const internal = metaType(meta) === CONTINUE_ID || metaType(meta) === TIMEOUT_ID;
      if (!internal) core.counts.undeliverable++;
      this.#tellGone(slot, batch, row);
      return undefined;
    }
    if ((flags & QUARANTINED) !== 0) {
      core.counts.dropped++;
      this.#tellGone(slot, batch, row);
      return undefined;
    }
    const activation = this.activations.get(slot)!;
    const time = batch.time[row]!;
    const event = metaType(meta);
    if (event === CONTINUE_ID) return this.#continue(slot, queue, activation, batch.words[batch.offset[row]!]!, time);
    if (event === TIMEOUT_ID) return this.#timeOut(slot, queue, activation, batch.words[batch.offset[row]!]!, time);
    if (answers(meta)) return this.#answer(slot, queue, activation, batch, row);
    copyRow(batch, row, activation.waiting, core.program.codecs);
    return undefined;
  }

  #continue(slot: number, queue: OrderQueue, activation: Activation, call: number, time: number): Job | undefined {
    if (!activation.calls.has(call)) return undefined;
    const outcome = activation.calls.outcomeOf(call);
    const job: Job = { slot, queue, activation, awaits: { call, time } };
    if (outcome === undefined) return job;
    return this.resume(job, outcome);
  }

  #timeOut(slot: number, queue: OrderQueue, activation: Activation, call: number, time: number): Job | undefined {
    if (!activation.calls.has(call)) return undefined;
    const outcome: Outcome = { ok: false, code: "REQUEST_TIMEOUT", message: `no reply until virtual time ${time}` };
    return this.resume({ slot, queue, activation, awaits: { call, time } }, outcome);
  }

  #answer(slot: number, queue: OrderQueue, activation: Activation, batch: EventBatch, row: number): Job | undefined {
    const { counts, program } = this.#core;
    const call = activation.calls.ofRequest(requestOf(batch, row));
    if (call === undefined) {
      counts.dropped++;
      return undefined;
    }
    const meta = batch.meta[row]!;
    const gone = metaFlag(meta) === FLAG_GONE;
    if (!gone) counts.delivered++;
    const outcome: Outcome = gone
      ? { ok: false, code: "AGENT_GONE", message: `agent ${batch.from[row]} is gone` }
      : { ok: true, value: program.codecs[metaType(meta)]!.read(batch, row) };
    return this.resume({ slot, queue, activation, awaits: { call, time: batch.time[row]! } }, outcome);
  }

  /** The agent in `slot` has left, its handler with it; that of `last` has its slot now. */
  moveActivation(last: number, slot: number): void {
    this.activations.delete(slot);
    const moved = this.activations.get(last);
    if (moved === undefined) return;
    this.activations.delete(last);
    this.activations.set(slot, moved);
    moved.slot = moved.ctx.slot = slot;
  }

  resume(job: Job, outcome: Outcome): Job {
    const { call, time } = job.awaits!;
    this.#core.queue = job.queue;
    job.activation.queue = job.queue;
    this.#run(() => job.activation.resume(call, time, outcome));
    job.awaits = undefined;
    return job;
  }

  #activate(
    slot: number,
    queue: OrderQueue,
    handler: Handler,
    batch: EventBatch,
    row: number,
    now: number,
  ): Job | undefined {
    let activation: Activation;
    try {
      activation = new Activation(this.#host, slot, handler, batch, row, now);
    } catch (reason) {
      this.#fail(slot, reason, handler.event.name, now);
      this.#tellGone(slot, batch, row);
      return undefined;
    }
    activation.queue = queue;
    this.#core.table.flags[slot] = SUSPENDED;
    this.activations.set(slot, activation);
    this.#run(() => activation.start());
    return { slot, queue, activation, awaits: undefined };
  }

  endActivation(activation: Activation): void {
    const { table } = this.#core;
    const { slot, ctx, handler } = activation;
    this.activations.delete(slot);
    table.flags[slot] = activation.retires ? RETIRED : 0;
    if (activation.state.kind === "failed") {
      this.#fail(slot, activation.state.reason, handler.event.name, ctx.now);
      this.#tellGone(slot, activation.event, 0);
    }
    this.#disown(slot);
  }

  /** From here on the state is another object than the handler's: what it may have left running changes nothing. */
  #disown(slot: number): void {
    const { state } = this.#core.table;
    try {
      state[slot] = snapshot(state[slot], "state");
    } catch {
      // The failure has been named; there is no other form of this state.
    }
  }

  /** Answers a request to an agent that cannot, in its name. Other events are passed over. */
  #tellGone(slot: number, batch: EventBatch, row: number): void {
    if (metaFlag(batch.meta[row]!) !== FLAG_REQUEST) return;
    const core = this.#core;
    const { table, grid } = core;
    const seq = table.sends[slot]!;
    if (seq >= COUNTER_MAX) return;
    table.sends[slot] = seq + 1;
    const time = Math.max(batch.time[row]! + grid.lookahead, core.edge);
    const target = core.batchFor(batch.from[row]!, time);
    target.pushWord(batch.seq[row]!);
    target.pushAt(
      time,
      batch.from[row]!,
      table.index[slot]!,
      seq,
      packMeta(PHASE_EVENT, 0, FLAG_GONE, 0),
      target.wordCount,
    );
  }

  #unhandled(slot: number, event: number, now: number): void {
    const { program, table } = this.#core;
    if (event === CONTINUE_ID || event === TIMEOUT_ID) return;
    const type = program.types[table.type[slot]!]!.name;
    const { name } = program.events[event]!;
    const reason = new MyriadError("UNHANDLED_EVENT", `type "${type}" has no handler for event "${name}"`);
    this.#fail(slot, reason, name, now);
  }

  #fail(slot: number, reason: unknown, handler: string, time: number): void {
    const core = this.#core;
    core.table.flags[slot] = QUARANTINED;
    const { index, state } = core.table;
    const failure = failureOf(reason, index[slot]!, core.nameOf(slot), handler, time);
    const odd = core.program.onAgentError === "quarantine" ? notPlain(state[slot]) : undefined;
    if (odd === undefined) this.failures.push(failure);
    else this.failures.push({ ...failureOf(odd, index[slot]!, failure.name, handler, time), fatal: true });
  }

  /** Runs a segment of an async handler, under the guard of strict mode when there is one. */
  #run(work: () => void): void {
    this.drained ??= drainMicrotasks();
    if (this.#guard === undefined) work();
    else this.#guard.run(work);
  }
}

const isThenable = (value: unknown): boolean => typeof (value as { then?: unknown } | null)?.then === "function";

function notAsync(result: unknown): MyriadError {
  (result as Promise<unknown>).then(undefined, () => undefined);
  return new MyriadError(
    "FOREIGN_AWAIT",
    'the handler returned a promise, but is not an async function: write "async (self, payload, ctx) => ..."',
  );
}

/** What is wrong with a state that is no plain data. Its agent cannot be quarantined: the state could not be hashed. */
function notPlain(state: unknown): unknown {
  try {
    snapshot(state, "state");
    return undefined;
  } catch (reason) {
    return reason;
  }
}
