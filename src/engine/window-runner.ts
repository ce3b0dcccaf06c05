import { drainMicrotasks } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { COUNTER_MAX, NOBODY } from "../base/limits.ts";
import { checkPlain } from "../base/plain.ts";
import type { Handler } from "../model/agent.ts";
import { EventBatch, FLAG_GONE, FLAG_NONE, FLAG_REQUEST, metaFlag, metaType, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { Activation, type ActivationHost, CONTINUE_ID, TIMEOUT_ID } from "./activation.ts";
import { QUARANTINED, RETIRED, SUSPENDED } from "./agent-table.ts";
import { HandlerContext } from "./context.ts";
import type { Core } from "./core.ts";
import type { Outcome } from "./effects.ts";
import { type AgentFailure, failureOf } from "./failure.ts";
import { OrderQueue } from "./order-queue.ts";
import { answers, copyRow, requestOf } from "./rows.ts";
import type { StrictGuard } from "./strict.ts";

/** Values of an agent's state that are looked at after each handler; strict mode looks at all. */
const STATE_CHECK_BUDGET = 32;
/** An agent that is to be run again later in the window: when its handler's microtasks are drained, or its answer is in. */
interface Job {
  readonly slot: number;
  readonly queue: OrderQueue;
  readonly activation: Activation;
  /** The call whose answer the window waits for, and when the handler goes on with it. */
  awaits: { readonly call: number; readonly time: number } | undefined;
}

/** Runs one window of one worker: each agent that has events handles them, one after the other, in their order. */
export class WindowRunner {
  /** Of suspended handlers, by slot. */
  readonly activations = new Map<number, Activation>();
  /** What has gone wrong in this window. */
  readonly failures: AgentFailure[] = [];

  readonly #host: ActivationHost;
  readonly #core: Core;
  readonly #guard: StrictGuard | undefined;
  readonly #ctx: HandlerContext;
  readonly #queues: OrderQueue[] = [];
  #head: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  #touched: Uint32Array = new Uint32Array(0);
  #jobs: Job[] = [];
  /** The queue of agents that never wait. */
  #queue = new OrderQueue();
  #held: EventBatch | undefined;
  #wake: (() => void) | undefined;

  constructor(host: ActivationHost, guard: StrictGuard | undefined) {
    this.#host = host;
    this.#core = host.core;
    this.#guard = guard;
    this.#ctx = new HandlerContext(host);
  }

  /** Runs the window. A promise when handlers had to be waited for. */
  run(window: number): undefined | Promise<void> {
    const core = this.#core;
    core.window = window;
    core.edge = core.grid.edge(window + 1);
    const batch = core.calendar.take(window);
    if (batch === undefined) return undefined;
    core.current = batch;
    this.#held = undefined;
    const touched = this.#group(batch);
    for (let i = 0; i < touched; i++) this.#runGrouped(this.#touched[i]!);
    if (this.#jobs.length > 0) return this.#runJobs().then(() => this.#end(batch));
    this.#end(batch);
    return undefined;
  }

  /** Something that a handler waits for has come in. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #end(batch: EventBatch): void {
    const core = this.#core;
    core.current = EMPTY;
    core.calendar.release(batch);
    if (this.#held === undefined) return;
    const rest = core.calendar.bucket(core.window);
    for (let row = 0; row < this.#held.count; row++) copyRow(this.#held, row, rest, core.program.codecs);
  }

  /** Links the rows of each agent together. Returns how many agents there are. */
  #group(batch: EventBatch): number {
    const { table } = this.#core;
    if (this.#head.length < table.count) {
      this.#head = new Int32Array(table.index.length).fill(-1);
      this.#touched = new Uint32Array(table.index.length);
    }
    if (this.#next.length < batch.count) this.#next = new Int32Array(batch.count * 2);
    const head = this.#head;
    const next = this.#next;
    const { to, count } = batch;
    const { slotOf } = table;
    let touched = 0;
    for (let row = 0; row < count; row++) {
      const slot = slotOf[to[row]!]!;
      const first = head[slot]!;
      if (first < 0) this.#touched[touched++] = slot;
      next[row] = first;
      head[slot] = row;
    }
    return touched;
  }

  #runGrouped(slot: number): void {
    const core = this.#core;
    const queue = this.#queue;
    core.queue = queue;
    queue.clear();
    for (let row = this.#head[slot]!; row >= 0; row = this.#next[row]!) queue.push(row);
    this.#head[slot] = -1;
    if (queue.tail > 1) {
      queue.reverse();
      queue.sort(core.current, core.random);
    }
    if (this.#runQueue(slot, queue)) this.#queue = this.#queues.pop() ?? new OrderQueue();
    core.flushFull();
  }

  /** Handles an agent's rows until none is left, or until a handler has to be waited for: then true, and the queue is kept. */
  #runQueue(slot: number, queue: OrderQueue): boolean {
    const core = this.#core;
    const batch = core.current;
    const { flags } = core.table;
    while (queue.head < queue.tail) {
      const row = queue.rows[queue.head++]!;
      const time = batch.time[row]!;
      if (time >= core.stopTime) {
        copyRow(batch, row, (this.#held ??= new EventBatch()), core.program.codecs);
        continue;
      }
      const job = flags[slot] === 0 ? this.#deliver(slot, queue, batch, row, time) : this.#divert(slot, queue, batch, row);
      if (job === undefined) continue;
      this.#jobs.push(job);
      return true;
    }
    return false;
  }

  /** An event for an agent that can handle it now. */
  #deliver(slot: number, queue: OrderQueue, batch: EventBatch, row: number, now: number): Job | undefined {
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
      const result = this.#guard === undefined ? handler.run(state, payload, ctx) : this.#guard.run(() => handler.run(state, payload, ctx));
      if (result !== undefined && isThenable(result)) throw notAsync(result);
      checkPlain(state, "state", this.#guard === undefined ? STATE_CHECK_BUDGET : Number.POSITIVE_INFINITY);
      ctx.open = false;
      if (ctx.staged.dirty) this.#commit(slot);
    } catch (reason) {
      ctx.open = false;
      core.takeBack(ctx.id, firstSeq);
      ctx.staged.clear();
      this.#fail(slot, reason, handler.event.name, now);
    }
  }

  #commit(slot: number): void {
    const { staged, now, putKey } = this.#ctx;
    if (staged.retire) this.#core.table.flags[slot] = RETIRED;
    this.#core.commit(staged, slot, now, putKey);
  }

  /** An event for an agent that is retired, quarantined or suspended. */
  #divert(slot: number, queue: OrderQueue, batch: EventBatch, row: number): Job | undefined {
    const core = this.#core;
    const flags = core.table.flags[slot]!;
    const meta = batch.meta[row]!;
    if ((flags & RETIRED) !== 0) {
      const internal = metaType(meta) === CONTINUE_ID || metaType(meta) === TIMEOUT_ID;
      if (!internal) core.counts.undeliverable++;
      if (metaFlag(meta) === FLAG_REQUEST) this.#tellGone(slot, batch, row);
      return undefined;
    }
    if ((flags & QUARANTINED) !== 0) {
      core.counts.dropped++;
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
    if (!activation.has(call)) return undefined;
    const outcome = activation.outcomeOf(call);
    const job: Job = { slot, queue, activation, awaits: { call, time } };
    if (outcome === undefined) return job;
    return this.#resume(job, outcome);
  }

  #timeOut(slot: number, queue: OrderQueue, activation: Activation, call: number, time: number): Job | undefined {
    if (!activation.has(call)) return undefined;
    const outcome: Outcome = { ok: false, code: "REQUEST_TIMEOUT", message: `no reply until virtual time ${time}` };
    return this.#resume({ slot, queue, activation, awaits: { call, time } }, outcome);
  }

  #answer(slot: number, queue: OrderQueue, activation: Activation, batch: EventBatch, row: number): Job | undefined {
    const { counts, program } = this.#core;
    const call = activation.callOfRequest(requestOf(batch, row));
    if (call === undefined) {
      counts.dropped++;
      return undefined;
    }
    const meta = batch.meta[row]!;
    const gone = metaFlag(meta) === FLAG_GONE;
    if (!gone) counts.delivered++;
    const outcome: Outcome = gone
      ? { ok: false, code: "AGENT_GONE", message: `agent ${batch.from[row]} has retired` }
      : { ok: true, value: program.codecs[metaType(meta)]!.read(batch, row) };
    return this.#resume({ slot, queue, activation, awaits: { call, time: batch.time[row]! } }, outcome);
  }

  #resume(job: Job, outcome: Outcome): Job {
    const { call, time } = job.awaits!;
    this.#core.queue = job.queue;
    this.#run(() => job.activation.resume(call, time, outcome));
    job.awaits = undefined;
    return job;
  }

  #activate(slot: number, queue: OrderQueue, handler: Handler, batch: EventBatch, row: number, now: number): Job {
    const activation = new Activation(this.#host, slot, handler, batch, row, now);
    this.#core.table.flags[slot] = SUSPENDED;
    this.activations.set(slot, activation);
    this.#run(() => activation.start());
    return { slot, queue, activation, awaits: undefined };
  }

  /** Drains microtasks and waits for answers until every agent has come to the end of the window. */
  async #runJobs(): Promise<void> {
    let blocked: Job[] = [];
    while (this.#jobs.length > 0 || blocked.length > 0) {
      const running = this.#jobs.filter((job) => job.awaits === undefined);
      blocked.push(...this.#jobs.filter((job) => job.awaits !== undefined));
      this.#jobs = [];
      if (running.length > 0) await drainMicrotasks();
      else if (!blocked.some((job) => job.activation.outcomeOf(job.awaits!.call) !== undefined)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      for (const job of running) this.#settle(job);
      const still: Job[] = [];
      for (const job of blocked) {
        const outcome = job.activation.outcomeOf(job.awaits!.call);
        if (outcome === undefined) still.push(job);
        else this.#jobs.push(this.#resume(job, outcome));
      }
      blocked = still;
    }
  }

  /** A handler's segment is over: takes it over, and goes on with the agent's other events. */
  #settle(job: Job): void {
    const { slot, queue, activation } = job;
    this.#core.queue = queue;
    activation.settle();
    if (activation.state.kind !== "suspended") {
      this.#endActivation(activation);
      if (this.#handleWaiting(slot, queue, activation)) return;
    }
    if (this.#runQueue(slot, queue)) return;
    queue.clear();
    this.#queues.push(queue);
    this.#core.flushFull();
  }

  #endActivation(activation: Activation): void {
    const { table } = this.#core;
    const { slot, ctx, handler } = activation;
    this.activations.delete(slot);
    table.flags[slot] = activation.retires ? RETIRED : 0;
    try {
      if (activation.state.kind === "failed") throw activation.state.reason;
      checkPlain(table.state[slot], "state", Number.POSITIVE_INFINITY);
    } catch (reason) {
      this.#fail(slot, reason, handler.event.name, ctx.now);
    }
  }

  /** Handles what came while the handler was suspended, as of its end. True when another handler has to be waited for. */
  #handleWaiting(slot: number, queue: OrderQueue, activation: Activation): boolean {
    const { flags } = this.#core.table;
    const { waiting, ctx } = activation;
    for (let row = activation.waitingHead; row < waiting.count; row++) {
      if (waiting.to[row] === NOBODY) continue;
      const idle = flags[slot] === 0;
      const job = idle ? this.#deliver(slot, queue, waiting, row, ctx.now) : this.#divert(slot, queue, waiting, row);
      if (job === undefined) continue;
      job.activation.waiting = waiting;
      job.activation.waitingHead = row + 1;
      this.#jobs.push(job);
      return true;
    }
    return false;
  }

  /** Answers a request to a retired agent in its name. */
  #tellGone(slot: number, batch: EventBatch, row: number): void {
    const core = this.#core;
    const { table, grid } = core;
    const seq = table.sends[slot]!;
    if (seq >= COUNTER_MAX) return;
    table.sends[slot] = seq + 1;
    const time = Math.max(batch.time[row]! + grid.lookahead, core.edge);
    const target = core.batchFor(batch.from[row]!, time);
    target.pushWord(batch.seq[row]!);
    target.pushAt(time, batch.from[row]!, table.index[slot]!, seq, packMeta(PHASE_EVENT, 0, FLAG_GONE, 0), target.wordCount);
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
    this.failures.push(failureOf(reason, core.table.index[slot]!, core.nameOf(slot), handler, time));
  }

  /** Runs users' code under the guard of strict mode, when there is one. */
  #run(work: () => void): void {
    if (this.#guard === undefined) work();
    else this.#guard.run(work);
  }
}

const EMPTY = new EventBatch();

const isThenable = (value: unknown): boolean => typeof (value as { then?: unknown } | null)?.then === "function";

function notAsync(result: unknown): MyriadError {
  (result as Promise<unknown>).then(undefined, () => undefined);
  return new MyriadError("FOREIGN_AWAIT", 'the handler returned a promise, but is not an async function: write "async (self, payload, ctx) => ..."');
}
