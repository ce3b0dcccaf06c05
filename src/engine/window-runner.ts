import { NOBODY } from "../base/limits.ts";
import { EventBatch, metaType } from "../wire/event-batch.ts";
import type { Activation } from "./activation.ts";
import type { Core } from "./core.ts";
import type { Delivery, Job } from "./delivery.ts";
import { OrderQueue } from "./order-queue.ts";
import { copyRow } from "./rows.ts";

/** Runs one window of one worker: each agent that has events handles them, one after the other, in their order. */
export class WindowRunner {
  readonly #core: Core;
  readonly #delivery: Delivery;
  /** Emptied queues, for agents that have to be waited for. */
  readonly #queues: OrderQueue[] = [];
  /** The queue of agents that never wait. */
  #queue = new OrderQueue();
  /** By slot: the agent's last row of the window, or -1; the rows before it follow in `#next`. */
  #head: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  /** The slots that have rows, in the order of the first. */
  #touched: Uint32Array = new Uint32Array(0);
  readonly #jobs: Job[] = [];
  /** By slot: agents that the window waits for. */
  readonly #blocked = new Map<number, Job>();
  /** Of these, slots whose answers have come in. */
  readonly #answered: number[] = [];
  /** Events at and after the run's last time. */
  #held: EventBatch | undefined;
  #wake: (() => void) | undefined;

  constructor(core: Core, delivery: Delivery) {
    this.#core = core;
    this.#delivery = delivery;
  }

  /** Runs the window. A promise when handlers had to be waited for. */
  run(window: number): undefined | Promise<void> {
    const core = this.#core;
    core.window = window;
    core.edge = core.grid.edge(window + 1);
    const batch = core.calendar.take(window);
    core.active = [];
    if (batch === undefined) return undefined;
    core.current = batch;
    this.#held = undefined;
    const touched = this.#group(batch);
    if (core.namesActive) this.#nameActive(batch, touched);
    for (let i = 0; i < touched; i++) {
      this.#runGrouped(this.#touched[i]!);
      if (core.pause !== undefined) return this.#goOnPaused(i + 1, touched, batch);
    }
    if (this.#jobs.length > 0) return this.#runJobs().then(() => this.#end(batch));
    this.#end(batch);
    return undefined;
  }

  /** The rest of the window, whose events pile up: it pauses wherever it has to. */
  async #goOnPaused(from: number, touched: number, batch: EventBatch): Promise<void> {
    await this.#pauseIfDue();
    for (let i = from; i < touched; i++) {
      this.#runGrouped(this.#touched[i]!);
      if (this.#core.pause !== undefined) await this.#pauseIfDue();
    }
    await this.#runJobs();
    this.#end(batch);
  }

  /** Handlers that have begun are first brought to where they wait: a turn of the event loop is not theirs to use. */
  async #pauseIfDue(): Promise<void> {
    const core = this.#core;
    while (core.pause !== undefined) {
      while (this.#delivery.drained !== undefined) {
        const jobs = this.#jobs.splice(0);
        this.#jobs.push(...jobs.filter((job) => job.awaits !== undefined));
        await this.#settleRunning(jobs.filter((job) => job.awaits === undefined));
      }
      const { pause } = core;
      core.pause = undefined;
      await pause;
    }
  }

  /** An answer for the agent in `slot` has come in. */
  wake(slot: number): void {
    if (!this.#blocked.has(slot)) return;
    this.#answered.push(slot);
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

  /** By the lowest of its event types, so that the order in which they came does not show. */
  #nameActive(batch: EventBatch, touched: number): void {
    const { table, program } = this.#core;
    for (const slot of this.#touched.subarray(0, touched)) {
      let event = Number.POSITIVE_INFINITY;
      for (let row = this.#head[slot]!; row >= 0; row = this.#next[row]!)
        event = Math.min(event, metaType(batch.meta[row]!));
      const name = this.#core.nameOf(slot);
      this.#core.active.push({ agent: table.index[slot]!, name, event: program.events[event]!.name });
    }
  }

  #runGrouped(slot: number): void {
    const core = this.#core;
    const queue = this.#queue;
    core.queue = queue;
    core.table.changed[slot] = 1;
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
      const job =
        flags[slot] === 0
          ? this.#delivery.deliver(slot, queue, batch, row, time)
          : this.#delivery.divert(slot, queue, batch, row);
      if (job === undefined) continue;
      this.#jobs.push(job);
      return true;
    }
    return false;
  }

  /** Drains microtasks and waits for answers until every agent has come to the end of the window. */
  async #runJobs(): Promise<void> {
    while (this.#jobs.length > 0 || this.#blocked.size > 0) {
      if (this.#jobs.length + this.#answered.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      for (const slot of this.#answered.splice(0)) this.#goOn(this.#blocked.get(slot));
      const running: Job[] = [];
      for (const job of this.#jobs.splice(0)) {
        if (job.awaits === undefined) running.push(job);
        else this.#goOn(job);
      }
      if (running.length > 0) await this.#settleRunning(running);
      if (this.#core.pause !== undefined) await this.#pauseIfDue();
    }
  }

  async #settleRunning(running: readonly Job[]): Promise<void> {
    await this.#delivery.drained;
    this.#delivery.drained = undefined;
    for (const job of running) this.#settle(job);
  }

  /** Resumes a handler if the answer that it needs is in; else the agent is blocked. */
  #goOn(job: Job | undefined): void {
    if (job === undefined) return;
    const outcome = job.activation.calls.outcomeOf(job.awaits!.call);
    if (outcome === undefined) {
      this.#blocked.set(job.slot, job);
      return;
    }
    this.#blocked.delete(job.slot);
    this.#jobs.push(this.#delivery.resume(job, outcome));
  }

  /** A handler's segment is over: takes it over, and goes on with the agent's other events. */
  #settle(job: Job): void {
    const { slot, queue, activation } = job;
    this.#core.queue = queue;
    activation.settle();
    if (activation.state.kind !== "suspended") {
      this.#delivery.endActivation(activation);
      if (this.#handleWaiting(slot, queue, activation)) return;
    }
    if (this.#runQueue(slot, queue)) return;
    queue.clear();
    this.#queues.push(queue);
    this.#core.flushFull();
  }

  /** Handles what came while the handler was suspended, as of its end. True when another handler has to be waited for. */
  #handleWaiting(slot: number, queue: OrderQueue, activation: Activation): boolean {
    const { flags } = this.#core.table;
    const { waiting, ctx } = activation;
    const core = this.#core;
    core.waiting = waiting;
    for (let row = activation.waitingHead; row < waiting.count; row++) {
      core.waitingHead = row + 1;
      if (waiting.to[row] === NOBODY) continue;
      const idle = flags[slot] === 0;
      const job = idle
        ? this.#delivery.deliver(slot, queue, waiting, row, ctx.now)
        : this.#delivery.divert(slot, queue, waiting, row);
      if (job === undefined) continue;
      job.activation.waiting = waiting;
      job.activation.waitingHead = row + 1;
      this.#jobs.push(job);
      core.waiting = undefined;
      return true;
    }
    core.waiting = undefined;
    return false;
  }
}

/** Stands for no window. */
const EMPTY = new EventBatch(1);
