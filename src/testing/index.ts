export type { Delivery, EventRow, SentEvent } from "./delivery.ts";
export { Harness, type HarnessOptions, harness } from "./harness.ts";
export type { EffectRecord } from "./recorded-effects.ts";
export {
  type PartitionedOptions,
  type PartitionedResult,
  type RecordedRow,
  runPartitioned,
} from "./run-partitioned.ts";
export { AgentTester, testAgent } from "./test-agent.ts";
