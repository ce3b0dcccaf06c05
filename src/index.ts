export { type ErrorCode, MyriadError } from "./base/error.ts";
export { NOBODY } from "./base/limits.ts";
export type { Plain } from "./base/plain.ts";
export type { PlacementFigures } from "./cluster/placement-figures.ts";
export type { AgentType } from "./model/agent.ts";
export type {
  Context,
  EffectCall,
  EffectOptions,
  RequestOptions,
  ScheduleOptions,
  SendOptions,
} from "./model/context.ts";
export { EdgeList, type Pair } from "./model/edges.ts";
export {
  Born,
  bool,
  defineEvent,
  type EventType,
  f32,
  f64,
  i32,
  json,
  RoundEnding,
  RoundStarted,
  ref,
  text,
  u8,
  u16,
  u32,
} from "./model/event.ts";
export type { Group } from "./model/group.ts";
export { defineModel, type Model } from "./model/model.ts";
export {
  count,
  histogram,
  max,
  mean,
  min,
  type Observation,
  type ObservedValue,
  quantile,
  reduce,
  sum,
} from "./model/observation.ts";
export type { PlacementDefinition, PlacementMethod } from "./model/placement-rule.ts";
export { last, type Reducer, union } from "./model/reducer.ts";
export type { Scenario } from "./model/scenario.ts";
export type { Until } from "./model/until.ts";
export type { World } from "./model/world.ts";
export type { MasterConfig, SingleConfig, WorkerConfig } from "./runtime/config.ts";
export { initializeNode } from "./runtime/node.ts";
export type { MasterHandle, Node, NodeRunOptions, SingleHandle, WorkerHandle } from "./runtime/node-handle.ts";
export type {
  Ended,
  Progress,
  Quarantined,
  QuarantinedAgent,
  RunOptions,
  RunResult,
} from "./runtime/run.ts";
export type { RecordRow, RunWriter, SampleRow, StateRow } from "./runtime/run-writer.ts";
export { simulate } from "./runtime/simulate.ts";
