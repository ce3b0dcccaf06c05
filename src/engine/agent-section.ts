import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { checkPlain } from "../base/plain.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { type AgentTable, SUSPENDED } from "./agent-table.ts";
import type { Core } from "./core.ts";
import { type OddValue, oddValues, restoreOddValues } from "./odd-values.ts";
import { beginSection, endSection, expectEnd, putColumn, readerOf, type Section, takeU16, takeU32 } from "./section.ts";
import { TieRows, writeTies } from "./tie-rows.ts";

/** Agents of the first section: the size of the states is not known yet. */
const FIRST_BLOCK = 64;
const NOTHING = new Uint8Array(0);
const COUNTERS = ["draws", "sends", "children", "calls"] as const;

/** The agents of `slots`, in sections of about `chunkBytes`. */
export function* agentSections(
  out: ByteWriter,
  core: Core,
  next: number,
  slots: Uint32Array,
  chunkBytes: number,
): Iterable<Uint8Array> {
  let block = FIRST_BLOCK;
  for (let first = 0; first < slots.length; ) {
    const rows = slots.subarray(first, first + block);
    beginSection(out, "agents", next);
    writeAgents(out, core, rows);
    const { length } = out;
    block = Math.max(1, Math.min(block * 16, Math.floor((rows.length * chunkBytes) / length)));
    // States have become larger all at once: the same in smaller portions.
    if (length > 2 * chunkBytes && rows.length > 1) continue;
    yield endSection(out);
    first += rows.length;
  }
}

function writeAgents(out: ByteWriter, core: Core, slots: Uint32Array): void {
  const { table, relations } = core;
  out.u32(slots.length);
  putColumn(out, gather(table.index, slots, new Uint32Array(slots.length)));
  putColumn(out, gather(table.type, slots, new Uint16Array(slots.length)));
  putColumn(out, gather(table.flags, slots, new Uint8Array(slots.length)));
  for (const counter of COUNTERS) {
    const column = gather(table[counter], slots, new Uint32Array(slots.length));
    const used = column.some((value) => value !== 0);
    out.u8(used ? 1 : 0);
    if (used) putColumn(out, column);
  }
  writeNames(out, table, slots);
  for (let relation = 0; relation < relations.count; relation++) {
    for (const ties of relations.tables(relation)) writeTies(out, ties, slots);
  }
  const states = statesOf(core, slots);
  const odd = oddValues(states);
  const bytes = odd.length === 0 ? NOTHING : encodePlain(odd);
  out.u32(bytes.length);
  out.raw(bytes);
  out.raw(encodePlain(states));
}

function gather<C extends Uint8Array | Uint16Array | Uint32Array>(column: C, slots: Uint32Array, rows: C): C {
  for (let i = 0; i < slots.length; i++) rows[i] = column[slots[i]!]!;
  return rows;
}

function writeNames(out: ByteWriter, { names, index }: AgentTable, slots: Uint32Array): void {
  const at = out.length;
  out.u32(0);
  if (names.size === 0) return;
  let count = 0;
  for (let i = 0; i < slots.length; i++) {
    const name = names.get(index[slots[i]!]!);
    if (name === undefined) continue;
    count++;
    out.u32(i);
    out.text(name);
  }
  const { length } = out;
  out.length = at;
  out.u32(count);
  out.length = length;
}

/** A suspended handler's agent has the state that running it again comes to: in its midst it may be anything. */
function statesOf(core: Core, slots: Uint32Array): unknown[] {
  const { state, flags } = core.table;
  const states = new Array<unknown>(slots.length);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if ((flags[slot]! & SUSPENDED) !== 0) {
      states[i] = null;
      continue;
    }
    const own = state[slot];
    try {
      checkPlain(own, "state", Number.POSITIVE_INFINITY);
    } catch (reason) {
      const what = MyriadError.from(reason, "NOT_PLAIN_DATA").message.replace("NOT_PLAIN_DATA: ", "");
      throw new MyriadError("NOT_PLAIN_DATA", `agent "${core.nameOf(slot)}": ${what}`, { cause: reason });
    }
    states[i] = own;
  }
  return states;
}

/** By row. */
function takeNames(reader: ByteReader): Map<number, string> {
  const names = new Map<number, string>();
  for (let left = reader.u32(); left > 0; left--) names.set(reader.u32(), reader.text());
  return names;
}

/** The agents of a section. Only the indices are read at once: whoever wants none of them is soon done. */
export class AgentRows {
  readonly index: Uint32Array;
  readonly #reader: ByteReader;
  readonly #section: Section;

  constructor(section: Section) {
    this.#section = section;
    this.#reader = readerOf(section);
    this.index = takeU32(this.#reader, this.#reader.u32());
  }

  /** What a list of all agents says of each: its type, and its name where it has one of its own. Read instead of `addTo`. */
  labels(): { readonly type: Uint16Array; readonly names: readonly (readonly [number, string])[] } {
    const reader = this.#reader;
    const count = this.index.length;
    const type = takeU16(reader, count);
    reader.raw(count);
    for (const _counter of COUNTERS) if (reader.u8() === 1) takeU32(reader, count);
    const names = [...takeNames(reader)].map(([row, name]) => [this.index[row]!, name] as const);
    return { type, names };
  }

  /** Puts those agents that `wants` names into the table, new ones at its end, others in the place of what was there. */
  addTo(core: Core, wants: (index: number) => boolean): void {
    const reader = this.#reader;
    const { table } = core;
    const count = this.index.length;
    const type = takeU16(reader, count);
    const flags = reader.raw(count);
    const counters = COUNTERS.map(() => (reader.u8() === 1 ? takeU32(reader, count) : undefined));
    const names = takeNames(reader);
    const ties = this.#readTies(core);
    const odd = reader.raw(reader.u32());
    const states = decodePlain(reader.raw(reader.remaining)) as unknown[];
    if (odd.length > 0) restoreOddValues(states, decodePlain(odd) as OddValue[]);
    expectEnd(reader, this.#section.kind);
    for (let i = 0; i < count; i++) {
      const index = this.index[i]!;
      if (!wants(index)) continue;
      const known = table.slotOf[index]!;
      const slot = known < 0 ? table.add(index, type[i]!, states[i]) : known;
      table.state[slot] = states[i];
      table.flags[slot] = flags[i]!;
      for (let c = 0; c < COUNTERS.length; c++) table[COUNTERS[c]!][slot] = counters[c]?.[i] ?? 0;
      if (names.size > 0 && names.has(i)) table.names.set(index, names.get(i)!);
      for (let t = 0; t < ties.length; t++) {
        const row = ties[t]!.rows.at(i);
        if (row !== undefined) ties[t]!.table.setRow(slot, row);
        else if (known >= 0) ties[t]!.table.clear(slot);
      }
    }
  }

  #readTies({ relations }: Core): { table: ReturnType<Core["relations"]["out"]>; rows: TieRows }[] {
    const all = [];
    for (let relation = 0; relation < relations.count; relation++) {
      for (const table of relations.tables(relation)) {
        all.push({ table, rows: new TieRows(this.#reader, this.index.length) });
      }
    }
    return all;
  }
}
