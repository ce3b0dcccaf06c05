import { requestStatus } from "../runtime/admin.ts";
import type { ClusterStatus, WorkerStatus } from "../runtime/cluster-status.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { placementLine } from "./placement-line.ts";
import { grouped, table } from "./table.ts";

export interface RequestArguments {
  master: string;
  json?: boolean;
}

/** `myriad status`: the run and its workers as the master sees them. */
export async function status({ master, json }: RequestArguments, io: Io): Promise<number> {
  const status = await requestStatus(master);
  io.print(json ? JSON.stringify(status) : statusText(status));
  return EXIT.done;
}

/** For people: the run, its placement, then its workers. */
export function statusText(status: ClusterStatus): string {
  const { scenario, state, runId, virtualTime, window, events, eventsPerSecond, agents, workers } = status;
  if (runId === "") return "no run yet";
  const lines = [
    `${scenario}: ${state}, run ${runId}`,
    `time ${grouped(virtualTime)}, window ${window}, ${grouped(agents)} agents, ${grouped(events)} events, ${grouped(Math.round(eventsPerSecond))} events/s`,
  ];
  if (status.placement !== undefined) lines.push(placementLine(status.placement));
  if (workers.length > 0) lines.push("", table([HEAD, ...workers.map(row)]));
  return lines.join("\n");
}

const HEAD = ["id", "name", "address", "state", "window", "agents", "MiB", "lag ms", "last beat ms", "links"];

const row = (worker: WorkerStatus): string[] => [
  String(worker.id),
  worker.name,
  worker.address,
  worker.state,
  String(worker.window),
  grouped(worker.agents),
  String(Math.round(worker.rssBytes / 2 ** 20)),
  String(Math.round(worker.lagMs)),
  String(worker.lastBeatMs),
  linksText(worker.links),
];

/** How many stand of how many, and what has become of those that broke. */
function linksText(links: WorkerStatus["links"]): string {
  const sum = (of: (link: (typeof links)[number]) => number): number => links.reduce((all, link) => all + of(link), 0);
  const parts = [`${sum((link) => Number(link.up))}/${links.length}`];
  const reconnects = sum((link) => link.reconnects);
  if (reconnects > 0) parts.push(`reconnected ${reconnects} x, ${sum((link) => link.resent)} frames resent`);
  for (const { peer, breaker } of links) if (breaker !== "closed") parts.push(`breaker of ${peer} ${breaker}`);
  return parts.join(", ");
}
