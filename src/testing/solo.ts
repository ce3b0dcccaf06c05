import { MyriadError } from "../base/error.ts";
import { AGENTS_MAX, NOBODY } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import { CONTINUE_ID, TIMEOUT_ID } from "../engine/activation.ts";
import { decodeClosing } from "../engine/closing.ts";
import { type AgentLog, Engine, runFailure } from "../engine/engine.ts";
import { firstFailure } from "../engine/failure.ts";
import { answers } from "../engine/rows.ts";
import type { AgentType } from "../model/agent.ts";
import { Born, type EventType, RoundStarted } from "../model/event.ts";
import type { Model } from "../model/model.ts";
import { BlobList } from "../model/population.ts";
import { compile, type Program } from "../model/program.ts";
import {
  EventBatch,
  FLAG_NONE,
  FLAG_REPLY,
  FLAG_REQUEST,
  metaFlag,
  metaPhase,
  metaType,
  PHASE_BORN,
  PHASE_EVENT,
  PHASE_PUBLISH,
  PHASE_ROUND,
  packMeta,
} from "../wire/event-batch.ts";
import type { Delivery, SentEvent } from "./delivery.ts";
import { type EffectRecord, RecordedEffects } from "./recorded-effects.ts";

/** Agents that exist beside the one under test, so that it has somebody to write to. */
const OTHERS = 65_536;

type Answers = Readonly<Record<string, (input: never) => unknown>>;

/** What surrounds the one agent under test. */
export interface Setting {
  readonly type: AgentType;
  /** Other types that it may spawn. */
  readonly types: readonly AgentType[];
  readonly state: unknown;
  readonly params: Readonly<Record<string, unknown>>;
  readonly shared: Readonly<Record<string, unknown>>;
  readonly ties: readonly { relation: string; ids: readonly number[]; weights: readonly number[] | null }[];
  readonly seed: number;
  readonly time: number;
  readonly id: number;
  readonly from: number | undefined;
  readonly effects: Answers;
  /** What the agents that it asks answer, by name of the request. */
  readonly replies: Answers;
}

/**
 * One agent on an engine of its own; all others live on a second worker that does not exist, so that what is sent to
 * them stays in the outbox. The agent's own later events are kept from it: one event is delivered, no more.
 */
export class Solo {
  readonly #setting: Setting;
  readonly #program: Program;
  readonly #engine: Engine;
  readonly #effects: RecordedEffects;
  readonly #delivery: { -readonly [K in keyof Delivery]: Delivery[K] };

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#program = programOf(setting);
    this.#effects = new RecordedEffects(setting.effects);
    const delivery = emptyDelivery(this.#effects.calls);
    this.#delivery = delivery;
    const log: AgentLog = (_agent, time, message, fields) => delivery.logged.push({ time, message, fields });
    const program = this.#program;
    this.#engine = new Engine({ program, self: 0, workers: 2, runId: "test", runner: this.#effects, log });
    this.#populate();
    this.#watchPuts();
  }

  async deliver(event: EventType, payload: unknown): Promise<Delivery> {
    const { core } = this.#engine;
    this.#engine.loadEvents(this.#batchOf(event, payload));
    let window = core.windowOf(this.#setting.time);
    for (;;) {
      await this.#engine.runWindow(window);
      this.#gather();
      if (this.#engine.suspended === 0) break;
      window = this.#nextWindow();
    }
    for (const { batch } of core.calendar.batches()) {
      for (let row = 0; row < batch.count; row++) if (!isInternal(batch, row)) this.#noteSent(batch, row);
    }
    const delivery = this.#delivery;
    delivery.sent.sort((a, b) => a.number - b.number);
    delivery.scheduled.sort((a, b) => a.number - b.number);
    delivery.state = core.table.state[0];
    return delivery;
  }

  #populate(): void {
    const { id, from, ties } = this.#setting;
    const engine = this.#engine;
    const known = [id, from === NOBODY ? 0 : (from ?? 0), ...ties.flatMap(({ ids }) => ids)];
    const odd = known.find((index) => !(Number.isInteger(index) && index >= 0 && index < AGENTS_MAX));
    if (odd !== undefined) throw new MyriadError("INVALID_ARGUMENT", `${odd} is not an agent's index`);
    const placement = new Uint16Array(Math.max(OTHERS, ...known.map((index) => index + 1))).fill(1);
    placement[id] = 0;
    engine.setPlacement(placement);
    const profiles = new BlobList();
    profiles.pushEmpty();
    engine.loadAgents(0, Uint16Array.of(0), null, profiles, Uint32Array.of(id));
    for (const { relation, ids, weights } of ties) {
      const number = this.#program.relationIds.get(relation);
      if (number === undefined) throw new MyriadError("UNKNOWN_NAME", `no relation is named "${relation}"`);
      const source = new Uint32Array(ids.length).fill(id);
      engine.loadRelation(
        number,
        true,
        source,
        Uint32Array.from(ids),
        weights === null ? null : Float64Array.from(weights),
      );
    }
    // Not the engine's own `open`: it would tell the agent that it is born.
    engine.core.relations.open();
  }

  #batchOf(event: EventType, payload: unknown): EventBatch {
    const { id, time, from } = this.#setting;
    const type = this.#engine.core.eventId(event);
    const phase =
      event === (Born as EventType) ? PHASE_BORN : event === (RoundStarted as EventType) ? PHASE_ROUND : PHASE_EVENT;
    const asked = event.reply !== undefined;
    const sender = from ?? (asked ? (id === 0 ? 1 : 0) : NOBODY);
    const batch = new EventBatch();
    batch.push(time, id, sender, 0, packMeta(phase, 0, asked ? FLAG_REQUEST : FLAG_NONE, type));
    event.codec.write(batch, payload as Record<string, unknown>);
    return batch;
  }

  /** Everything that the window brought about. */
  #gather(): void {
    const engine = this.#engine;
    const delivery = this.#delivery;
    const { births } = engine.core;
    for (const { type, profile } of births) delivery.spawned.push({ type: this.#program.types[type]!.name, profile });
    const { more } = decodeClosing(engine.closing());
    const failure = firstFailure(more.failures ?? []);
    if (failure !== undefined) throw runFailure(failure);
    engine.core.births = [];
    for (const { relation, to, weight } of more.ties ?? []) {
      const name = this.#program.relations[relation]!;
      if (Number.isNaN(weight)) delivery.unrelated.push({ relation: name, to });
      else delivery.related.push({ relation: name, to, weight });
    }
    if ((more.retired ?? []).length > 0) delivery.retired = true;
    for (const { time, series, value } of engine.takeRecords()) delivery.recorded.push({ time, series, value });
    const outbox = engine.outbox(1);
    for (let row = 0; row < outbox.count; row++) this.#noteSent(outbox, row);
    outbox.clear();
    for (const { low } of more.cancellations ?? []) delivery.sent = delivery.sent.filter((sent) => sent.number !== low);
  }

  /** Where a waiting handler goes on. The agent's own events that would come before are taken out: they are not its turn. */
  #nextWindow(): number {
    const { calendar } = this.#engine.core;
    let window = Number.POSITIVE_INFINITY;
    for (const part of calendar.batches()) {
      for (let row = 0; row < part.batch.count; row++) {
        if (isInternal(part.batch, row)) window = Math.min(window, part.window);
      }
    }
    if (window === Number.POSITIVE_INFINITY) {
      throw new MyriadError("STALLED", "the handler waits for a reply that no `replies` give");
    }
    calendar.prune((batch, row) => {
      if (isInternal(batch, row) || this.#engine.core.windowOf(batch.time[row]!) > window) return false;
      this.#noteSent(batch, row);
      return true;
    });
    return window;
  }

  #noteSent(batch: EventBatch, row: number): void {
    const { id } = this.#setting;
    const meta = batch.meta[row]!;
    const type = this.#program.events[metaType(meta)]!;
    const payload = snapshot(type.codec.read(batch, row), "payload");
    const about = { event: type.name, payload, time: batch.time[row]!, number: batch.seq[row]! };
    const to = batch.to[row]!;
    if (metaPhase(meta) === PHASE_PUBLISH) {
      this.#delivery.published.push({ ...about, relation: this.#program.relations[to]! });
    } else if (to === id) this.#delivery.scheduled.push(about);
    else this.#noteSentTo({ ...about, to, kind: KINDS[metaFlag(meta)]! }, type);
  }

  #noteSentTo(sent: SentEvent, type: EventType): void {
    this.#delivery.sent.push(sent);
    const stub = this.#setting.replies[sent.event];
    if (sent.kind !== "request" || stub === undefined) return;
    if (type.reply === undefined) throw new MyriadError("INVALID_SCENARIO", `event "${sent.event}" declares no reply`);
    const { core } = this.#engine;
    const time = sent.time + core.grid.lookahead;
    const batch = core.calendar.bucket(core.windowOf(time));
    batch.pushWord(sent.number);
    const meta = packMeta(PHASE_EVENT, 0, FLAG_REPLY, core.eventId(type.reply));
    const offset = batch.wordCount;
    type.reply.codec.write(batch, stub(sent.payload as never) as Record<string, unknown>);
    batch.pushAt(time, this.#setting.id, sent.to, 0, meta, offset);
  }

  #watchPuts(): void {
    const { shared } = this.#engine.core;
    const put = shared.put.bind(shared);
    shared.put = (id, value, key) => {
      this.#delivery.puts.push({ name: this.#program.shared[id]!.name, value });
      put(id, value, key);
    };
  }
}

const KINDS = ["event", "request", "reply"] as const;

/** True for rows that let a waiting handler go on. */
function isInternal(batch: EventBatch, row: number): boolean {
  const meta = batch.meta[row]!;
  return metaType(meta) === CONTINUE_ID || metaType(meta) === TIMEOUT_ID || answers(meta);
}

/** The program of a scenario with this agent alone, whose state and shared values are the given ones from the start. */
function programOf({ type, types, state, params, shared, seed }: Setting): Program {
  const model = type.model as Model;
  const program = compile(model.scenario({ agents: [type, ...types] }), { params, seed });
  const unknown = Object.keys(shared).find((name) => !program.sharedIds.has(name));
  if (unknown !== undefined) throw new MyriadError("UNKNOWN_NAME", `no shared value is named "${unknown}"`);
  const begun: AgentType = { ...pick(type), create: () => snapshot(state, "state") };
  return {
    ...program,
    types: [begun, ...types],
    shared: program.shared.map(({ name, reducer }) =>
      name in shared ? { name, reducer: { ...reducer, initial: shared[name] } } : { name, reducer },
    ),
  };
}

const pick = ({ name, handlers, agentCost, model }: AgentType): Omit<AgentType, "create"> => ({
  name,
  handlers,
  agentCost,
  model,
});

const emptyDelivery = (effects: readonly EffectRecord[]): Delivery => ({
  state: undefined,
  sent: [],
  scheduled: [],
  published: [],
  recorded: [],
  puts: [],
  related: [],
  unrelated: [],
  spawned: [],
  retired: false,
  logged: [],
  effects,
});
