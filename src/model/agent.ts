import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import { type AgentCost, checkAgentCost } from "./agent-cost.ts";
import type { Context, ModelLike } from "./context.ts";
import { type EventType, isEvent } from "./event.ts";
import type { IfPlain } from "./plain-type.ts";

/** What happens at one kind of event. */
export interface Handler {
  readonly event: EventType;
  /** The user's function. A synchronous one returns before the next event; what it returns is ignored. */
  readonly run: (self: unknown, payload: unknown, ctx: unknown) => unknown;
  /** True for an `async` function: it may suspend at the engine's promises. */
  readonly async: boolean;
}

/** A kind of agent: `S` is its state, `P` what it is born with. */
export interface AgentType<S = unknown, P = never> {
  readonly name: string;
  /** Makes the state of a new agent; called once for each, on its worker. */
  readonly create: (profile: P) => S;
  readonly handlers: ReadonlyMap<EventType, Handler>;
  /** What an agent costs its worker, relative to others; 1 unless said. */
  readonly agentCost: AgentCost<P>;
  /** The model that it belongs to. */
  readonly model: object;
}

/** The arguments that a profile needs: none when it may be undefined. */
export type ProfileArgs<P> = undefined extends P ? [profile?: P] : [profile: P];

/** An agent type while it is written: `model.agent(name).state(fn)`, then `.on(Event, handler)` for each event. */
export class AgentDefinition<S, P, M extends ModelLike> implements AgentType<S, P> {
  readonly name: string;
  readonly create: (profile: P) => S;
  readonly handlers: ReadonlyMap<EventType, Handler>;
  readonly model: object;
  readonly #handlers = new Map<EventType, Handler>();
  #cost: AgentCost<P> | undefined;

  constructor(name: string, create: (profile: P) => S, model: object) {
    this.name = name;
    this.create = create;
    this.handlers = this.#handlers;
    this.model = model;
  }

  get agentCost(): AgentCost<P> {
    return this.#cost ?? 1;
  }

  /**
   * What an agent of this type costs its worker, relative to others, by its profile if need be: placement shares it out,
   * a result never shows it. Default 1. Throws INVALID_SCENARIO.
   */
  cost(cost: AgentCost<P>): this {
    checkAgentCost(this.name, cost);
    if (this.#cost !== undefined) throw this.#invalid("cost is said twice");
    this.#cost = cost;
    return this;
  }

  /**
   * What an agent of this type does at `event`. The handler may change `self` and call `ctx`; an `async` one may await
   * only `ctx.effect` and `ctx.request`, and the agent's other events wait until it ends. One handler for
   * each event. Throws INVALID_SCENARIO.
   */
  on<E>(event: EventType<E>, handler: (self: S, payload: E, ctx: Context<M>) => void): this {
    if (!isEvent(event)) throw this.#invalid(`on: ${describe(event)} is not an event made by defineEvent`);
    if (typeof handler !== "function") {
      throw this.#invalid(`on "${event.name}": the handler is ${describe(handler)}, not a function`);
    }
    const kind = Object.prototype.toString.call(handler).slice(8, -1);
    if (kind.endsWith("GeneratorFunction")) throw this.#invalid(`on "${event.name}": the handler is a generator`);
    if (this.#handlers.has(event)) throw this.#invalid(`"${event.name}" has two handlers`);
    this.#handlers.set(event, { event, run: handler as Handler["run"], async: kind === "AsyncFunction" });
    return this;
  }

  #invalid(what: string): MyriadError {
    return new MyriadError("INVALID_SCENARIO", `agent "${this.name}": ${what}`);
  }
}

/** An agent type without its state yet. */
export class AgentStart<M extends ModelLike> {
  readonly #name: string;
  readonly #model: object;

  constructor(name: string, model: object) {
    if (typeof name !== "string" || !NAME_PATTERN.test(name)) {
      throw new MyriadError(
        "INVALID_SCENARIO",
        `agent ${describe(name)}: the name is not 1 to 128 characters of [A-Za-z0-9_.:-]`,
      );
    }
    this.#name = name;
    this.#model = model;
  }

  /**
   * How an agent begins: a function of its profile (what `spawn` gives, plain data, `undefined` when there is none) to
   * its state, plain data. It must depend on nothing else.
   */
  state<S, P = undefined>(
    create: ((profile: P) => S) & IfPlain<S, unknown, "the state is not plain data">,
  ): AgentDefinition<S, P, M> {
    if (typeof create !== "function") {
      throw new MyriadError("INVALID_SCENARIO", `agent "${this.#name}": state is ${describe(create)}, not a function`);
    }
    return new AgentDefinition<S, P, M>(this.#name, create, this.#model);
  }
}

const describe = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : typeof value);

/** True for what `model.agent(name).state(fn)` returned. */
export const isAgentType = (value: unknown): value is AgentType => value instanceof AgentDefinition;
