/** Takes bytes off the front of a file that comes in pieces, so that no more of it than asked for stands in memory. */
export class PieceReader {
  /** Offset in the file of the next byte. */
  position = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `count` bytes, or fewer where the file ends before. Never shares memory with what it gives out later. */
  async take(count: number): Promise<Uint8Array> {
    if (count <= this.#piece.length - this.#at) return this.#cut(count).slice();
    const parts: Uint8Array[] = [];
    let have = 0;
    while (have < count && (await this.#more())) {
      const part = this.#cut(Math.min(count - have, this.#piece.length - this.#at));
      parts.push(part);
      have += part.length;
    }
    return joined(parts, have);
  }

  /** All that is left. */
  async rest(): Promise<Uint8Array> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  /** Must be called when the end was not reached, else the file stays open. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  #cut(count: number): Uint8Array {
    const part = this.#piece.subarray(this.#at, this.#at + count);
    this.#at += part.length;
    this.position += part.length;
    return part;
  }

  /** False at the end. */
  async #more(): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const { done, value } = await this.#pieces.next();
      if (done) return false;
      this.#piece = value;
      this.#at = 0;
    }
    return true;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
