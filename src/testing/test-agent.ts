import { snapshot } from "../base/plain.ts";
import type { AgentDefinition, AgentType } from "../model/agent.ts";
import type { ModelLike, ParamsOf, RelationOf } from "../model/context.ts";
import type { EventType } from "../model/event.ts";
import type { Reducer } from "../model/reducer.ts";
import type { Delivery } from "./delivery.ts";
import { type Setting, Solo } from "./solo.ts";

type SharedOf<M extends ModelLike> = {
  readonly [K in keyof M["types"]["shared"]]?: M["types"]["shared"][K] extends Reducer<infer V, never> ? V : never;
};

/**
 * One agent under test, on the real engine but alone: each method gives a new tester with one thing changed, and
 * `deliver` tells what the agent would do with an event. What it sends goes nowhere.
 */
export class AgentTester<S, P, M extends ModelLike> {
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** The state before the event; a copy is given to the handler. Default: that of `born` without a profile. */
  state(state: S): AgentTester<S, P, M> {
    return this.#with({ state: snapshot(state, "state") });
  }

  /** The state that the type makes of a profile. */
  born(profile: P): AgentTester<S, P, M> {
    const create = this.#setting.type.create as (profile: P) => unknown;
    return this.#with({ state: create(profile) });
  }

  /** Parameters of the model; those left out have their defaults. */
  params(params: Partial<ParamsOf<M>>): AgentTester<S, P, M> {
    return this.#with({ params: { ...this.#setting.params, ...params } });
  }

  /** Shared values as the handler reads them. */
  shared(values: SharedOf<M>): AgentTester<S, P, M> {
    return this.#with({ shared: { ...this.#setting.shared, ...values } });
  }

  /** Ties of the agent in one relation. */
  neighbors(relation: RelationOf<M>, ids: readonly number[], weights?: readonly number[]): AgentTester<S, P, M> {
    return this.#with({ ties: [...this.#setting.ties, { relation, ids, weights: weights ?? null }] });
  }

  /** Decides what `ctx.random()` and its like draw. Default 0. */
  seed(seed: number): AgentTester<S, P, M> {
    return this.#with({ seed });
  }

  /** Virtual time of the event. Default 0. */
  at(time: number): AgentTester<S, P, M> {
    return this.#with({ time });
  }

  /** The agent's own index. Default 0. */
  id(id: number): AgentTester<S, P, M> {
    return this.#with({ id });
  }

  /** The sender of the event. Default: nobody, or another agent when the event is a request. */
  from(from: number): AgentTester<S, P, M> {
    return this.#with({ from });
  }

  /** Other types of agents, which it may spawn. */
  with(...types: readonly AgentType[]): AgentTester<S, P, M> {
    return this.#with({ types: [...this.#setting.types, ...types] });
  }

  /** Stand-ins for effects by name; a call without one rejects with EFFECT_FAILED. */
  effects(stubs: Readonly<Record<string, (input: never) => unknown>>): AgentTester<S, P, M> {
    return this.#with({ effects: { ...this.#setting.effects, ...stubs } });
  }

  /** What other agents answer, by name of the request: from its payload to that of the reply. */
  replies(stubs: Readonly<Record<string, (payload: never) => unknown>>): AgentTester<S, P, M> {
    return this.#with({ replies: { ...this.#setting.replies, ...stubs } });
  }

  /**
   * Hands the agent one event and lets its handler run to the end, also over effects and requests. Rejects with what
   * the handler threw, named as in a run.
   */
  async deliver<E>(event: EventType<E>, payload: NoInfer<E>): Promise<Delivery<S>> {
    const setting = this.#setting.state === undefined ? this.born(undefined as P).#setting : this.#setting;
    return new Solo(setting).deliver(event as EventType, payload) as Promise<Delivery<S>>;
  }

  #with(change: Partial<Setting>): AgentTester<S, P, M> {
    return new AgentTester<S, P, M>({ ...this.#setting, ...change });
  }
}

/** Begins a test of one agent: `await testAgent(Person).state({ ... }).deliver(Exposed, { dose: 1 })`. */
export function testAgent<S, P, M extends ModelLike>(type: AgentDefinition<S, P, M>): AgentTester<S, P, M> {
  return new AgentTester<S, P, M>({
    type: type as unknown as AgentType,
    types: [],
    state: undefined,
    params: {},
    shared: {},
    ties: [],
    seed: 0,
    time: 0,
    id: 0,
    from: undefined,
    effects: {},
    replies: {},
  });
}
