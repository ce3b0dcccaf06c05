import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import type { Group } from "./group.ts";

/** Names of agents: unique, and never another agent's default name `type:index`. */
export class NameBook {
  readonly byIndex = new Map<number, string>();
  readonly #taken = new Set<string>();
  readonly #types: ReadonlySet<string>;

  constructor(types: readonly string[]) {
    this.#types = new Set(types);
  }

  /** Throws INVALID_SCENARIO when the agent cannot have it. */
  give(index: number, name: string): void {
    const reason = this.#refusal(index, name);
    if (reason !== undefined) {
      throw new MyriadError("INVALID_SCENARIO", `agent ${index} cannot be named ${JSON.stringify(name)}: ${reason}`);
    }
    this.#set(index, name);
  }

  /** Gives labels to the agents that have no name yet. A label that is taken or no valid name leaves the default. */
  offer(group: Group, labels: readonly string[]): void {
    const n = Math.min(group.length, labels.length);
    for (let i = 0; i < n; i++) {
      const index = group.first + i;
      if (!this.byIndex.has(index) && this.#refusal(index, labels[i]!) === undefined) this.#set(index, labels[i]!);
    }
  }

  #set(index: number, name: string): void {
    this.byIndex.set(index, name);
    this.#taken.add(name);
  }

  #refusal(index: number, name: string): string | undefined {
    if (typeof name !== "string" || !NAME_PATTERN.test(name)) return "it is not 1 to 128 characters of [A-Za-z0-9_.:-]";
    if (this.#taken.has(name)) return "another agent has this name";
    const colon = name.lastIndexOf(":");
    if (colon > 0 && this.#types.has(name.slice(0, colon)) && /^\d+$/.test(name.slice(colon + 1))) {
      if (name.slice(colon + 1) !== String(index)) return "it is the default name of another agent";
    }
    return undefined;
  }
}
