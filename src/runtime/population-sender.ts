import { CHUNK_BYTES } from "../base/limits.ts";
import type { Population, RelationTies } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import { EventBatch } from "../wire/event-batch.ts";
import { encodeFrames } from "../wire/frame.ts";
import type { AgentChunk, EventChunk, RelationChunk } from "../wire/gen/myriad/v1/bulk.ts";
import { asBytes, checkMessageBytes } from "./chunks.ts";
import type { PartLink } from "./part-link.ts";
import type { BulkToWorker } from "./worker-link.ts";

const PLACEMENT_ROWS = CHUNK_BYTES / 2;
const TIE_ROWS = CHUNK_BYTES / 16;
const EVENT_ROWS = 8_192;
/** Bytes of an agent's row beside its profile. */
const AGENT_ROW_BYTES = 10;

/** What a population is sent from. */
export interface PopulationSource {
  readonly program: Program;
  readonly population: Population;
  readonly placement: Uint16Array;
}

/** Sends a part, which has its setup, its share of the population, as fast as it takes it. */
export async function sendPopulation(link: PartLink, source: PopulationSource): Promise<void> {
  const bulk = await link.bulk;
  let chunks = 0;
  for (const message of populationMessages(source, link.part)) {
    await bulk.sendPaced({ message });
    chunks++;
  }
  bulk.send({ message: { $case: "populationEnd", value: { chunks } } });
}

/**
 * All that a worker needs to know of the population, in messages of about 1 MiB: the placement of all agents, its own
 * agents with profiles and names, the ties with an end there, the first events of its agents. Made one at a time, so
 * that a slow worker holds no more than a message or two in the master's memory.
 */
export function* populationMessages(source: PopulationSource, worker: number): Generator<BulkToWorker> {
  const { program, population, placement } = source;
  for (let first = 0; first < placement.length; first += PLACEMENT_ROWS) {
    const workers = asBytes(placement.subarray(first, first + PLACEMENT_ROWS));
    yield { $case: "placement", value: { first, workers } };
  }
  for (const value of agentChunks(population, placement, worker)) yield { $case: "agents", value };
  for (const [relation, ties] of population.relations.entries()) {
    for (const value of relationChunks(relation, ties, placement, worker)) yield { $case: "relation", value };
  }
  for (const value of eventChunks(program, population.events, placement, worker)) yield { $case: "events", value };
}

function* agentChunks(population: Population, placement: Uint16Array, worker: number): Generator<AgentChunk> {
  const { profiles } = population;
  let ids: number[] = [];
  let bytes = 0;
  for (let index = 0; index < population.count; index++) {
    if (placement[index] !== worker) continue;
    const more = AGENT_ROW_BYTES + profiles.sizeOf(index) + (population.names.get(index)?.length ?? 0) * 3;
    if (ids.length > 0 && bytes + more > CHUNK_BYTES) {
      yield agentChunk(population, ids);
      ids = [];
      bytes = 0;
    }
    checkMessageBytes(more, `the profile of agent ${index}`);
    ids.push(index);
    bytes += more;
  }
  if (ids.length > 0) yield agentChunk(population, ids);
}

function agentChunk(population: Population, ids: readonly number[]): AgentChunk {
  const { profiles, typeOf, names } = population;
  const types = Uint16Array.from(ids, (index) => typeOf[index]!);
  const offsets = new Uint32Array(ids.length + 1);
  for (const [i, index] of ids.entries()) offsets[i + 1] = offsets[i]! + profiles.sizeOf(index);
  const joined = new Uint8Array(offsets[ids.length]!);
  for (const [i, index] of ids.entries()) joined.set(profiles.get(index), offsets[i]);
  const named = names.size === 0 ? [] : ids.filter((index) => names.has(index));
  return {
    ids: asBytes(Uint32Array.from(ids)),
    types: asBytes(types),
    offsets: asBytes(offsets),
    profiles: joined,
    names: named.map((index) => names.get(index)!),
    nameIds: asBytes(Uint32Array.from(named)),
  };
}

/** At least one chunk, also where the worker has no ties yet: it must learn of the relation's direction. */
function* relationChunks(
  relation: number,
  ties: RelationTies,
  placement: Uint16Array,
  worker: number,
): Generator<RelationChunk> {
  const { directed, source, target, weight } = ties;
  const rows = new Uint32Array(Math.min(TIE_ROWS, source.length));
  let count = 0;
  const chunk = (): RelationChunk => {
    const taken = rows.subarray(0, count);
    count = 0;
    return {
      relation,
      directed,
      source: asBytes(Uint32Array.from(taken, (row) => source[row]!)),
      target: asBytes(Uint32Array.from(taken, (row) => target[row]!)),
      weight: weight === null ? new Uint8Array(0) : asBytes(Float64Array.from(taken, (row) => weight[row]!)),
    };
  };
  let sent = false;
  for (let row = 0; row < source.length; row++) {
    if (placement[source[row]!] !== worker && placement[target[row]!] !== worker) continue;
    rows[count++] = row;
    if (count < TIE_ROWS) continue;
    sent = true;
    yield chunk();
  }
  if (count > 0 || !sent) yield chunk();
}

function* eventChunks(
  program: Program,
  events: EventBatch,
  placement: Uint16Array,
  worker: number,
): Generator<EventChunk> {
  let batch = new EventBatch();
  for (let row = 0; row < events.count; row++) {
    if (placement[events.to[row]!] !== worker) continue;
    const copy = batch.push(events.time[row]!, events.to[row]!, events.from[row]!, events.seq[row]!, events.meta[row]!);
    batch.offset[copy] = events.offset[row]!;
    if (batch.count < EVENT_ROWS) continue;
    yield* eventFrames(program, events, batch);
    batch = new EventBatch();
  }
  if (batch.count > 0) yield* eventFrames(program, events, batch);
}

/** `batch` has rows only; their payloads are those of `events`. */
function* eventFrames(program: Program, events: EventBatch, batch: EventBatch): Generator<EventChunk> {
  batch.words = events.words;
  batch.wordCount = events.wordCount;
  batch.refs = events.refs;
  const stamp = { run: 0, epoch: 0, window: 0, sender: 0, frameSeq: 0 };
  for (const frame of encodeFrames(stamp, batch, program.codecs, null)) {
    checkMessageBytes(frame.length, "the first events of some agents");
    yield { frame };
  }
}
