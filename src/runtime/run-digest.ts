import { ByteWriter } from "../base/bytes.ts";
import { writeCanonical } from "../base/canonical.ts";
import { Hash128 } from "../base/hash.ts";
import type { RecordRow, RunWriter, SampleRow } from "./run-writer.ts";

/** Hashes of all that a run put out on its way, 32 hex digits each. */
export interface OutputDigest {
  /** By observation. */
  readonly samples: Record<string, string>;
  /** By series. */
  readonly records: Record<string, string>;
}

/**
 * Takes what a run puts out down to one hash a series. A hash is the sum of those of its rows, each with its time, agent
 * and rank among that agent's rows of that time. So it is the hash of the sorted rows, in whatever order agents come;
 * rows of one agent come in theirs.
 */
export class RunDigest implements RunWriter {
  readonly #samples = new Map<string, Hash128>();
  readonly #records = new Map<string, Hash128>();
  readonly #bytes = new ByteWriter();
  /** Time of the last record, and how many there were at that time, by agent. */
  readonly #lastTime = new Map<number, number>();
  readonly #ranks = new Map<number, number>();

  samples(rows: readonly SampleRow[]): void {
    for (const { time, values } of rows) {
      for (const [name, value] of Object.entries(values)) this.#add(this.#samples, name, [time, value]);
    }
  }

  records(rows: readonly RecordRow[]): void {
    for (const { time, agent, series, value } of rows) {
      this.#add(this.#records, series, [time, agent, this.#rankOf(agent, time), value]);
    }
  }

  finish(): void {}

  get digest(): OutputDigest {
    return { samples: inHex(this.#samples), records: inHex(this.#records) };
  }

  /** The rows' own numbers will not do: they go on from agent to agent of a worker. */
  #rankOf(agent: number, time: number): number {
    const rank = this.#lastTime.get(agent) === time ? this.#ranks.get(agent)! + 1 : 0;
    this.#lastTime.set(agent, time);
    this.#ranks.set(agent, rank);
    return rank;
  }

  #add(hashes: Map<string, Hash128>, series: string, row: readonly unknown[]): void {
    const hash = hashes.get(series) ?? new Hash128();
    hashes.set(series, hash);
    this.#bytes.reset();
    writeCanonical(this.#bytes, row);
    hash.add(this.#bytes.buffer(), this.#bytes.length, 0);
  }
}

const inHex = (hashes: ReadonlyMap<string, Hash128>): Record<string, string> =>
  Object.fromEntries([...hashes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([series, hash]) => [series, hash.hex()]));
