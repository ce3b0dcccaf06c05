import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES } from "../base/limits.ts";
import { verifyChecksum } from "../wire/frame.ts";
import type { Spillable, SpillBudget } from "./spill-budget.ts";
import { SpillFile, type SpillPlace } from "./spill-file.ts";

/** Places at the front that are free are given back when there are so many. */
const FREE_MAX = 1024;
const NONE = new Uint8Array(0);

/** Frames that are, or are becoming, one piece on disk. */
interface Chunk {
  /** Number of the first frame. */
  readonly first: number;
  readonly lengths: Uint32Array;
  readonly bytes: number;
  /** Until it is written. */
  frames: readonly Uint8Array[] | undefined;
  place: SpillPlace | undefined;
  dropped: boolean;
}

const endOf = ({ first, lengths }: Chunk): number => first + lengths.length;

/**
 * Frames in their order, numbered from 0: added at the end, dropped at the front. Past the memory of the budget, which
 * others share, the oldest are on disk, and are there again after `load`.
 */
export class SpillQueue implements Spillable {
  readonly whose: string;
  readonly #budget: SpillBudget;
  /** The frames of numbers below `#tailFirst` that are kept, oldest first. */
  #chunks: Chunk[] = [];
  #tail: Uint8Array[] = [];
  /** Of the tail: number of its first place, and the first place that is not free. */
  #tailFirst = 0;
  #head = 0;
  #tailBytes = 0;
  #writing: Chunk | undefined;
  #onDisk = 0;
  #file: SpillFile | undefined;
  /** The chunk that was read back last. */
  #loaded: { readonly chunk: Chunk; readonly frames: readonly Uint8Array[] } | undefined;

  /** `whose`: what waits here, for messages that begin with a number of bytes: "wait for worker 1". */
  constructor(budget: SpillBudget, whose: string) {
    this.#budget = budget;
    this.whose = whose;
    budget.join(this);
  }

  /** Number that the next frame gets. */
  get end(): number {
    return this.#tailFirst + this.#tail.length;
  }

  get memoryBytes(): number {
    return this.#tailBytes + (this.#writing?.bytes ?? 0);
  }

  get diskBytes(): number {
    return this.#onDisk;
  }

  get idleBytes(): number {
    return this.#writing === undefined ? this.#tailBytes : 0;
  }

  /** Adds a frame. Throws LIMIT past what may be on disk, SPILL_FAILED when the disk cannot be written to. */
  push(frame: Uint8Array): void {
    this.#tail.push(frame);
    this.#tailBytes += frame.length;
    this.#budget.take(frame.length);
  }

  /** The frame of the number, which is kept; undefined: it has to be loaded first. */
  at(number: number): Uint8Array | undefined {
    if (number >= this.#tailFirst) return this.#tail[number - this.#tailFirst];
    const chunk = this.#chunkOf(number);
    const frames = chunk.frames ?? (this.#loaded?.chunk === chunk ? this.#loaded.frames : undefined);
    return frames?.[number - chunk.first];
  }

  /** Reads back the frame of the number and those that were written with it. Throws SPILL_FAILED, CORRUPT. */
  async load(number: number): Promise<void> {
    const chunk = this.#chunkOf(number);
    if (chunk.place === undefined) return;
    const bytes = await this.#file!.read(chunk.place);
    const frames: Uint8Array[] = [];
    let at = 0;
    for (const length of chunk.lengths) {
      const frame = bytes.subarray(at, (at += length));
      verifyChecksum(frame);
      frames.push(frame);
    }
    if (!chunk.dropped) this.#loaded = { chunk, frames };
  }

  /** Frames of lower numbers are not kept any more. */
  dropTo(number: number): void {
    let chunks = 0;
    while (chunks < this.#chunks.length && endOf(this.#chunks[chunks]!) <= number) this.#drop(this.#chunks[chunks++]!);
    if (chunks > 0) this.#chunks = this.#chunks.slice(chunks);
    let given = 0;
    while (this.#tailFirst + this.#head < number && this.#head < this.#tail.length) {
      given += this.#tail[this.#head]!.length;
      this.#tail[this.#head++] = NONE;
    }
    if (given === 0) return;
    this.#tailBytes -= given;
    this.#budget.give(given);
    if (this.#head > FREE_MAX && this.#head * 2 > this.#tail.length) this.#shrink();
  }

  /** Gives all frames away, which are in memory, oldest first; undefined when some are not. */
  takeAll(): readonly Uint8Array[] | undefined {
    if (this.#chunks.length > 0) return undefined;
    this.#shrink();
    const frames = this.#tail;
    this.#tailFirst += frames.length;
    this.#tail = [];
    this.#budget.give(this.#tailBytes);
    this.#tailBytes = 0;
    return frames;
  }

  /** Drops all, and leaves the budget. */
  close(): void {
    this.dropTo(this.end);
    this.#budget.leave(this);
    this.#file?.close();
  }

  spill(): number {
    this.#shrink();
    let bytes = 0;
    let count = 0;
    while (count < this.#tail.length && bytes < CHUNK_BYTES) bytes += this.#tail[count++]!.length;
    const frames = this.#tail.splice(0, count);
    const lengths = Uint32Array.from(frames, ({ length }) => length);
    const chunk: Chunk = { first: this.#tailFirst, lengths, bytes, frames, place: undefined, dropped: false };
    this.#tailFirst += count;
    this.#tailBytes -= bytes;
    this.#chunks.push(chunk);
    this.#writing = chunk;
    void this.#write(chunk, frames);
    return bytes;
  }

  async #write(chunk: Chunk, frames: readonly Uint8Array[]): Promise<void> {
    this.#file ??= new SpillFile(this.#budget.limits.folder);
    let place: SpillPlace;
    try {
      place = await this.#file.append(Buffer.concat(frames));
    } catch (reason) {
      // The frames stay in memory, as a chunk that is not written.
      this.#budget.written(chunk.bytes, MyriadError.from(reason, "SPILL_FAILED"));
      return;
    }
    this.#writing = undefined;
    this.#onDisk += chunk.bytes;
    chunk.place = place;
    chunk.frames = undefined;
    if (chunk.dropped) this.#free(chunk);
    this.#budget.written(chunk.bytes);
    if (chunk.dropped) this.#budget.freed(chunk.bytes);
  }

  #drop(chunk: Chunk): void {
    if (this.#loaded?.chunk === chunk) this.#loaded = undefined;
    chunk.dropped = true;
    if (chunk.place === undefined) return; // When it is written.
    this.#free(chunk);
    this.#budget.freed(chunk.bytes);
  }

  #free(chunk: Chunk): void {
    this.#file!.free(chunk.place!);
    this.#onDisk -= chunk.bytes;
  }

  #chunkOf(number: number): Chunk {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(this.#chunks[middle]!) <= number) low = middle + 1;
      else high = middle;
    }
    return this.#chunks[low]!;
  }

  #shrink(): void {
    if (this.#head === 0) return;
    this.#tail = this.#tail.slice(this.#head);
    this.#tailFirst += this.#head;
    this.#head = 0;
  }
}
