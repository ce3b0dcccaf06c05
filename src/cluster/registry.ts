import { MyriadError } from "../base/error.ts";
import { AGENTS_MAX } from "../base/limits.ts";
import { NameTable } from "./name-table.ts";

/** Where an agent lives. */
export interface Location {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly worker: number;
}

/**
 * The master's table of all agents: 4 bytes for each, and its name where that is not the default `type:index`,
 * which is computed. A million agents take 4 MB without names of their own, some 40 MB more with them.
 */
export class Registry {
  readonly #types: readonly string[];
  readonly #names = new NameTable();
  #typeOf: Uint16Array;
  #placement: Uint16Array;
  #count: number;
  /** Agents by worker id. */
  readonly #hosted: number[] = [];

  /** `typeOf` and `placement` by index; they may be longer than `count`. */
  constructor(types: readonly string[], typeOf: Uint16Array, placement: Uint16Array, count: number) {
    this.#types = types;
    this.#typeOf = typeOf;
    this.#placement = placement;
    this.#count = count;
    this.#countHosted(placement.subarray(0, count));
  }

  /** Agents known: indices are 0 to count - 1. */
  get count(): number {
    return this.#count;
  }

  /** The worker of every agent, by index: a view, until the next births. */
  get placement(): Uint16Array {
    return this.#placement.subarray(0, this.#count);
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#typeOf.byteLength + this.#placement.byteLength + this.#names.byteLength;
  }

  setNames(names: Iterable<readonly [number, string]>): void {
    for (const [index, name] of names) this.#names.add(index, name);
  }

  /** Agents born while running, with the next indices. */
  addBirths(types: ArrayLike<number>, workers: ArrayLike<number>): void {
    const count = this.#count + types.length;
    if (count > AGENTS_MAX) throw new MyriadError("LIMIT", `agents: ${count} would live; at most ${AGENTS_MAX}`);
    this.#typeOf = withRoom(this.#typeOf, count);
    this.#placement = withRoom(this.#placement, count);
    this.#typeOf.set(types, this.#count);
    this.#placement.set(workers, this.#count);
    this.#count = count;
    this.#countHosted(workers);
  }

  /** Agents that a worker hosts, retired ones included. */
  agentsOf(worker: number): number {
    return this.#hosted[worker] ?? 0;
  }

  nameOf(index: number): string {
    return this.#names.nameOf(index) ?? `${this.#types[this.#typeOf[index]!]}:${index}`;
  }

  workerOf(index: number): number {
    return this.#placement[index]!;
  }

  /** Finds an agent by its name (its own goes before a default one that reads the same) or by its index in digits. */
  locate(agent: string): Location | undefined {
    const index = this.#names.agentOf(agent) ?? this.#indexOf(agent);
    if (index === undefined || index >= this.#count) return undefined;
    const type = this.#types[this.#typeOf[index]!]!;
    return { index, name: this.nameOf(index), type, worker: this.#placement[index]! };
  }

  #countHosted(workers: ArrayLike<number>): void {
    for (let i = 0; i < workers.length; i++) this.#hosted[workers[i]!] = this.agentsOf(workers[i]!) + 1;
  }

  #indexOf(agent: string): number | undefined {
    const colon = agent.lastIndexOf(":");
    const digits = agent.slice(colon + 1);
    if (!/^(0|[1-9][0-9]{0,9})$/.test(digits)) return undefined;
    const index = Number(digits);
    if (colon < 0) return index;
    return index < this.#count && this.nameOf(index) === agent ? index : undefined;
  }
}

function withRoom(column: Uint16Array, length: number): Uint16Array {
  if (length <= column.length) return column;
  const larger = new Uint16Array(Math.max(length, Math.ceil(column.length * 1.5)));
  larger.set(column);
  return larger;
}
