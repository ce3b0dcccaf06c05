import { expect, test } from "vitest";
import type { ClusterStatus, WorkerStatus } from "../runtime/cluster-status.ts";
import { statusText } from "./status.ts";

const LINK = { peer: 1, up: true, breaker: "closed", reconnects: 0, resent: 0, repeats: 0 };

const SHARD = { open: 0, busy: 0, idle: 0, dialled: 0, reused: 0, closedIdle: 0, failures: 0, breakers: {} };

const statusOf = (links: WorkerStatus["links"], more: Partial<WorkerStatus> = {}): ClusterStatus => ({
  runId: "abc",
  scenario: "s",
  state: "running",
  window: 1,
  virtualTime: 2,
  events: 3,
  eventsPerSecond: 4,
  agents: 5,
  recoveries: [],
  workers: [
    {
      id: 0,
      name: "w",
      address: "h:1",
      state: "computing",
      window: 1,
      agents: 5,
      agentsMax: null,
      rssBytes: 0,
      memoryMaxBytes: null,
      effects: 0,
      effectsMax: 10_000,
      pending: 0,
      lagMs: 0,
      lastBeatMs: 0,
      stalledMs: 0,
      straggling: false,
      links,
      pool: [],
      ...more,
    },
  ],
});

test.each<[string, WorkerStatus["links"], RegExp]>([
  ["all stand", [LINK, { ...LINK, peer: 2 }], / 2\/2 +0 of 0 busy/],
  [
    "some broke",
    [
      { ...LINK, reconnects: 3, resent: 7 },
      { ...LINK, peer: 2, up: false, breaker: "open", reconnects: 1 },
    ],
    / 1\/2, reconnected 4 x, 7 frames resent, breaker of 2 open +0 of 0 busy/,
  ],
  ["there are none", [], / 0\/0 +0 of 0 busy/],
])("the table says how links are when %s", (_what, links, end) => {
  expect(statusText(statusOf(links)).trimEnd()).toMatch(end);
});

test.each<[string, Partial<WorkerStatus>, RegExp]>([
  ["no limits", {}, / computing +1 +5 +0 +0 of 10,000 +0 +0 +0 /],
  [
    "limits",
    { agentsMax: 100, memoryMaxBytes: 2 ** 30, rssBytes: 5e8, pending: 12_345, effects: 7, effectsMax: 8, lagMs: 3.4 },
    / 5 of 100 +12,345 +7 of 8 +477 of 1,024 +3 /,
  ],
  ["no progress", { straggling: true, stalledMs: 7_400 }, / computing, no progress for 7 s /],
  [
    "a pool",
    {
      pool: [
        { ...SHARD, open: 3, busy: 2, failures: 4, breakers: { "events a:1": "open", "control m:2": "closed" } },
        SHARD,
        { ...SHARD, open: 1, busy: 1 },
      ],
    },
    / 3 of 4 busy in 2 shards, 4 calls failed, events a:1 open$/,
  ],
])("the table shows what a worker with %s takes", (_what, more, row) => {
  expect(statusText(statusOf([], more)).trimEnd()).toMatch(row);
});
