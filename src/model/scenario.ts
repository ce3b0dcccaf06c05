import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import { type AgentType, isAgentType } from "./agent.ts";
import { type EventType, isEvent } from "./event.ts";
import type { Model } from "./model.ts";
import { isObservation, type Observation } from "./observation.ts";
import { type PlacementDefinition, placementRule } from "./placement-rule.ts";
import { checkUntil, type Until } from "./until.ts";
import type { World } from "./world.ts";

/** What becomes of an agent whose handler throws: the run fails, or the agent alone is taken out of it. */
export type OnAgentError = "fail" | "quarantine";

/** One experiment: agents, population, relations and stopping rule. Made by `model.scenario`. */
export interface Scenario {
  readonly model: Model;
  readonly agents: readonly AgentType[];
  /** Events that no type here handles, but that are sent (to be answered elsewhere, or by name). */
  readonly events: readonly EventType[];
  readonly populate: ((world: World, params: never) => void | Promise<void>) | undefined;
  readonly observe: Readonly<Record<string, Observation>>;
  /** Virtual time between samples, a multiple of the lookahead; undefined: the lookahead. */
  readonly observeEvery: number | undefined;
  readonly until: Until | undefined;
  readonly onAgentError: OnAgentError;
  /** Windows that one round may take; undefined: the default. */
  readonly roundLimit: number | undefined;
  /** How agents are spread over workers. */
  readonly placement: PlacementDefinition | undefined;
  /** File URL of the module that made it. */
  readonly file: string | undefined;
}

/** What `model.scenario` is given, untyped. */
export type ScenarioParts = { readonly [K in keyof Omit<Scenario, "model" | "file">]?: Scenario[K] | undefined };

const KEYS = [
  "agents",
  "events",
  "populate",
  "observe",
  "observeEvery",
  "until",
  "onAgentError",
  "roundLimit",
  "placement",
];

/** Checks everything that needs no parameters. Throws INVALID_SCENARIO. */
export function makeScenario(model: Model, parts: ScenarioParts, file: string | undefined): Scenario {
  if (typeof parts !== "object" || parts === null) throw invalid("it is not a record");
  const unknown = Object.keys(parts).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw invalid(`unknown key "${unknown}"; known are ${KEYS.join(", ")}`);
  const { agents, events = [], populate, observe = {}, observeEvery, until, placement } = parts;
  const { onAgentError = "fail", roundLimit } = parts;
  checkAgents(model, agents);
  if (!Array.isArray(events) || !events.every(isEvent)) throw invalid("events is not an array of events");
  if (populate !== undefined && typeof populate !== "function") throw invalid("populate is not a function");
  checkObserve(observe, agents);
  if (observeEvery !== undefined && !(Number.isFinite(observeEvery) && observeEvery > 0)) {
    throw invalid(`observeEvery ${String(observeEvery)} is not a number above 0`);
  }
  if (until !== undefined) checkUntil(until, "until");
  if (onAgentError !== "fail" && onAgentError !== "quarantine") {
    throw invalid(`onAgentError ${JSON.stringify(onAgentError)} is not "fail" or "quarantine"`);
  }
  if (roundLimit !== undefined && !(Number.isSafeInteger(roundLimit) && roundLimit > 0)) {
    throw invalid(`roundLimit ${String(roundLimit)} is not a positive integer`);
  }
  placementRule(placement);
  return { model, agents, events, populate, observe, observeEvery, until, onAgentError, roundLimit, placement, file };
}

function checkAgents(model: Model, agents: unknown): asserts agents is readonly AgentType[] {
  if (!Array.isArray(agents) || agents.length === 0) throw invalid("agents is not an array of at least one agent type");
  const names = new Set<string>();
  for (const [i, type] of agents.entries()) {
    if (!isAgentType(type)) throw invalid(`agents[${i}] is not an agent type made by model.agent(name).state(fn)`);
    if (names.has(type.name)) throw invalid(`two agent types are named "${type.name}"`);
    names.add(type.name);
    if (type.model !== model) throw invalid(`agent "${type.name}" belongs to another model`);
  }
}

function checkObserve(observe: Readonly<Record<string, unknown>>, agents: readonly AgentType[]): void {
  for (const [name, observation] of Object.entries(observe)) {
    if (!NAME_PATTERN.test(name)) {
      throw invalid(`observation ${JSON.stringify(name)}: the name is not 1 to 128 characters of [A-Za-z0-9_.:-]`);
    }
    if (!isObservation(observation)) {
      throw invalid(`observation "${name}" is not one of count sum mean min max histogram quantile reduce over a type`);
    }
    if (!agents.includes(observation.type)) {
      throw invalid(`observation "${name}" is over agent "${observation.type.name}", which is not in agents`);
    }
  }
}

const invalid = (what: string): MyriadError => new MyriadError("INVALID_SCENARIO", `scenario: ${what}`);

/** True for what `model.scenario` returned. */
export const isScenario = (value: unknown): value is Scenario => made.has(value as object);

const made = new WeakSet<object>();
/** Marks a finished scenario, so that `isScenario` knows it. */
export function sealScenario(scenario: Scenario): Scenario {
  made.add(Object.freeze(scenario));
  return scenario;
}
