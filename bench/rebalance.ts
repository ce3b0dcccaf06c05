/**
 * Live migration by observed traffic, without processes: what the planner makes of sketches, against a fresh placement that knows all.
 *
 *   npx tsx bench/rebalance.ts [--graphs DIR] [--only TEXT] [--verbose]
 *
 * `groups`: agents write to members of their group, a tenth of the events to anyone; they are placed by that, then all groups are drawn anew.
 * `graph`: events run along the ties of a graph, agents begin where a hash puts them. Per case: agents that move while
 * traffic stays as it was; the remote share before, after the plans, and of the fresh placement, and the ratio of the last two; plans until three
 * in a row move nothing, agents moved over all agents, the dearest plan in processor time. `at once` compares, uncapped and from the same sketches,
 * the planner's goal with `repartition`, which goes from agent to agent. Last, what a row costs.
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { hashPlacement } from "../src/cluster/placement.ts";
import { idealPlacement, observedGraph, observedLoads } from "../src/cluster/rebalance-graph.ts";
import { Rebalancer } from "../src/cluster/rebalancer.ts";
import { TrafficSketch } from "../src/cluster/traffic-sketch.ts";
import { buildCsr } from "../src/placement/csr.ts";
import { partition } from "../src/placement/partition.ts";
import { repartition } from "../src/placement/repartition.ts";
import { Chance } from "../src/placement/shuffle.ts";
import {
  drawGroups,
  graphOfTraffic,
  groupTraffic,
  Observers,
  remoteShare,
  type Traffic,
  tieTraffic,
} from "./rebalance-traffic.ts";

const { values: flags } = parseArgs({
  options: {
    graphs: { type: "string", default: "../shared/graphs" },
    only: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
  },
});
/** Between two plans. */
const EVENTS_PER_AGENT = 5;
const OUTSIDE = 0.1;
const PLANS_MAX = 60;
/** Plans that move nothing, in a row, until we believe that it is over. */
const QUIET = 3;

/** A society: events of an agent between two plans, as many as asked for. */
interface Society {
  readonly agents: number;
  readonly parts: number;
  traffic(events: number): Traffic;
}

for (const agents of [10_000, 100_000]) {
  for (const parts of [2, 4, 8]) {
    for (const size of [20, 100, 1_000])
      run(`groups of ${size}, ${agents} agents, ${parts} parts`, () => reshuffled(agents, parts, size));
  }
}
const { load } = (await import(pathToFileURL(join(resolve(flags.graphs), "graph.mjs")).href)) as {
  load(name: string): { n: number; u: Uint32Array; v: Uint32Array };
};
for (const name of ["fb-ego", "ca-condmat", "email-enron", "lfr-1e5-mu3"]) {
  for (const parts of [2, 8]) run(`graph ${name}, ${parts} parts`, () => alongTies(name, parts));
}
run("cost of a row", rowCost);

function run(name: string, measure: () => string): void {
  if (name.includes(flags.only)) console.log(`${name}: ${measure()}`);
}

/** Agents are placed by their groups; then groups are drawn anew, and plans follow. */
function reshuffled(agents: number, parts: number, size: number): string {
  const chance = new Chance(5);
  const draw = (): Society => {
    const group = drawGroups(agents, agents / size, chance);
    return { agents, parts, traffic: (events) => groupTraffic(group, events, OUTSIDE, chance) };
  };
  const before = draw();
  const { placement } = freshOf(before);
  const stable = follow(before, placement);
  return `stable moves ${stable.moved} | ${measured(draw(), placement)}`;
}

function alongTies(name: string, parts: number): string {
  const chance = new Chance(5);
  const edges = load(name);
  const graph = buildCsr(edges.n, edges.u, edges.v);
  const society = { agents: edges.n, parts, traffic: (events: number) => tieTraffic(graph, events, chance) };
  const stable = follow(society, freshOf(society).placement);
  return `stable moves ${stable.moved} | ${measured(society, hashPlacement(edges.n, parts))}`;
}

function measured(society: Society, start: Uint16Array): string {
  const { full, placement: fresh } = freshOf(society);
  const { placement, plans, moved, planMsMax } = follow(society, start, full);
  const shares = [start, placement, fresh].map((each) => remoteShare(full, each));
  const ratio = (shares[1]! / shares[2]!).toFixed(2);
  return [
    `remote ${shares[0]!.toFixed(3)} -> ${shares[1]!.toFixed(3)}, fresh ${shares[2]!.toFixed(3)}: ${ratio}`,
    `${plans} plans move ${(moved / society.agents).toFixed(2)}, ${planMsMax.toFixed(0)} ms of processor time at most`,
    `at once ${atOnce(society, start, full)}`,
  ].join(" | ");
}

/** A placement made from four times as many events as plans see at a time, and these events. */
function freshOf({ agents, parts, traffic }: Society): { full: Traffic; placement: Uint16Array } {
  const full = traffic(4 * EVENTS_PER_AGENT * agents);
  return { full, placement: partition(graphOfTraffic(agents, full), parts).parts };
}

function follow({ agents, parts, traffic }: Society, first: Uint16Array, full?: Traffic) {
  const observers = new Observers(agents, parts);
  const rebalancer = new Rebalancer();
  const capacities = new Array<number>(parts).fill(1);
  const placement = first.slice();
  let [moved, plans, planMsMax] = [0, 0, 0];
  for (let quiet = 0; plans < PLANS_MAX && quiet < QUIET; plans++) {
    observers.note(traffic(EVENTS_PER_AGENT * agents), placement);
    const reports = observers.report(placement);
    const start = process.cpuUsage();
    const plan = rebalancer.plan({ placement: placement.slice(), reports, capacities });
    const used = process.cpuUsage(start);
    planMsMax = Math.max(planMsMax, (used.user + used.system) / 1000);
    for (let i = 0; i < plan.agents.length; i++) placement[plan.agents[i]!] = plan.to[i]!;
    moved += plan.agents.length;
    quiet = plan.agents.length === 0 ? quiet + 1 : 0;
    if (flags.verbose && full !== undefined) {
      const shares = [plan.savingInAll.share, remoteShare(full, placement), ...plan.imbalance];
      console.log(plans, plan.agents.length, plan.reasons.join(), ...shares.map((share) => share.toFixed(3)));
    }
  }
  return { placement, moved, plans, planMsMax };
}

/** Remote share by the goal of a first plan, and by `repartition`, from the same ties. */
function atOnce({ agents, parts, traffic }: Society, start: Uint16Array, full: Traffic): string {
  const observers = new Observers(agents, parts);
  observers.note(traffic(2 * EVENTS_PER_AGENT * agents), start);
  const reports = observers.report(start);
  const graph = observedGraph(agents, [reports], observedLoads(start, reports, 0.25, undefined));
  const limits = new Float64Array(parts).fill((1.03 * graph.totalLoad) / parts);
  const goal = idealPlacement(graph, start, limits, 0.1);
  const near = repartition(graph, start, parts).parts;
  return `goal ${goal === null ? "none" : remoteShare(full, goal).toFixed(3)}, repartition ${remoteShare(full, near).toFixed(3)}`;
}

function rowCost(): string {
  const chance = new Chance(7);
  const rows = 4_000_000;
  const cells = [1, 8].map((every) => {
    const near = groupTraffic(drawGroups(100_000, 1_000, chance), rows, OUTSIDE, chance);
    const sketch = new TrafficSketch({ part: 0, parts: 2, every });
    const startMs = performance.now();
    sketch.noteRows(near.from, near.to, rows);
    return `every ${every}: ${(((performance.now() - startMs) * 1e6) / rows).toFixed(1)} ns`;
  });
  return cells.join(", ");
}
