import type { Placement } from "./placement.ts";
import { planMoves, type RebalanceInput, type RebalancePlan } from "./rebalance.ts";
import type { TrafficReport } from "./traffic-report.ts";

/** Past reports are kept while they and the newest have no more ties than this for each agent: enough to tell communities apart. */
const TIES_PER_AGENT = 8;
/** Older than so many plans, what agents did says little of what they do. */
const PAST_MAX = 8;

/**
 * The planner with its memory, at the master: where the last plan was leading, and what earlier reports said of ties, for a report has room for few ties an agent where
 * there are many. Losing it costs some plans' quality for a while, and nothing else.
 */
export class Rebalancer {
  #goal: Placement | null = null;
  /** The newest first. */
  #past: (readonly TrafficReport[])[] = [];

  plan(input: Omit<RebalanceInput, "goal" | "past">): RebalancePlan {
    const plan = planMoves({ ...input, goal: this.#goal, past: this.#past });
    this.#goal = plan.goal;
    this.#remember(input.reports, input.placement.length);
    return plan;
  }

  #remember(reports: readonly TrafficReport[], agents: number): void {
    const kept: (readonly TrafficReport[])[] = [];
    let ties = 0;
    for (const each of [reports, ...this.#past]) {
      ties += each.reduce((sum, { low }) => sum + low.length, 0);
      if (kept.length === PAST_MAX || ties > TIES_PER_AGENT * agents) break;
      kept.push(each);
    }
    this.#past = kept;
  }
}
