import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MyriadError } from "../base/error.ts";
import { AGENTS_MAX, COUNTER_MAX, NOBODY, WINDOWS_MAX } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import { SeededStream } from "../base/random.ts";
import type { DataReader } from "../store/data-file.ts";
import { EventBatch, FLAG_NONE, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import { encodePlain } from "../wire/plain-codec.ts";
import type { AgentType } from "./agent.ts";
import { CostList } from "./agent-cost.ts";
import type { ModelLike, ParamsOf, RelationOf } from "./context.ts";
import { EdgeList, type Pair } from "./edges.ts";
import { parseEdges } from "./edges-file.ts";
import { type EventType, FIRST_USER_EVENT } from "./event.ts";
import { Group } from "./group.ts";
import { NameBook } from "./names.ts";
import { BlobList, type Population } from "./population.ts";
import type { Program } from "./program.ts";
import { TieList } from "./ties.ts";

/** The profiles of agents spawned together, by number in the group; may be left out when the type's profile may be undefined. */
export type ProfilesArgs<P> = undefined extends P
  ? [profile?: (i: number) => P, options?: SpawnOptions]
  : [profile: (i: number) => P, options?: SpawnOptions];

export interface SpawnOptions {
  /** Names by number in the group; default `type:index`. Unique, at most 128 characters of `[A-Za-z0-9_.:-]`. */
  readonly name?: (i: number) => string;
}

export interface RelateOptions {
  /** Ties lead from source to target only. Default false. Alike in all calls for one relation. */
  readonly directed?: boolean;
  /** One for each edge; default those of the edges, or 1. */
  readonly weights?: ArrayLike<number>;
}

export interface StartOptions {
  /** Virtual time of arrival, 0 or more. Default 0. */
  readonly time?: number;
  /** The same, said as handlers say it: the world is populated at time 0. */
  readonly delay?: number;
}

/** What `populate` fills: the agents, ties and first events of a run. Everything wrong throws INVALID_SCENARIO. */
export class World<M extends ModelLike = ModelLike> {
  readonly params: ParamsOf<M>;
  readonly #program: Program;
  readonly #reader: DataReader;
  readonly #stream: SeededStream;
  readonly #profiles = new BlobList();
  readonly #costs = new CostList();
  readonly #names: NameBook;
  readonly #ties: readonly TieList[];
  readonly #events = new EventBatch();
  readonly #dataFiles = new Set<string>();
  #typeOf = new Uint16Array(1024);
  #count = 0;
  #finished = false;

  constructor(program: Program, reader: DataReader) {
    this.params = program.params as ParamsOf<M>;
    this.#program = program;
    this.#reader = reader;
    this.#stream = new SeededStream(program.seed);
    this.#names = new NameBook(program.types.map((type) => type.name));
    this.#ties = program.relations.map(() => new TieList());
  }

  /** Uniform in [0, 1), from the run's seed. */
  random(): number {
    return this.#stream.uniform();
  }

  /** Uniform integer of 0 to n - 1, from the run's seed. */
  randomInt(n: number): number {
    return this.#stream.integer(n);
  }

  /** Makes `n` agents of a type. */
  spawn<P>(type: AgentType<unknown, P>, n: number, ...rest: ProfilesArgs<NoInfer<P>>): Group {
    this.#open();
    const [profile, options] = rest;
    const id = this.#program.typeIds.get(type as AgentType);
    if (id === undefined) throw invalid(`spawn: agent "${type.name}" is not in the scenario's agents`);
    if (!Number.isInteger(n) || n < 0) throw invalid(`spawn "${type.name}": ${String(n)} is not a number of agents`);
    if (this.#count + n > AGENTS_MAX)
      throw invalid(`spawn "${type.name}": ${this.#count + n} agents; at most ${AGENTS_MAX}`);
    const group = new Group(type.name, this.#count, n);
    this.#reserve(n);
    this.#typeOf.fill(id, group.first, group.first + n);
    for (let i = 0; i < n; i++) {
      const value = profile?.(i);
      if (value === undefined) this.#profiles.pushEmpty();
      else this.#profiles.push(encodeProfile(value, type.name, group.first + i));
      if (type.agentCost !== 1) this.#costs.add(group.first + i, type.agentCost as never, type.name, value);
    }
    this.#count += n;
    if (options?.name !== undefined) for (let i = 0; i < n; i++) this.#names.give(group.first + i, options.name(i));
    return group;
  }

  /** Ties agents of one group, or agents of one to agents of another; edges count nodes within the groups. */
  relate(relation: RelationOf<M>, group: Group, edges: EdgeList | Iterable<Pair>, options?: RelateOptions): void;
  relate(
    relation: RelationOf<M>,
    from: Group,
    to: Group,
    edges: EdgeList | Iterable<Pair>,
    options?: RelateOptions,
  ): void;
  relate(relation: string, from: Group, ...rest: readonly unknown[]): void {
    this.#open();
    const [to, given, options] = (rest[0] instanceof Group ? rest : [from, ...rest]) as [
      Group,
      unknown,
      RelateOptions?,
    ];
    const id = this.#program.relationIds.get(relation);
    if (id === undefined) throw invalid(`relate: ${unknownName("relation", relation, this.#program.relations)}`);
    if (!(from instanceof Group))
      throw invalid(`relate "${relation}": the second argument is not a group made by spawn`);
    const edges = given instanceof EdgeList ? given : EdgeList.from(given as Iterable<Pair>);
    checkRange(relation, edges, from, to);
    const weights = options?.weights ?? edges.weight;
    if (weights !== null) checkWeights(relation, weights, edges.edgeCount);
    this.#addTies(relation, this.#ties[id]!, edges, from, to, weights, options?.directed);
    if (edges.labels !== null) {
      for (const group of new Set([from, to])) this.#names.offer(group, edges.labels);
    }
  }

  /** An event from nobody, to be handled at `time`. */
  send<E>(to: number, event: EventType<E>, payload: NoInfer<E>, options: StartOptions = {}): void {
    this.#open();
    const time = options.time ?? options.delay ?? 0;
    const type = this.#program.eventIds[event?.ordinal];
    if (type === undefined || type < FIRST_USER_EVENT || this.#program.events[type] !== event) {
      throw invalid(`send: event "${event?.name}" is not one that this scenario's agents handle`);
    }
    if (!Number.isInteger(to) || to < 0 || to >= this.#count) {
      throw invalid(`send "${event.name}": there is no agent ${String(to)}; ${this.#count} were spawned so far`);
    }
    const typeId = this.#typeOf[to]!;
    if (this.#program.handlers[typeId]![type] === undefined) {
      throw invalid(`send "${event.name}": agent "${this.#program.types[typeId]!.name}" has no handler for it`);
    }
    if (!(Number.isFinite(time) && time >= 0)) {
      throw invalid(`send "${event.name}": time ${String(time)} is not a number of 0 or more`);
    }
    const { lookahead } = this.#program;
    if (time >= WINDOWS_MAX * lookahead) {
      throw invalid(
        `send "${event.name}": time ${time} is not below ${WINDOWS_MAX * lookahead} (lookahead ${lookahead})`,
      );
    }
    const seq = this.#events.count;
    if (seq > COUNTER_MAX) throw invalid(`send: more than ${COUNTER_MAX} first events`);
    this.#events.push(time + 0, to, NOBODY, seq, packMeta(PHASE_EVENT, 0, FLAG_NONE, type));
    try {
      event.codec.write(this.#events, payload as Record<string, unknown>);
    } catch (reason) {
      throw before("send", reason);
    }
  }

  /**
   * Reads a list of ties: csv or whitespace pairs, a third column is the weight, `#` and `%` begin comments, gzip is
   * unpacked. The path counts from the scenario's folder. All-integer labels number the nodes in ascending order, others in order
   * of first appearance. Throws INVALID_DATA naming file and line.
   */
  async readEdges(path: string): Promise<EdgeList> {
    return parseEdges(await this.#read(path), path);
  }

  /** Reads a text file (UTF-8, gzip is unpacked); the path counts from the scenario's folder. Throws INVALID_DATA. */
  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.#read(path));
  }

  /** What was filled in. The world is closed after. */
  finish(): Population {
    this.#open();
    this.#finished = true;
    return {
      count: this.#count,
      typeOf: this.#typeOf,
      names: this.#names.byIndex,
      profiles: this.#profiles,
      costs: this.#costs.finish(this.#count),
      relations: this.#ties.map((ties) => ties.finish(this.#count)),
      events: this.#events,
      dataFiles: [...this.#dataFiles].sort(),
    };
  }

  #addTies(
    relation: string,
    ties: TieList,
    edges: EdgeList,
    from: Group,
    to: Group,
    weights: ArrayLike<number> | null,
    directed: boolean | undefined,
  ): void {
    if (directed !== undefined && ties.directed !== undefined && directed !== ties.directed) {
      throw invalid(`relate "${relation}": directed ${directed} here, ${ties.directed} in an earlier call`);
    }
    ties.directed ??= directed ?? false;
    if (weights !== null) ties.useWeights();
    ties.reserve(edges.edgeCount);
    const { source, target } = edges;
    for (let i = 0; i < source.length; i++) {
      ties.add(from.first + source[i]!, to.first + target[i]!, weights === null ? 1 : weights[i]!);
    }
  }

  async #read(path: string): Promise<Uint8Array> {
    this.#open();
    const { file } = this.#program.scenario;
    if (!isAbsolute(path) && file === undefined) {
      throw new MyriadError("INVALID_DATA", `${path}: the scenario's folder is not known; give an absolute path`);
    }
    const absolute = isAbsolute(path) ? path : resolve(dirname(fileURLToPath(file!)), path);
    const bytes = await this.#reader.read(absolute, path);
    this.#dataFiles.add(absolute);
    return bytes;
  }

  #reserve(n: number): void {
    const needed = this.#count + n;
    if (needed <= this.#typeOf.length) return;
    const larger = new Uint16Array(Math.max(needed, this.#typeOf.length * 2));
    larger.set(this.#typeOf);
    this.#typeOf = larger;
  }

  #open(): void {
    if (this.#finished) throw invalid("populate has ended: is an await missing in it?");
  }
}

function encodeProfile(profile: unknown, type: string, index: number): Uint8Array {
  try {
    return encodePlain(snapshot(profile, "profile"));
  } catch (reason) {
    throw before(`spawn "${type}:${index}"`, reason);
  }
}

function checkRange(relation: string, edges: EdgeList, from: Group, to: Group): void {
  if (from === to && edges.nodeCount > from.length) {
    throw invalid(
      `relate "${relation}": the edges have ${edges.nodeCount} nodes, the group of "${from.type}" has ${from.length} agents`,
    );
  }
  for (const [column, group] of [
    [edges.source, from],
    [edges.target, to],
  ] as const) {
    for (let i = 0; i < column.length; i++) {
      if (column[i]! < group.length) continue;
      throw invalid(
        `relate "${relation}": edge ${i} has node ${column[i]}, the group of "${group.type}" has ${group.length} agents`,
      );
    }
  }
}

function checkWeights(relation: string, weights: ArrayLike<number>, edges: number): void {
  if (weights.length !== edges) throw invalid(`relate "${relation}": ${weights.length} weights for ${edges} edges`);
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i]))
      throw invalid(`relate "${relation}": weight ${i} is ${String(weights[i])}, not a finite number`);
  }
}

const unknownName = (what: string, name: string, known: readonly string[]): string =>
  `no ${what} is named ${JSON.stringify(name)}; ${known.length === 0 ? "the model has none" : `known are ${known.join(", ")}`}`;

const invalid = (what: string): MyriadError => new MyriadError("INVALID_SCENARIO", what);

/** What code shared with handlers throws, as the usage error that it is before a run. */
const before = (where: string, reason: unknown): MyriadError => {
  const message = reason instanceof Error ? reason.message.replace(/^[A-Z_]+: /, "") : String(reason);
  return new MyriadError("INVALID_SCENARIO", `${where}: ${message}`, { cause: reason });
};
