import type { AgentType, ProfileArgs } from "./agent.ts";
import type { EventType } from "./event.ts";
import type { ObservedValue } from "./observation.ts";
import type { Reducer } from "./reducer.ts";

/** What a handler's context is typed by. */
export interface ModelTypes {
  readonly params: unknown;
  readonly shared: Readonly<Record<string, Reducer>>;
  readonly relation: string;
}

/** A model, as far as types go. */
export interface ModelLike {
  readonly types: ModelTypes;
}

/** The parameters of a model, as handlers see them. */
export type ParamsOf<M extends ModelLike> = M["types"]["params"];
/** The names of a model's relations. */
export type RelationOf<M extends ModelLike> = M["types"]["relation"];
type SharedOf<M extends ModelLike> = M["types"]["shared"];
type ValueOf<R> = R extends Reducer<infer V, never> ? V : never;
type WriteOf<R> = R extends { readonly put?: (value: infer W) => void } ? W : never;

export type Scalar = number | string | boolean;

export interface SendOptions {
  /** Virtual time from now, at least the lookahead, which is the default. */
  readonly delay?: number;
}

export interface ScheduleOptions {
  /** Virtual time from now, 0 or more. */
  readonly delay: number;
}

export interface RequestOptions {
  /** Virtual time to wait for the reply; the request then rejects with REQUEST_TIMEOUT. Default: no limit. */
  readonly timeout?: number;
}

export interface RetryOptions {
  /** Calls in all, at least 1. */
  readonly attempts: number;
  /** Wait before the second call, doubled for each further one; wall-clock milliseconds. */
  readonly backoffMs: number;
}

export interface EffectOptions {
  /** Virtual time that the answer takes, at least the lookahead, which is the default. */
  readonly thinkTime?: number;
  /** Wall-clock seconds for one call; it is then aborted. */
  readonly timeout?: number;
  readonly retry?: RetryOptions;
}

/** What the function of an effect gets beside its input. */
export interface EffectCall {
  /** Idempotency key, the same for every repetition of this call: run, agent and call number. */
  readonly key: string;
  /** Aborts at the time-out and when the run ends. */
  readonly signal: AbortSignal;
  /** 1 for the first call. */
  readonly attempt: number;
}

export interface SharedValues<S> {
  /** The value as of the start of the window. */
  get<K extends keyof S & string>(name: K): ValueOf<S[K]>;
  /** Merges into the value of the next window by its reducer. */
  put<K extends keyof S & string>(name: K, value: WriteOf<S[K]>): void;
}

/**
 * What a handler can do. Valid until the handler ends; everything that it does is staged, and dropped when the handler
 * throws. Times and delays are virtual.
 */
export interface Context<M extends ModelLike = ModelLike> {
  /** The agent's own index. */
  readonly id: number;
  readonly name: string;
  readonly now: number;
  /** The index of the sender, or `NOBODY`. */
  readonly from: number;
  readonly params: ParamsOf<M>;
  readonly shared: SharedValues<SharedOf<M>>;

  /** Sends an event to an agent by index, to arrive after `delay`. Returns a handle for `cancel`. */
  send<P>(to: number, event: EventType<P>, payload: NoInfer<P>, options?: SendOptions): number;
  /** Sends an event to oneself. A delay of 0 is allowed: it is handled at the same time, after this handler. */
  schedule<P>(event: EventType<P>, payload: NoInfer<P>, options: ScheduleOptions): number;
  /** Takes back an own event that has not been handled and has not left. Returns whether it did. */
  cancel(handle: number): boolean;
  /** Sends an event to all neighbours; travels once per worker. */
  publish<P>(relation: RelationOf<M>, event: EventType<P>, payload: NoInfer<P>, options?: SendOptions): void;
  /**
   * Sends an event and resolves to the payload of the reply. Rejects with AGENT_GONE when the target has retired.
   * Only in async handlers.
   */
  request<P, R>(to: number, event: EventType<P, R>, payload: NoInfer<P>, options?: RequestOptions): Promise<R>;
  /** Answers the request being handled. */
  reply<P>(event: EventType<P>, payload: NoInfer<P>, options?: SendOptions): void;

  /** Indices of the neighbours, ascending, in an array of the handler's own. As of the start of the window. */
  neighbors(relation: RelationOf<M>): Uint32Array;
  /** Weights of the ties, in the order of `neighbors`; 1 where none was given. */
  weights(relation: RelationOf<M>): Float64Array;
  degree(relation: RelationOf<M>): number;
  /** Ties this agent to another from the next window on; an existing tie takes the weight (default 1). */
  relate(relation: RelationOf<M>, to: number, weight?: number): void;
  /** Removes a tie from the next window on. */
  unrelate(relation: RelationOf<M>, to: number): void;

  /** Uniform in [0, 1). */
  random(): number;
  /** Uniform integer of 0 to n - 1. */
  randomInt(n: number): number;
  /** Normal; default mean 0, standard deviation 1. */
  normal(mean?: number, sd?: number): number;
  exponential(mean: number): number;

  /** The last completed sample of an observation of the scenario; undefined before the first. */
  observed<T extends ObservedValue = number>(name: string): T | undefined;

  /** A new agent, born at the edge of the next window. */
  spawn<P>(type: AgentType<unknown, P>, ...profile: ProfileArgs<NoInfer<P>>): void;
  /** Ends this agent after the handler: its ties and timers go, later events to it are counted as undeliverable. */
  retire(): void;

  /**
   * Asks the world outside: runs `fn` beside the simulation and resolves to its answer at `now + thinkTime`. `fn` must
   * not touch the agent's state; input and answer are plain data. Rejects with EFFECT_FAILED after its retries.
   * Only in async handlers.
   */
  effect<I, T>(
    name: string,
    input: I,
    fn: (input: I, call: EffectCall) => Promise<T> | T,
    options?: EffectOptions,
  ): Promise<T>;

  /** Appends a row (time, agent, value) to a series of the run's output. */
  record(series: string, value: Scalar | Readonly<Record<string, Scalar>>): void;
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
