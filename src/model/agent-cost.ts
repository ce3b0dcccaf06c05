import { MyriadError } from "../base/error.ts";

/** What one agent of a type costs its worker, relative to others: a number, or a function of the agent's profile. */
export type AgentCost<P> = number | ((profile: P) => number);

const isCost = (value: unknown): value is number => typeof value === "number" && value > 0 && value < Infinity;

/** Throws INVALID_SCENARIO unless it is a function or a finite number above 0. */
export function checkAgentCost(type: string, cost: unknown): void {
  if (typeof cost === "function" || isCost(cost)) return;
  throw invalid(
    `agent "${type}": cost is ${shown(cost)}; it must be a finite number above 0, or a function of the profile`,
  );
}

/** What the agents of a population cost, in the order of their indices. Takes no room while all cost 1. */
export class CostList {
  #costs: Float64Array | null = null;

  /** Adds one agent, whose name is needed for what its cost function does wrong. Throws INVALID_SCENARIO. */
  add(index: number, cost: AgentCost<never>, type: string, profile: unknown): void {
    const value: unknown = typeof cost === "function" ? cost(profile as never) : cost;
    if (!isCost(value)) {
      throw invalid(`the cost of "${type}:${index}" is ${shown(value)}; it must be a finite number above 0`);
    }
    if (this.#costs === null && value === 1) return;
    if (this.#costs === null || index >= this.#costs.length) {
      const larger = new Float64Array(Math.max(1024, index + 1, 2 * (this.#costs?.length ?? 0))).fill(1);
      larger.set(this.#costs ?? []);
      this.#costs = larger;
    }
    this.#costs[index] = value;
  }

  /** null when all of `count` agents cost the same. */
  finish(count: number): Float64Array | null {
    if (this.#costs === null) return null;
    const costs = new Float64Array(count).fill(1);
    costs.set(this.#costs.subarray(0, count));
    return costs.every((cost) => cost === costs[0]) ? null : costs;
  }
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

const invalid = (what: string): MyriadError => new MyriadError("INVALID_SCENARIO", what);
