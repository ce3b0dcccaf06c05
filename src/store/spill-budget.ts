import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";

/** From this part of the memory on, the oldest goes to disk ... */
const SPILL_SHARE = 0.75;
/** ... and from this one on, whoever can wait waits for the disk. */
const FULL_SHARE = 0.9;

/** What frames that wait may take, and where those go that do not fit into memory. */
export interface SpillLimits {
  readonly memoryBytes: number;
  /** Past so much on disk the run ends. */
  readonly diskBytes: number;
  /** A folder that is there. */
  readonly folder: string;
  /** The option that sets `diskBytes`, for the message. */
  readonly diskOption: string;
}

/** What a budget asks of the queues that share it. */
export interface Spillable {
  /** Names what waits there, behind a number of bytes: "wait for worker 1". */
  readonly whose: string;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Bytes in memory that can be given to the disk now; 0 while some are being written. */
  readonly idleBytes: number;
  /** Begins to write the oldest of these. Returns how many bytes. */
  spill(): number;
}

/** The memory and disk that queues share. Past the memory, the queue that takes most of it gives its oldest to the disk. */
export class SpillBudget {
  readonly limits: SpillLimits;
  readonly #queues = new Set<Spillable>();
  #memory = 0;
  /** Of the memory: bytes that are being written. */
  #writing = 0;
  #disk = 0;
  #memoryPeak = 0;
  #diskPeak = 0;
  #failure: MyriadError | undefined;
  #room: Deferred | undefined;

  constructor(limits: SpillLimits) {
    this.limits = limits;
  }

  get memoryBytes(): number {
    return this.#memory;
  }

  get diskBytes(): number {
    return this.#disk;
  }

  /** The most that ever was there. */
  get peaks(): { readonly memoryBytes: number; readonly diskBytes: number } {
    return { memoryBytes: this.#memoryPeak, diskBytes: this.#diskPeak };
  }

  join(queue: Spillable): void {
    this.#queues.add(queue);
  }

  leave(queue: Spillable): void {
    this.#queues.delete(queue);
  }

  /** So much more is in memory. Throws LIMIT past the disk's bytes, SPILL_FAILED when it could not be written to. */
  take(bytes: number): void {
    this.#memory += bytes;
    if (this.#memory > this.#memoryPeak) this.#memoryPeak = this.#memory;
    if (this.#memory > this.limits.memoryBytes * SPILL_SHARE) this.#relieve();
  }

  /** So much of what was in memory is gone. */
  give(bytes: number): void {
    this.#memory -= bytes;
    this.#wake();
  }

  /** A write has ended: what it wrote is on disk, and not in memory. `failure`: it is not, and stays where it was. */
  written(bytes: number, failure?: MyriadError): void {
    this.#writing -= bytes;
    if (failure !== undefined) {
      this.#fail(failure);
      return;
    }
    this.#memory -= bytes;
    this.#disk += bytes;
    this.#diskPeak = Math.max(this.#diskPeak, this.#disk);
    this.#wake();
    if (this.#failure === undefined) {
      try {
        this.#relieve();
      } catch {
        return; // Told to the next who takes or waits.
      }
    }
  }

  freed(bytes: number): void {
    this.#disk -= bytes;
  }

  /** Resolves when the disk has taken what the memory has no room for; undefined: there is room. Rejects as `take` throws. */
  room(): Promise<void> | undefined {
    if (this.#failure === undefined && !this.#full) return undefined;
    this.#room ??= new Deferred();
    const { promise } = this.#room;
    promise.catch(() => {}); // Who asks may have other things to do first.
    if (this.#failure !== undefined) this.#room.reject(this.#failure);
    return promise;
  }

  get #full(): boolean {
    return this.#memory > this.limits.memoryBytes * FULL_SHARE;
  }

  #relieve(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { memoryBytes, diskBytes, diskOption } = this.limits;
    while (this.#memory - this.#writing > memoryBytes * SPILL_SHARE) {
      const queue = this.#largest();
      if (queue === undefined) return;
      this.#writing += queue.spill();
      if (this.#disk + this.#writing <= diskBytes) continue;
      const has = `${queue.memoryBytes + queue.diskBytes} bytes ${queue.whose}`;
      const all = `over ${diskBytes} bytes would be on disk`;
      throw this.#fail(new MyriadError("LIMIT", `${has}: ${all}, as ${diskOption} allows`));
    }
  }

  #largest(): Spillable | undefined {
    let largest: Spillable | undefined;
    for (const queue of this.#queues) {
      if (queue.idleBytes > (largest?.idleBytes ?? 0)) largest = queue;
    }
    return largest;
  }

  #fail(failure: MyriadError): MyriadError {
    this.#failure ??= failure;
    this.#room?.reject(this.#failure);
    return this.#failure;
  }

  #wake(): void {
    if (this.#room === undefined || this.#full) return;
    this.#room.resolve();
    this.#room = undefined;
  }
}
