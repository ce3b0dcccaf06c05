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

const HEAD = [
  ...["id", "name", "address", "state", "window", "agents", "events waiting", "effects", "MiB", "lag ms"],
  ...["last beat ms", "links", "connections"],
];

const row = (worker: WorkerStatus): string[] => [
  String(worker.id),
  worker.name,
  worker.address,
  worker.straggling ? `${worker.state}, no progress for ${Math.round(worker.stalledMs / 1000)} s` : worker.state,
  String(worker.window),
  ofLimit(worker.agents, worker.agentsMax),
  grouped(worker.pending),
  ofLimit(worker.effects, worker.effectsMax),
  ofLimit(mib(worker.rssBytes), worker.memoryMaxBytes === null ? null : mib(worker.memoryMaxBytes)),
  String(Math.round(worker.lagMs)),
  String(worker.lastBeatMs),
  linksText(worker.links),
  poolText(worker.pool),
];

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** `7 of 100`, or the number alone where there is no limit. */
const ofLimit = (value: number, limit: number | null): string =>
  limit === null ? grouped(value) : `${grouped(value)} of ${grouped(limit)}`;

/** How many stand of how many, and what has become of those that broke. */
function linksText(links: WorkerStatus["links"]): string {
  const sum = (of: (link: (typeof links)[number]) => number): number => links.reduce((all, link) => all + of(link), 0);
  const parts = [`${sum((link) => Number(link.up))}/${links.length}`];
  const reconnects = sum((link) => link.reconnects);
  if (reconnects > 0) parts.push(`reconnected ${reconnects} x, ${sum((link) => link.resent)} frames resent`);
  for (const { peer, breaker } of links) if (breaker !== "closed") parts.push(`breaker of ${peer} ${breaker}`);
  return parts.join(", ");
}

/** The connections that a worker has opened, over all shards; the breakers that keep it from opening more. */
function poolText(shards: WorkerStatus["pool"]): string {
  const sum = (of: (shard: (typeof shards)[number]) => number): number =>
    shards.reduce((all, shard) => all + of(shard), 0);
  const used = shards.filter(({ open }) => open > 0).length;
  const parts = [`${sum(({ busy }) => busy)} of ${sum(({ open }) => open)} busy in ${used} shards`];
  const failures = sum((shard) => shard.failures);
  if (failures > 0) parts.push(`${failures} calls failed`);
  for (const { breakers } of shards) {
    for (const [key, kind] of Object.entries(breakers)) if (kind !== "closed") parts.push(`${key} ${kind}`);
  }
  return parts.join(", ");
}
