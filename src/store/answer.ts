import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";

/** What the world outside said to call number `call` of an agent: a determinant. */
export interface Answer {
  readonly agent: number;
  readonly call: number;
  /** The call's idempotency key. */
  readonly key: string;
  /** Plain data. A refusal is an answer as well. */
  readonly outcome: unknown;
}

/** Agent and call come first, so that a reader can leave out what is not its own without decoding it. */
export function encodeAnswer({ agent, call, key, outcome }: Answer): Uint8Array {
  const contents = encodePlain(outcome);
  const out = new ByteWriter(contents.length + key.length + 16);
  out.u32(agent);
  out.u32(call);
  out.text(key);
  out.raw(contents);
  return out.bytes();
}

/** An answer as it stands in the journal. */
export class StoredAnswer {
  readonly agent: number;
  readonly call: number;
  readonly key: string;
  readonly #outcome: Uint8Array;

  /** Throws CORRUPT for bytes that `encodeAnswer` did not make. */
  constructor(bytes: Uint8Array) {
    const reader = new ByteReader(bytes);
    this.agent = reader.u32();
    this.call = reader.u32();
    this.key = reader.text();
    this.#outcome = reader.raw(reader.remaining);
  }

  /** A copy of its own at each call. */
  outcome(): unknown {
    return decodePlain(this.#outcome);
  }
}
