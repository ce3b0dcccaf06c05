import { MyriadError } from "../base/error.ts";
import { WORKERS_MAX } from "../base/limits.ts";
import { SAMPLE_MAX } from "./traffic-sample.ts";
import { TIES_MAX } from "./traffic-ties.ts";

/** What a reader of another version must not read. */
export const TRAFFIC_VERSION = 1;
/** Agents whose load is named, the heaviest; the others count as their mean. */
export const LOADS_MAX = 16_384;

/** What a worker says of its traffic: plain data of less than 1 MiB, however many agents and events there are. */
export interface TrafficReport {
  readonly version: typeof TRAFFIC_VERSION;
  readonly part: number;
  /** Events sent to each part; to its own, those kept. */
  readonly counts: Float64Array;
  /** Ties between two agents, and events on each that are certain. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly weights: Float32Array;
  /** A uniform sample of other events. */
  readonly sampleFrom: Uint32Array;
  readonly sampleTo: Uint32Array;
  /** The agents that handled most events, and how many. */
  readonly agents: Uint32Array;
  readonly handled: Uint32Array;
  /** How many agents are not among them, and all that they handled. */
  readonly otherAgents: number;
  readonly otherHandled: number;
}

/** Events handled by the agents of a part, column by column. */
export interface AgentLoads {
  readonly agents: Uint32Array;
  readonly handled: Uint32Array;
}

/** The heaviest by name (the lower index first among equals, in the order of indices), the rest as a sum. */
export function summariseLoads({ agents, handled }: AgentLoads): Omit<AgentLoads, never> & {
  otherAgents: number;
  otherHandled: number;
} {
  let order = Uint32Array.from(agents.keys());
  if (order.length > LOADS_MAX) {
    order.sort((a, b) => handled[b]! - handled[a]! || agents[a]! - agents[b]!);
    order = order.slice(0, LOADS_MAX);
  }
  order.sort((a, b) => agents[a]! - agents[b]!);
  let rest = 0;
  for (let i = 0; i < handled.length; i++) rest += handled[i]!;
  for (const i of order) rest -= handled[i]!;
  return {
    agents: order.map((i) => agents[i]!),
    handled: order.map((i) => handled[i]!),
    otherAgents: agents.length - order.length,
    otherHandled: rest,
  };
}

/** What came in as plain data, when it is a report of `part` among `parts`. Throws CORRUPT, or MISMATCH for another version. */
export function decodeTraffic(data: unknown, part: number, parts: number): TrafficReport {
  const report = data as TrafficReport;
  if (typeof data !== "object" || data === null) throw corrupt("not a record");
  if (report.version !== TRAFFIC_VERSION) {
    throw new MyriadError("MISMATCH", `a traffic report of version ${report.version}; ours is ${TRAFFIC_VERSION}`);
  }
  if (report.part !== part) throw corrupt(`part is ${report.part}, not ${part}`);
  checkColumns(report, "counts", Float64Array, Math.min(parts, WORKERS_MAX), ["counts"]);
  if (report.counts.length !== parts) throw corrupt(`counts has ${report.counts.length} entries, not ${parts}`);
  checkColumns(report, "low", Uint32Array, TIES_MAX, ["low", "high"]);
  checkColumns(report, "low", Float32Array, TIES_MAX, ["weights"]);
  checkColumns(report, "sampleFrom", Uint32Array, SAMPLE_MAX, ["sampleFrom", "sampleTo"]);
  checkColumns(report, "agents", Uint32Array, LOADS_MAX, ["agents", "handled"]);
  for (const name of ["otherAgents", "otherHandled"] as const) {
    if (!(report[name] >= 0 && report[name] < Infinity)) throw corrupt(`${name} is ${report[name]}`);
  }
  for (const name of ["counts", "weights"] as const) {
    if (!report[name].every((value) => value >= 0 && value < Infinity)) throw corrupt(`${name} has a negative value`);
  }
  return report;
}

type Column = "counts" | "low" | "high" | "weights" | "sampleFrom" | "sampleTo" | "agents" | "handled";

/** Columns of one kind, as long as the one called `like` and no longer than `max`. */
function checkColumns(
  report: TrafficReport,
  like: Column,
  kind: typeof Uint32Array | typeof Float32Array | typeof Float64Array,
  max: number,
  names: readonly Column[],
): void {
  for (const name of names) {
    if (!(report[name] instanceof kind)) throw corrupt(`${name} is no ${kind.name}`);
    if (report[name].length !== report[like].length || report[name].length > max) {
      throw corrupt(`${name} has ${report[name].length} entries`);
    }
  }
}

const corrupt = (what: string): MyriadError => new MyriadError("CORRUPT", `traffic report: ${what}`);
