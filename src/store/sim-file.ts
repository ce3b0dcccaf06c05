import type { MyriadError } from "../base/error.ts";
import type { SeededStream } from "../base/random.ts";
import { givenUp } from "./disk-failure.ts";

/** The unit in which a real disk keeps or loses what was not synced; small, so that small tests have several. */
const SECTOR_BYTES = 16;

/** A file of the simulated disk: what was written, and how much of it is safe. */
export class SimFile {
  #bytes: Uint8Array = new Uint8Array(0);
  #safe = 0;
  #failure: MyriadError | undefined;

  static holding(bytes: Uint8Array): SimFile {
    const file = new SimFile();
    file.#bytes = bytes.slice();
    file.#safe = bytes.length;
    return file;
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  contents(): Uint8Array {
    return this.#bytes.slice();
  }

  write(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    this.#bytes = all;
  }

  sync(): void {
    this.#safe = this.#bytes.length;
  }

  /** Notes the failure, after which the file may not be used. What was not safe by then never will be, though it can be read. */
  fail(failure: MyriadError): MyriadError {
    this.#failure = failure;
    return failure;
  }

  check(path: string): void {
    if (this.#failure !== undefined) throw givenUp(path, this.#failure);
  }

  /** What is left of it: all that is safe, and of the rest nothing, all, what stands before a cut, or that with holes. */
  crash(stream: SeededStream): void {
    const rest = this.#bytes.length - this.#safe;
    const fate = stream.integer(4);
    if (fate === 0 || rest === 0) this.#bytes = this.#bytes.slice(0, this.#safe);
    if (fate >= 2 && rest > 0) this.#bytes = this.#bytes.slice(0, this.#safe + stream.integer(rest + 1));
    if (fate === 3) this.#punch(stream);
    this.#safe = this.#bytes.length;
    this.#failure = undefined;
  }

  #punch(stream: SeededStream): void {
    // Few holes leave whole records behind a broken one, many leave none.
    const odds = 2 + stream.integer(40);
    for (let at = this.#safe; at < this.#bytes.length; at += SECTOR_BYTES) {
      if (stream.integer(odds) === 0) this.#bytes.fill(0, at, at + SECTOR_BYTES);
    }
  }
}
