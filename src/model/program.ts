import { MyriadError } from "../base/error.ts";
import { AGENT_TYPES_MAX, EVENT_TYPES_MAX, ROUND_WINDOWS_DEFAULT } from "../base/limits.ts";
import { PayloadCodec } from "../wire/payload.ts";
import type { AgentType, Handler } from "./agent.ts";
import {
  BUILT_IN_EVENTS,
  definedEvents,
  type EventType,
  FIRST_USER_EVENT,
  RoundEnding,
  RoundStarted,
} from "./event.ts";
import { checkLookahead } from "./model.ts";
import type { Observation } from "./observation.ts";
import { parseParams } from "./params.ts";
import type { Reducer } from "./reducer.ts";
import { isScenario, type OnAgentError, type Scenario } from "./scenario.ts";
import { checkUntil, type Until, untilHas } from "./until.ts";

/** A scenario with its parameters and all names turned into dense ids: what engines run. Alike on every node. */
export interface Program {
  readonly scenario: Scenario;
  /** The model's name. */
  readonly name: string;
  readonly seed: number;
  /** Parsed by the model's schema and frozen. */
  readonly params: unknown;
  readonly lookahead: number;
  readonly observeEvery: number;
  readonly until: Until | undefined;
  readonly onAgentError: OnAgentError;
  readonly roundLimit: number;
  /** By agent type id. */
  readonly types: readonly AgentType[];
  readonly typeIds: ReadonlyMap<AgentType, number>;
  /** By event type id. */
  readonly events: readonly EventType[];
  /** By event type id. */
  readonly codecs: readonly PayloadCodec[];
  /** Event type ids by `EventType.ordinal`; UNKNOWN_EVENT_ID for one that the program does not know. */
  readonly eventIds: Uint16Array;
  /** By agent type id, then event type id. */
  readonly handlers: readonly (readonly (Handler | undefined)[])[];
  readonly relations: readonly string[];
  readonly relationIds: ReadonlyMap<string, number>;
  readonly shared: readonly { readonly name: string; readonly reducer: Reducer }[];
  readonly sharedIds: ReadonlyMap<string, number>;
  readonly observations: readonly {
    readonly name: string;
    readonly observation: Observation;
    readonly typeId: number;
  }[];
  /** True when some type handles RoundStarted or RoundEnding, or the stopping rule counts rounds. */
  readonly usesRounds: boolean;
}

export const UNKNOWN_EVENT_ID = 65_535;

export interface CompileOptions {
  /** Values for the model's parameters, before parsing. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** An integer of 0 to 2^53 - 1. Default 0. */
  readonly seed?: number | undefined;
  /** Takes the place of the scenario's stopping rule. */
  readonly until?: Until | undefined;
}

/** Throws INVALID_SCENARIO, INVALID_PARAMS or INVALID_ARGUMENT: all before a run starts. */
export function compile(scenario: Scenario, options: CompileOptions = {}): Program {
  if (!isScenario(scenario)) {
    throw new MyriadError("INVALID_SCENARIO", "it was not made by model.scenario of this copy of myriad");
  }
  const { model, agents: types } = scenario;
  const seed = options.seed ?? 0;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new MyriadError("INVALID_ARGUMENT", `seed ${String(seed)} is not an integer of 0 to 9007199254740991`);
  }
  const params = parseParams(model, options.params ?? {});
  const lookahead = lookaheadOf(scenario, params);
  const until = options.until ?? scenario.until;
  if (options.until !== undefined) checkUntil(options.until, "until");
  if (types.length > AGENT_TYPES_MAX) throw tooMany("agent types", types.length, AGENT_TYPES_MAX);
  const events = numberEvents(scenario);
  const typeIds = new Map(types.map((type, id) => [type, id]));
  return {
    scenario,
    name: model.name,
    seed,
    params,
    lookahead,
    observeEvery: observeEveryOf(scenario, lookahead),
    until,
    onAgentError: scenario.onAgentError,
    roundLimit: scenario.roundLimit ?? ROUND_WINDOWS_DEFAULT,
    types,
    typeIds,
    events,
    codecs: events.map((event) => event.codec),
    eventIds: idsByOrdinal(events),
    handlers: types.map((type) => events.map((event) => type.handlers.get(event))),
    relations: model.relations,
    relationIds: new Map(model.relations.map((name, id) => [name, id])),
    shared: Object.entries(model.shared).map(([name, reducer]) => ({ name, reducer })),
    sharedIds: new Map(Object.keys(model.shared).map((name, id) => [name, id])),
    observations: Object.entries(scenario.observe).map(([name, observation]) => ({
      name,
      observation,
      typeId: typeIds.get(observation.type)!,
    })),
    usesRounds:
      untilHas(until, "rounds") ||
      types.some((type) => type.handlers.has(RoundStarted) || type.handlers.has(RoundEnding)),
  };
}

function lookaheadOf(scenario: Scenario, params: unknown): number {
  const { name, lookahead } = scenario.model;
  if (typeof lookahead === "number") return lookahead;
  let value: unknown;
  try {
    value = lookahead(params as never);
  } catch (reason) {
    throw MyriadError.from(reason, "INVALID_SCENARIO");
  }
  checkLookahead(name, value);
  return value as number;
}

/** A multiple of the lookahead: exact, or as near as doubles of that size come (0.3 is not 3 * 0.1). */
function observeEveryOf(scenario: Scenario, lookahead: number): number {
  const every = scenario.observeEvery ?? lookahead;
  const windows = Math.round(every / lookahead);
  if (windows >= 1 && Math.abs(windows * lookahead - every) <= every * 1e-12) return windows * lookahead;
  throw new MyriadError("INVALID_SCENARIO", `observeEvery ${every} is not a multiple of the lookahead ${lookahead}`);
}

/**
 * Ids by name: those that the scenario handles, answers with or lists come first, so that they do not depend on what
 * else a process has loaded; every other event defined in this process follows.
 */
function numberEvents(scenario: Scenario): readonly EventType[] {
  const used = new Map<string, EventType>();
  const add = (event: EventType): void => {
    if (BUILT_IN_EVENTS.includes(event)) return;
    const other = used.get(event.name);
    if (other === event) return;
    if (other !== undefined) throw new MyriadError("INVALID_SCENARIO", `two events are named "${event.name}"`);
    used.set(event.name, event);
    if (event.reply !== undefined) add(event.reply);
  };
  for (const type of scenario.agents) for (const event of type.handlers.keys()) add(event);
  for (const event of scenario.events) add(event);
  const others = new Map<string, EventType>();
  for (const event of definedEvents) {
    if (!used.has(event.name) && !BUILT_IN_EVENTS.includes(event)) others.set(event.name, event);
  }
  const events = [...BUILT_IN_EVENTS, ...reserved(), ...byName(used), ...byName(others)];
  const needed = FIRST_USER_EVENT + used.size;
  if (needed > EVENT_TYPES_MAX) throw tooMany("event types", needed, EVENT_TYPES_MAX);
  return events.slice(0, EVENT_TYPES_MAX);
}

const byName = (events: ReadonlyMap<string, EventType>): EventType[] =>
  [...events.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

function reserved(): EventType[] {
  return Array.from({ length: FIRST_USER_EVENT - BUILT_IN_EVENTS.length }, (_, i) => {
    const name = `myriad:reserved${i}`;
    return { name, fields: [], ordinal: -1, codec: new PayloadCodec(name, []), reply: undefined };
  });
}

function idsByOrdinal(events: readonly EventType[]): Uint16Array {
  const ids = new Uint16Array(definedEvents.length).fill(UNKNOWN_EVENT_ID);
  for (const [id, event] of events.entries()) if (event.ordinal >= 0) ids[event.ordinal] = id;
  return ids;
}

const tooMany = (what: string, count: number, limit: number): MyriadError =>
  new MyriadError("INVALID_SCENARIO", `${count} ${what}; at most ${limit} are possible`);
