import { toJson } from "../runtime/line-file.ts";
import type { RunResult } from "../runtime/run.ts";
import { placementLine } from "./placement-line.ts";
import { grouped, table } from "./table.ts";

const CELL_CHARACTERS = 50;

/** What a run came to, for people: the last sample of each observation, counts, and the hash. */
export function summary(result: RunResult): string {
  const lines: string[] = [];
  const observed = Object.entries(result.observations);
  if (observed.length > 0)
    lines.push(table([["observation", "value"], ...observed.map(([name, value]) => [name, cell(value)])]), "");
  const workers = result.workers === 0 ? "one process" : `${result.workers} worker${result.workers === 1 ? "" : "s"}`;
  lines.push(
    `${result.scenario}: ${grouped(result.agents)} agents on ${workers}, seed ${result.seed}, until ${grouped(result.virtualTime)} (${ENDED[result.ended]})`,
    `${grouped(result.events)} events (${grouped(result.remoteEvents)} between workers) in ${result.wallSeconds.toFixed(2)} s, ${grouped(Math.round(result.eventsPerSecond))} events/s`,
    ...(result.placement === undefined ? [] : [placementLine(result.placement)]),
    ...quarantinedLine(result),
    `state hash ${result.stateHash}`,
  );
  return lines.join("\n");
}

const NAMED = 3;

function quarantinedLine({ quarantined: { agents, first } }: RunResult): string[] {
  if (agents === 0) return [];
  const names = first.slice(0, NAMED).map(({ name }) => name);
  const rest = agents > names.length ? ", ..." : "";
  return [`${grouped(agents)} agent${agents === 1 ? "" : "s"} quarantined: ${names.join(", ")}${rest}`];
}

const ENDED: Readonly<Record<RunResult["ended"], string>> = {
  quiescence: "nothing left to happen",
  time: "time was up",
  rounds: "all rounds done",
  when: "the scenario's condition held",
  stopped: "stopped",
};

function cell(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? grouped(value) : String(value);
  const text = typeof value === "string" ? value : toJson(value);
  return text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS - 3)}...` : text;
}
