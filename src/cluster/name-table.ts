const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * Names of agents, both ways, in few bytes: the names end to end in one buffer, and an open-addressing hash table of
 * entry numbers (linear probing, at most half full). A million names of 12 bytes take 40 MB.
 */
export class NameTable {
  #bytes = new Uint8Array(1024);
  #used = 0;
  #count = 0;
  #start = new Uint32Array(64);
  /** Agent index of each entry. */
  #agent = new Uint32Array(64);
  /** Entry number + 1 by hash of the name; 0 is free. */
  #byName = new Uint32Array(128);
  /** Entry number + 1 by hash of the agent's index. */
  #byAgent = new Uint32Array(128);

  get size(): number {
    return this.#count;
  }

  /** Bytes held. */
  get byteLength(): number {
    const tables = [this.#bytes, this.#start, this.#agent, this.#byName, this.#byAgent];
    return tables.reduce((sum, table) => sum + table.byteLength, 0);
  }

  /** Gives an agent its name. Neither may have come before. */
  add(agent: number, name: string): void {
    const entry = this.#count++;
    if (entry + 1 >= this.#start.length) {
      this.#start = grown(this.#start);
      this.#agent = grown(this.#agent);
    }
    const longest = this.#used + name.length * 3;
    if (longest > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(longest, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#agent[entry] = agent;
    this.#start[entry] = this.#used;
    this.#used += ENCODER.encodeInto(name, this.#bytes.subarray(this.#used)).written;
    this.#start[entry + 1] = this.#used;
    if (this.#count * 2 > this.#byName.length) this.#rehash();
    else this.#index(entry);
  }

  nameOf(agent: number): string | undefined {
    const mask = this.#byAgent.length - 1;
    for (let at = hashOfIndex(agent) & mask; this.#byAgent[at] !== 0; at = (at + 1) & mask) {
      const entry = this.#byAgent[at]! - 1;
      if (this.#agent[entry] === agent) return DECODER.decode(this.#nameBytes(entry));
    }
    return undefined;
  }

  agentOf(name: string): number | undefined {
    const bytes = ENCODER.encode(name);
    const mask = this.#byName.length - 1;
    for (let at = hashOfBytes(bytes) & mask; this.#byName[at] !== 0; at = (at + 1) & mask) {
      const entry = this.#byName[at]! - 1;
      if (sameBytes(this.#nameBytes(entry), bytes)) return this.#agent[entry];
    }
    return undefined;
  }

  #nameBytes(entry: number): Uint8Array {
    return this.#bytes.subarray(this.#start[entry], this.#start[entry + 1]);
  }

  #rehash(): void {
    const slots = this.#byName.length * 2;
    this.#byName = new Uint32Array(slots);
    this.#byAgent = new Uint32Array(slots);
    for (let entry = 0; entry < this.#count; entry++) this.#index(entry);
  }

  #index(entry: number): void {
    place(this.#byName, hashOfBytes(this.#nameBytes(entry)), entry + 1);
    place(this.#byAgent, hashOfIndex(this.#agent[entry]!), entry + 1);
  }
}

function place(table: Uint32Array, hash: number, value: number): void {
  const mask = table.length - 1;
  let at = hash & mask;
  while (table[at] !== 0) at = (at + 1) & mask;
  table[at] = value;
}

function grown(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}

/** Fibonacci hashing (Knuth, TAOCP 6.4), high bits folded down. */
function hashOfIndex(index: number): number {
  const h = Math.imul(index, 0x9e3779b1);
  return (h ^ (h >>> 15)) >>> 0;
}

/** FNV-1a, with its weak high bits folded down. */
function hashOfBytes(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
