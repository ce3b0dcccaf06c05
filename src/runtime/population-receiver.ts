import { MyriadError } from "../base/error.ts";
import type { Engine } from "../engine/engine.ts";
import { EventBatch } from "../wire/event-batch.ts";
import { decodeEvents, verifyChecksum } from "../wire/frame.ts";
import type { AgentChunk, EventChunk, PlacementChunk, RelationChunk } from "../wire/gen/myriad/v1/bulk.ts";
import { asF64, asU16, asU32 } from "./chunks.ts";
import type { BulkToWorker } from "./worker-link.ts";

/** What the worker's engine is filled through. */
export type LoadableEngine = Pick<
  Engine,
  "program" | "setPlacement" | "loadAgents" | "loadRelation" | "loadEvents" | "open"
>;

/** The worker's half of `populationMessages`: fills the engine, message by message. */
export class PopulationReceiver {
  readonly #engine: LoadableEngine;
  readonly #placement: Uint16Array;
  #placed = 0;
  #chunks = 0;

  /** `agents`: size of the whole population. */
  constructor(engine: LoadableEngine, agents: number) {
    this.#engine = engine;
    this.#placement = new Uint16Array(agents);
    if (agents === 0) engine.setPlacement(this.#placement);
  }

  /** Takes one message of the series; false when it is none of them. */
  accept(message: BulkToWorker): boolean {
    if (message.$case === "placement") this.#acceptPlacement(message.value);
    else if (message.$case === "agents") this.#acceptAgents(message.value);
    else if (message.$case === "relation") this.#acceptRelation(message.value);
    else if (message.$case === "events") this.#acceptEvents(message.value);
    else return false;
    this.#chunks++;
    return true;
  }

  /** All has come. Throws PROTOCOL when something is missing. */
  finish(chunks: number): void {
    if (this.#chunks !== chunks) throw new MyriadError("PROTOCOL", `${this.#chunks} of ${chunks} chunks have come`);
    if (this.#placed !== this.#placement.length) {
      throw new MyriadError("PROTOCOL", `${this.#placed} of ${this.#placement.length} agents have been placed`);
    }
    this.#engine.open();
  }

  #acceptPlacement(chunk: PlacementChunk): void {
    if (chunk.first !== this.#placed) {
      throw new MyriadError("PROTOCOL", `placement from ${chunk.first} on; ${this.#placed} is next`);
    }
    const workers = asU16(chunk.workers);
    this.#placement.set(workers, chunk.first);
    this.#placed += workers.length;
    if (this.#placed === this.#placement.length) this.#engine.setPlacement(this.#placement);
  }

  #acceptAgents(chunk: AgentChunk): void {
    const ids = asU32(chunk.ids);
    const offsets = asU32(chunk.offsets);
    const profiles = { get: (i: number) => chunk.profiles.subarray(offsets[i]!, offsets[i + 1]!) };
    this.#engine.loadAgents(ids[0]!, asU16(chunk.types), namesOf(chunk, ids), profiles, ids);
  }

  #acceptRelation(chunk: RelationChunk): void {
    const weight = chunk.weight.length === 0 ? null : asF64(chunk.weight);
    this.#engine.loadRelation(chunk.relation, chunk.directed, asU32(chunk.source), asU32(chunk.target), weight);
  }

  #acceptEvents(chunk: EventChunk): void {
    verifyChecksum(chunk.frame);
    const batch = new EventBatch();
    decodeEvents(chunk.frame, this.#engine.program.codecs, () => batch);
    this.#engine.loadEvents(batch);
  }
}

/** Names by row of the chunk; both lists of indices ascend. */
function namesOf(chunk: AgentChunk, ids: Uint32Array): (string | undefined)[] | null {
  if (chunk.names.length === 0) return null;
  const named = asU32(chunk.nameIds);
  const names = new Array<string | undefined>(ids.length).fill(undefined);
  for (let i = 0, n = 0; i < ids.length && n < named.length; i++) {
    if (ids[i] === named[n]) names[i] = chunk.names[n++];
  }
  return names;
}
