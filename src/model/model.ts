import type { ZodType, z } from "zod";
import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import { AgentStart, type AgentType } from "./agent.ts";
import { callerFile } from "./caller.ts";
import type { EventType } from "./event.ts";
import type { Observation, SamplesOf } from "./observation.ts";
import type { PlacementDefinition } from "./placement-rule.ts";
import { isReducer, type Reducer } from "./reducer.ts";
import { makeScenario, type OnAgentError, type Scenario, type ScenarioParts, sealScenario } from "./scenario.ts";
import type { Until } from "./until.ts";
import type { World } from "./world.ts";

type SharedTypes = Readonly<Record<string, Reducer>>;
type Empty = Record<never, never>;

/** What a model is made of. */
export interface ModelParts<Schema extends ZodType, Shared extends SharedTypes, Relations extends readonly string[]> {
  /** At most 128 characters of `[A-Za-z0-9_.:-]`. */
  readonly name: string;
  /** A zod schema of an object; parameters that it does not name are refused. Default: no parameters. */
  readonly params?: Schema;
  /** Shared state: a reducer for each name. */
  readonly shared?: Shared;
  readonly relations?: Relations;
  /** The smallest delay between two agents, in virtual time, above 0. Default 1. */
  readonly lookahead?: number | ((params: z.output<Schema>) => number);
}

/** What a scenario is made of. `O` are its observations. */
export interface ScenarioDefinition<M extends Model, O extends Readonly<Record<string, Observation>>> {
  readonly agents: readonly AgentType[];
  /** Events that are sent but that no type here handles. */
  readonly events?: readonly EventType[];
  /** Makes the agents, their ties and the first events. Runs once, on the master. */
  populate?(world: World<M>, params: M["types"]["params"]): void | Promise<void>;
  readonly observe?: O;
  /** Virtual time between samples, a multiple of the lookahead. Default: the lookahead. */
  readonly observeEvery?: number;
  /** Default: the run ends when nothing can happen any more. */
  readonly until?: Until<SamplesOf<O>>;
  /** Default "fail". */
  readonly onAgentError?: OnAgentError;
  /** Windows that one round may take before the run ends with ROUND_LIMIT. Default 100,000. */
  readonly roundLimit?: number;
  /**
   * How agents are spread over workers, unless the run says so; never shows in the result. Default: by communities where
   * there are ties, else contiguous.
   */
  readonly placement?: PlacementDefinition;
}

/** What agents of one kind of world have in common: parameters, shared state, relations and the lookahead. */
export class Model<Params = unknown, Shared extends SharedTypes = SharedTypes, Relation extends string = string> {
  /** Never set: carries the types of the model. `Context<typeof model>` types a helper function. */
  declare readonly types: { readonly params: Params; readonly shared: Shared; readonly relation: Relation };
  readonly name: string;
  readonly params: ZodType | undefined;
  readonly shared: Readonly<Record<string, Reducer>>;
  readonly relations: readonly string[];
  readonly lookahead: number | ((params: never) => number);
  readonly #agents = new Set<string>();

  constructor(parts: ModelParts<ZodType, Shared, readonly Relation[]>) {
    checkParts(parts);
    this.name = parts.name;
    this.params = parts.params;
    this.shared = { ...parts.shared };
    this.relations = [...(parts.relations ?? [])];
    this.lookahead = parts.lookahead ?? 1;
  }

  /** Begins an agent type: `.state(fn)` next, then `.on(Event, handler)`. Throws INVALID_SCENARIO for a name twice. */
  agent(name: string): AgentStart<this> {
    const start = new AgentStart<this>(name, this);
    if (this.#agents.has(name)) throw new MyriadError("INVALID_SCENARIO", `two agent types are named "${name}"`);
    this.#agents.add(name);
    return start;
  }

  /** Puts a scenario together; the default export of a scenario module. Throws INVALID_SCENARIO. */
  scenario<O extends Readonly<Record<string, Observation>> = Empty>(parts: ScenarioDefinition<this, O>): Scenario {
    const file = callerFile([import.meta.url]);
    return sealScenario(makeScenario(this as unknown as Model, parts as unknown as ScenarioParts, file));
  }
}

/** Defines a model. All parts but the name may be left out. Throws INVALID_SCENARIO naming part and value. */
export function defineModel<
  Schema extends ZodType = ZodType<Empty>,
  Shared extends SharedTypes = Empty,
  const Relations extends readonly string[] = [],
>(parts: ModelParts<Schema, Shared, Relations>): Model<z.output<Schema>, Shared, Relations[number]> {
  return new Model<z.output<Schema>, Shared, Relations[number]>(
    parts as unknown as ModelParts<ZodType, Shared, readonly Relations[number][]>,
  );
}

const KEYS = ["name", "params", "shared", "relations", "lookahead"];

function checkParts(parts: ModelParts<ZodType, SharedTypes, readonly string[]>): void {
  if (typeof parts !== "object" || parts === null) throw invalid("?", "it is not a record");
  const { name, params, shared = {}, relations = [], lookahead = 1 } = parts;
  checkName(String(name), "name", name);
  const unknown = Object.keys(parts).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw invalid(name, `unknown key "${unknown}"; known are ${KEYS.join(", ")}`);
  if (params !== undefined && typeof params?.safeParse !== "function")
    throw invalid(name, "params is not a zod schema");
  for (const [key, reducer] of Object.entries(shared)) {
    checkName(name, "shared value", key);
    if (!isReducer(reducer))
      throw invalid(name, `shared value "${key}" is not one of sum(0) min(x) max(x) last(x) union()`);
  }
  if (!Array.isArray(relations)) throw invalid(name, "relations is not an array of names");
  for (const relation of relations) checkName(name, "relation", relation);
  const twice = relations.find((relation, i) => relations.indexOf(relation) !== i);
  if (twice !== undefined) throw invalid(name, `two relations are named "${twice}"`);
  if (typeof lookahead !== "function") checkLookahead(name, lookahead);
}

/** Throws INVALID_SCENARIO unless `lookahead` is a finite number above 0. */
export function checkLookahead(model: string, lookahead: unknown): void {
  if (typeof lookahead !== "number" || !(lookahead > 0) || lookahead === Number.POSITIVE_INFINITY) {
    throw invalid(model, `lookahead ${String(lookahead)} is not a finite number above 0`);
  }
}

function checkName(model: string, what: string, name: unknown): void {
  if (typeof name === "string" && NAME_PATTERN.test(name)) return;
  throw invalid(model, `${what} ${JSON.stringify(name)} is not 1 to 128 characters of [A-Za-z0-9_.:-]`);
}

const invalid = (model: string, what: string): MyriadError =>
  new MyriadError("INVALID_SCENARIO", `model "${model}": ${what}`);
