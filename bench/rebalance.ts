/**
 * Live migration by observed traffic, without processes: how much of a fresh placement's gain the planner recovers from sketches, and how fast.
 *
 *   npx tsx bench/rebalance.ts [--rounds N] [--capacity N] [--home X]
 */
import { parseArgs } from "node:util";
import { planMoves, type RebalancePlan } from "../src/cluster/rebalance.ts";
import { partition } from "../src/placement/partition.ts";
import { Chance } from "../src/placement/shuffle.ts";
import { drawGroups, graphOfTraffic, groupTraffic, Observers, remoteShare } from "./rebalance-traffic.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "40" },
    capacity: { type: "string", default: "32768" },
    home: { type: "string", default: "0.1" },
    only: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
  },
});
const EVENTS_PER_AGENT = 5;
const OUTSIDE = 0.1;

for (const agents of [10_000, 100_000]) {
  for (const parts of [2, 4, 8]) {
    for (const size of [20, 100, 1_000]) {
      const name = `${agents} ${parts} ${size}`;
      if (name.includes(flags.only)) console.log(name, reshuffled(agents, parts, agents / size));
    }
  }
}

/** Groups are drawn, agents placed by them; then groups are drawn anew, and plans follow. */
function reshuffled(agents: number, parts: number, groups: number): string {
  const chance = new Chance(5);
  const events = EVENTS_PER_AGENT * agents;
  const before = drawGroups(agents, groups, chance);
  const first = groupTraffic(before, events, OUTSIDE, chance);
  let placement = partition(graphOfTraffic(agents, first), parts).parts;
  const observers = new Observers(agents, parts, Number(flags.capacity));
  const options = { home: Number(flags.home) };
  const capacities = new Array<number>(parts).fill(1);
  observers.note(first, placement);
  const stable = planMoves({ placement, reports: observers.report(placement), capacities, options });
  const after = drawGroups(agents, groups, chance);
  const full = groupTraffic(after, 4 * events, OUTSIDE, chance);
  const fresh = remoteShare(full, partition(graphOfTraffic(agents, full), parts).parts);
  const start = remoteShare(full, placement);
  let goal: Uint16Array | null = null;
  let moved = 0;
  let ms = 0;
  let round = 0;
  let quiet = 0;
  for (; round < Number(flags.rounds) && quiet < 3; round++) {
    observers.note(groupTraffic(after, events, OUTSIDE, chance), placement);
    const reports = observers.report(placement);
    const startMs = performance.now();
    const plan: RebalancePlan = planMoves({ placement, reports, capacities, options, goal });
    goal = plan.goal;
    ms = Math.max(ms, performance.now() - startMs);
    placement = placement.slice();
    for (let i = 0; i < plan.agents.length; i++) placement[plan.agents[i]!] = plan.to[i]!;
    moved += plan.agents.length;
    quiet = plan.agents.length === 0 ? quiet + 1 : 0;
    if (flags.verbose) console.log(round, plan.agents.length, plan.reasons.join(), plan.savingInAll.share.toFixed(3), remoteShare(full, placement).toFixed(3), plan.imbalance.map(x=>x.toFixed(3)).join(), ms.toFixed(0));
  }
  const end = remoteShare(full, placement);
  return [
    `stable ${stable.agents.length}`,
    `remote ${start.toFixed(3)} -> ${end.toFixed(3)}, fresh ${fresh.toFixed(3)}: ${(end / fresh).toFixed(2)}`,
    `rounds ${round}, moved ${(moved / agents).toFixed(2)}, plan ${ms.toFixed(0)} ms`,
  ].join(" | ");
}
