import { MyriadError } from "../base/error.ts";

/** Agents spawned together: consecutive indices. */
export class Group {
  /** Index of the first agent. */
  readonly first: number;
  readonly length: number;
  /** Name of the agents' type. */
  readonly type: string;

  constructor(type: string, first: number, length: number) {
    this.type = type;
    this.first = first;
    this.length = length;
  }

  /** Index of the i-th agent. Throws INVALID_SCENARIO outside 0 to length - 1. */
  at(i: number): number {
    if (Number.isInteger(i) && i >= 0 && i < this.length) return this.first + i;
    const range = this.length === 0 ? "the group is empty" : `the group has 0 to ${this.length - 1}`;
    throw new MyriadError("INVALID_SCENARIO", `group of "${this.type}": there is no agent ${String(i)}; ${range}`);
  }

  /** All indices, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.length; i++) yield this.first + i;
  }
}
