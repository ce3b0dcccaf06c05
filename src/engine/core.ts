import { MyriadError } from "../base/error.ts";
import { WindowGrid } from "../base/grid.ts";
import { FRAME_BYTES_TARGET, WINDOWS_MAX } from "../base/limits.ts";
import { Randomness } from "../base/random.ts";
import type { EventType } from "../model/event.ts";
import { nameOf } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import { UNKNOWN_EVENT_ID } from "../model/program.ts";
import { EventBatch, metaPhase, metaType, PHASE_BORN, PHASE_PUBLISH, packMeta } from "../wire/event-batch.ts";
import { AgentTable } from "./agent-table.ts";
import { Calendar } from "./calendar.ts";
import type { ActiveAgent } from "./closing.ts";
import type { Counts } from "./counts.ts";
import { OrderQueue } from "./order-queue.ts";
import { Relations, type TieChange } from "./relations.ts";
import type { PutKey } from "./shared-state.ts";
import { SharedState } from "./shared-state.ts";
import type { Birth, Cancellation, RecordRow, Staged } from "./staged.ts";
import { cancelTimer } from "./timers.ts";

/**
 * One worker's part of the simulation: its agents, their future events, and what the window being run has brought
 * about so far. The other files of this folder work on it; it knows the way of an event, and no more.
 */
export class Core {
  readonly program: Program;
  self: number;
  readonly grid: WindowGrid;
  readonly random: Randomness;
  readonly table = new AgentTable();
  readonly calendar = new Calendar();
  readonly relations: Relations;
  readonly shared: SharedState;
  /** Events to other workers, by worker id; the own one stays empty. */
  readonly outboxes: EventBatch[];
  readonly counts: Counts = { delivered: 0, remote: 0, undeliverable: 0, dropped: 0, windows: 0, effects: 0 };

  /** The window being run, or the last one run; -1 before the first. */
  window = -1;
  /** Where the window ends: nothing sent arrives before. */
  edge = 0;
  /** Events at and after this time are not run (`until.time`). */
  stopTime = Number.POSITIVE_INFINITY;
  /** The events of the window being run. */
  current: EventBatch = new EventBatch();
  /** True when the window must tell which agents keep the round alive, and what it tells. */
  namesActive = false;
  active: ActiveAgent[] = [];
  /** The rows of `current` that the agent being run is still to handle. */
  queue: OrderQueue = new OrderQueue();
  /** What came for the agent being run while its last handler waited, from row `waitingHead` on. */
  waiting: EventBatch | undefined;
  waitingHead = 0;
  /** The window that `batchFor` last found in the calendar. */
  lastWindow = 0;
  /** A place to write a payload before it is spread. */
  readonly scratch = new EventBatch();
  /** The first window in which something sent by this worker arrives elsewhere. */
  sentNext = Number.POSITIVE_INFINITY;

  /** The window goes on when this resolves: what it has sent is more than could leave. */
  pause: Promise<void> | undefined;

  births: Birth[] = [];
  retired: number[] = [];
  ties: TieChange[] = [];
  cancellations: Cancellation[] = [];
  records: RecordRow[] = [];

  #peers: number;
  readonly #flush: ((peer: number, batch: EventBatch) => void | Promise<void>) | undefined;
  #reached: Uint8Array;
  /** Publishes of this window that no neighbour here handles. */
  #unheard: { readonly from: number; readonly seq: number; readonly window: number }[] = [];
  #recordNumber = 0;

  constructor(
    program: Program,
    self: number,
    workers: number,
    flush?: (peer: number, batch: EventBatch) => void | Promise<void>,
  ) {
    this.program = program;
    this.self = self;
    this.grid = new WindowGrid(program.lookahead);
    this.random = new Randomness(program.seed);
    this.relations = new Relations(this.table, program.relations.length);
    this.shared = new SharedState(program.shared);
    this.outboxes = Array.from({ length: workers }, () => new EventBatch());
    this.#peers = workers;
    this.#reached = new Uint8Array(workers);
    this.#flush = flush;
  }

  /** Takes another number of workers, between windows. */
  setWorkers(self: number, workers: number): void {
    this.self = self;
    this.#peers = workers;
    this.#reached = new Uint8Array(workers);
    this.outboxes.length = Math.min(this.outboxes.length, workers);
    while (this.outboxes.length < workers) this.outboxes.push(new EventBatch());
  }

  /** The id of an event, or UNKNOWN_EVENT. */
  eventId(event: EventType): number {
    const id = this.program.eventIds[event.ordinal];
    if (id !== undefined && id !== UNKNOWN_EVENT_ID) return id;
    const name = (event as EventType | undefined)?.name;
    throw new MyriadError(
      "UNKNOWN_EVENT",
      `event ${JSON.stringify(name)} is not known to the scenario: list it under events`,
    );
  }

  /** The window of a time, refused when it is beyond all numbers of windows. */
  windowOf(time: number): number {
    const window = this.grid.windowOf(time);
    if (window < WINDOWS_MAX) return window;
    throw new MyriadError("LIMIT", `virtual time ${time} is in window ${window}: at most ${WINDOWS_MAX} are possible`);
  }

  /** Where a row for `to` at `time` goes: a window of the calendar, or a peer's frame. */
  batchFor(to: number, time: number): EventBatch {
    const owner = this.table.placement[to]!;
    if (owner !== this.self) return this.outboxes[owner]!;
    this.lastWindow = this.windowOf(time);
    return this.calendar.bucket(this.lastWindow);
  }

  /** Spreads an event over the neighbours: own ones here, and one row to each worker that hosts others. */
  publish(
    from: number,
    relation: number,
    time: number,
    seq: number,
    meta: number,
    source: EventBatch,
    offset: number,
  ): void {
    const slot = this.table.slotOf[from]!;
    const targets = this.relations.out(relation).targets(slot);
    const placement = this.table.placement;
    const reached = this.#reached;
    for (let i = 0; i < targets.length; i++) reached[placement[targets[i]!]!] = 1;
    for (let worker = 0; worker < this.#peers; worker++) {
      if (reached[worker] === 0) continue;
      reached[worker] = 0;
      if (worker === this.self) this.#publishHere(targets, from, time, seq, meta, source, offset);
      else this.#publishTo(worker, from, relation, time, seq, meta, source, offset);
    }
  }

  /** What nobody here handles still makes its window one that is run: who publishes to another worker cannot know. */
  #publishHere(
    targets: Uint32Array,
    from: number,
    time: number,
    seq: number,
    meta: number,
    source: EventBatch,
    offset: number,
  ): void {
    if (this.spread(targets, false, from, time, seq, meta, source, offset) > 0) return;
    this.#unheard.push({ from, seq, window: this.windowOf(time) });
  }

  /**
   * One row in the calendar for each of `targets` that lives here and handles the event. `bySlot`: they are slots, not
   * indices. The payload is written once, but for objects. Returns how many rows.
   */
  spread(
    targets: Uint32Array,
    bySlot: boolean,
    from: number,
    time: number,
    seq: number,
    meta: number,
    source: EventBatch,
    offset: number,
  ): number {
    const { slotOf, index, type } = this.table;
    const event = metaType(meta);
    const codec = this.program.codecs[event]!;
    const handlers = this.program.handlers;
    const batch = this.calendar.bucket(this.windowOf(time));
    const before = batch.count;
    let at = -1;
    for (let i = 0; i < targets.length; i++) {
      const slot = bySlot ? targets[i]! : slotOf[targets[i]!]!;
      if (slot < 0 || handlers[type[slot]!]![event] === undefined) continue;
      if (at < 0 || codec.owned) {
        at = batch.wordCount;
        codec.copy(source, offset, batch, codec.owned);
      }
      batch.pushAt(time, index[slot]!, from, seq, meta, at);
    }
    return batch.count - before;
  }

  #publishTo(
    worker: number,
    from: number,
    relation: number,
    time: number,
    seq: number,
    meta: number,
    source: EventBatch,
    offset: number,
  ): void {
    const outbox = this.outboxes[worker]!;
    const at = outbox.wordCount;
    const event = metaType(meta);
    this.program.codecs[event]!.copy(source, offset, outbox, false);
    outbox.pushAt(time, relation, from, seq, packMeta(PHASE_PUBLISH, 0, 0, event), at);
  }

  /** Hands full outboxes to the sender. Between activations only: what a handler sent can be taken back until it ends. */
  flushFull(): void {
    if (this.#flush === undefined) return;
    for (let peer = 0; peer < this.#peers; peer++) {
      const outbox = this.outboxes[peer]!;
      if (outbox.frameBytes < FRAME_BYTES_TARGET) continue;
      this.noteSent(outbox);
      const pause = this.#flush(peer, outbox);
      if (pause !== undefined) this.pause = pause;
      outbox.clear();
    }
  }

  /** Keeps `sentNext` for events that are about to leave. */
  noteSent(outbox: EventBatch): void {
    let first = Number.POSITIVE_INFINITY;
    for (let row = 0; row < outbox.count; row++) if (outbox.time[row]! < first) first = outbox.time[row]!;
    if (first < Number.POSITIVE_INFINITY) this.sentNext = Math.min(this.sentNext, this.windowOf(first));
  }

  /** Keeps `sentNext` for publishes that nobody handles. */
  noteUnheard(): void {
    for (const { window } of this.#unheard) this.sentNext = Math.min(this.sentNext, window);
    this.#unheard.length = 0;
  }

  /** Takes over what a segment of `slot`'s handler staged. */
  commit(staged: Staged, slot: number, now: number, key: () => PutKey): void {
    const agent = this.table.index[slot]!;
    for (const birth of staged.births) this.births.push(birth);
    for (const tie of staged.ties) this.ties.push(tie);
    for (const put of staged.puts) this.shared.put(put.id, put.value, key);
    for (const { series, value } of staged.records) {
      this.records.push({ time: now, agent, number: this.#recordNumber++, series, value });
    }
    for (const handle of staged.timers) cancelTimer(this, agent, handle);
    for (const cancellation of staged.cancellations) this.cancellations.push(cancellation);
    if (staged.retire) this.retired.push(agent);
    staged.clear();
  }

  /** Puts a row that was just added to `current` where the agent being run will come to it. */
  enqueue(row: number): void {
    this.queue.insert(row, this.current, this.random);
  }

  /** Takes back all events that `from` sent since its number `seq`: they are the last ones of their batches. */
  takeBack(from: number, seq: number): void {
    this.queue.dropSince(this.current, from, seq);
    const trim = (batch: EventBatch): void => {
      for (let last = batch.count - 1; last >= 0; last--) {
        if (batch.from[last] !== from || batch.seq[last]! < seq) return;
        // A child's Born comes from its parent as well, but no handler sent it.
        if (metaPhase(batch.meta[last]!) === PHASE_BORN) return;
        batch.pop();
      }
    };
    trim(this.current);
    for (const outbox of this.outboxes) trim(outbox);
    for (const { batch } of this.calendar.batches()) trim(batch);
    this.calendar.forgetLookups();
    while (this.#unheard.at(-1)?.from === from && this.#unheard.at(-1)!.seq >= seq) this.#unheard.pop();
  }

  /** The printable name of any agent of the run; types of agents elsewhere are not known here. */
  nameOf(slot: number): string {
    const { index, type, names } = this.table;
    return nameOf(names, this.program.types[type[slot]!]!.name, index[slot]!);
  }
}
