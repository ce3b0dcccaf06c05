import { expect, test } from "vitest";
import type { ClusterStatus, WorkerStatus } from "../runtime/cluster-status.ts";
import { statusText } from "./status.ts";

const LINK = { peer: 1, up: true, breaker: "closed", reconnects: 0, resent: 0, repeats: 0 };

const statusOf = (links: WorkerStatus["links"]): ClusterStatus => ({
  runId: "abc",
  scenario: "s",
  state: "running",
  window: 1,
  virtualTime: 2,
  events: 3,
  eventsPerSecond: 4,
  agents: 5,
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
      links,
      pool: [],
    },
  ],
});

test.each<[string, WorkerStatus["links"], RegExp]>([
  ["all stand", [LINK, { ...LINK, peer: 2 }], / 2\/2$/],
  [
    "some broke",
    [
      { ...LINK, reconnects: 3, resent: 7 },
      { ...LINK, peer: 2, up: false, breaker: "open", reconnects: 1 },
    ],
    / 1\/2, reconnected 4 x, 7 frames resent, breaker of 2 open$/,
  ],
  ["there are none", [], / 0\/0$/],
])("the table says how links are when %s", (_what, links, end) => {
  expect(statusText(statusOf(links)).trimEnd()).toMatch(end);
});
