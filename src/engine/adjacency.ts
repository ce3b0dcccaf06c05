/** One agent's ties: whom to, ascending, and how much; null: 1 each. */
export interface TieRow {
  readonly targets: Uint32Array;
  readonly weights: Float64Array | null;
}

const NO_TARGETS = new Uint32Array(0);
const NO_WEIGHTS = new Float64Array(0);
const NO_ROW: TieRow = { targets: NO_TARGETS, weights: NO_WEIGHTS };

/** Rows are laid out anew when one in so many is not where the population's are. */
const COMPACT_SHARE = 8;

/**
 * Ties of one worker's agents under one relation: by slot, the agents at the other end in ascending order. The
 * population stands in compressed rows. Changes are gathered, and a row that has some is made anew when it is next
 * read, so that n changes of a hub cost n and not n squared. `slotsWith` answers the reverse question (whose row holds
 * this agent?) from an index made at the first question, and kept up in the same way.
 */
export class Adjacency {
  #offsets: Uint32Array = new Uint32Array(1);
  #targets: Uint32Array = NO_TARGETS;
  #weights: Float64Array | null = null;
  /** Rows that differ from the population's. */
  readonly #changed = new Map<number, TieRow>();
  /** By slot, then target: the weight to come, NaN for a tie to be cut. */
  readonly #edits = new Map<number, Map<number, number>>();
  #reverse: Map<number, Uint32Array> | undefined;
  /** By target, then slot: whether the slot's row holds the target now. */
  readonly #reverseEdits = new Map<number, Map<number, boolean>>();
  #ones: Float64Array = NO_WEIGHTS;

  /** Makes the rows from loose ties; `slots[i]` has a tie to `targets[i]`. Pairs are distinct. */
  build(rows: number, slots: Uint32Array, targets: Uint32Array, weights: Float64Array | null): void {
    const order = sortedOrder(rows, slots, targets);
    this.#offsets = order.offsets;
    this.#targets = Uint32Array.from(order.positions, (i) => targets[i]!);
    this.#weights = weights === null ? null : Float64Array.from(order.positions, (i) => weights[i]!);
    this.#changed.clear();
    this.#edits.clear();
    this.#reverse = undefined;
  }

  targets(slot: number): Uint32Array {
    const row = this.#row(slot);
    if (row !== undefined) return row.targets;
    if (slot + 1 >= this.#offsets.length) return NO_TARGETS;
    return this.#targets.subarray(this.#offsets[slot], this.#offsets[slot + 1]);
  }

  /** By position in `targets(slot)`; 1 where no weight was given. */
  weights(slot: number): Float64Array {
    const row = this.#row(slot);
    if (row !== undefined) return row.weights ?? this.#allOnes(row.targets.length);
    if (slot + 1 >= this.#offsets.length) return NO_WEIGHTS;
    const first = this.#offsets[slot]!;
    const end = this.#offsets[slot + 1]!;
    return this.#weights === null ? this.#allOnes(end - first) : this.#weights.subarray(first, end);
  }

  degree(slot: number): number {
    const row = this.#row(slot);
    if (row !== undefined) return row.targets.length;
    return slot + 1 >= this.#offsets.length ? 0 : this.#offsets[slot + 1]! - this.#offsets[slot]!;
  }

  /** All of a row. A view. */
  rowOf(slot: number): TieRow {
    const row = this.#row(slot);
    if (row !== undefined) return row;
    const targets = this.targets(slot);
    return { targets, weights: this.#weights === null ? null : this.weights(slot) };
  }

  /** Puts another row in the place of one. */
  setRow(slot: number, row: TieRow): void {
    this.clear(slot);
    this.#changed.set(slot, row);
    for (const target of row.targets) this.#note(target, slot, true);
  }

  /** Gives `slot` the row of `last`, which has none afterwards. */
  moveRow(last: number, slot: number): void {
    const row = this.rowOf(last);
    this.clear(last);
    if (slot !== last) this.setRow(slot, row);
  }

  /** Lays `rows` rows out anew when many differ from the population's: reading is faster, and what they hold is let go. */
  compact(rows: number): void {
    if (this.#changed.size * COMPACT_SHARE < rows) return;
    const offsets = new Uint32Array(rows + 1);
    for (let slot = 0; slot < rows; slot++) offsets[slot + 1] = offsets[slot]! + this.degree(slot);
    const targets = new Uint32Array(offsets[rows]!);
    let weights: Float64Array | null = null;
    for (let slot = 0; slot < rows; slot++) {
      const row = this.rowOf(slot);
      targets.set(row.targets, offsets[slot]);
      if (row.weights === null) weights?.fill(1, offsets[slot], offsets[slot + 1]);
      else (weights ??= new Float64Array(targets.length).fill(1)).set(row.weights, offsets[slot]);
    }
    this.#offsets = offsets;
    this.#targets = targets;
    this.#weights = weights;
    this.#changed.clear();
  }

  /** Adds a tie, or gives it another weight. */
  set(slot: number, target: number, weight: number): void {
    this.#edit(slot, target, weight);
    this.#note(target, slot, true);
  }

  remove(slot: number, target: number): void {
    this.#edit(slot, target, Number.NaN);
    this.#note(target, slot, false);
  }

  clear(slot: number): void {
    for (const target of this.targets(slot)) this.#note(target, slot, false);
    this.#changed.set(slot, NO_ROW);
  }

  /** The slots whose rows hold `target`, ascending. */
  slotsWith(target: number): Uint32Array {
    const reverse = this.#reverse ?? this.#index();
    const edits = this.#reverseEdits.get(target);
    const slots = reverse.get(target) ?? NO_TARGETS;
    if (edits === undefined) return slots;
    this.#reverseEdits.delete(target);
    const kept = [...slots.filter((slot) => !edits.has(slot))];
    for (const [slot, holds] of edits) if (holds) kept.push(slot);
    const changed = Uint32Array.from(kept).sort();
    reverse.set(target, changed);
    return changed;
  }

  /** The row as it is now, when it differs from the population's. */
  #row(slot: number): TieRow | undefined {
    const edits = this.#edits.get(slot);
    if (edits === undefined) return this.#changed.get(slot);
    this.#edits.delete(slot);
    const weightOf = new Map<number, number>();
    const weights = this.weights(slot);
    for (const [i, target] of this.targets(slot).entries()) weightOf.set(target, weights[i]!);
    for (const [target, weight] of edits) weightOf.set(target, weight);
    const targets = Uint32Array.from(
      [...weightOf.keys()].filter((target) => !Number.isNaN(weightOf.get(target)!)),
    ).sort();
    const row = { targets, weights: Float64Array.from(targets, (target) => weightOf.get(target)!) };
    this.#changed.set(slot, row);
    return row;
  }

  #edit(slot: number, target: number, weight: number): void {
    const edits = this.#edits.get(slot);
    if (edits === undefined) this.#edits.set(slot, new Map([[target, weight]]));
    else edits.set(target, weight);
  }

  #index(): Map<number, Uint32Array> {
    const lists = new Map<number, number[]>();
    let rows = this.#offsets.length - 1;
    for (const slots of [this.#changed.keys(), this.#edits.keys()]) {
      for (const slot of slots) if (slot >= rows) rows = slot + 1;
    }
    for (let slot = 0; slot < rows; slot++) {
      for (const target of this.targets(slot)) {
        const list = lists.get(target);
        if (list === undefined) lists.set(target, [slot]);
        else list.push(slot);
      }
    }
    this.#reverse = new Map();
    for (const [target, list] of lists) this.#reverse.set(target, Uint32Array.from(list));
    return this.#reverse;
  }

  #note(target: number, slot: number, holds: boolean): void {
    if (this.#reverse === undefined) return;
    const edits = this.#reverseEdits.get(target);
    if (edits === undefined) this.#reverseEdits.set(target, new Map([[slot, holds]]));
    else edits.set(slot, holds);
  }

  #allOnes(length: number): Float64Array {
    if (this.#ones.length < length) this.#ones = new Float64Array(length * 2).fill(1);
    return this.#ones.subarray(0, length);
  }
}

/** Positions of ties ordered by slot, then target: two counting sorts, the second one stable. */
function sortedOrder(
  rows: number,
  slots: Uint32Array,
  targets: Uint32Array,
): { offsets: Uint32Array; positions: Uint32Array } {
  let last = 0;
  for (const target of targets) if (target > last) last = target;
  const byTarget = countingSort(null, targets, last + 1).positions;
  return countingSort(byTarget, slots, rows);
}

function countingSort(
  order: Uint32Array | null,
  keys: Uint32Array,
  keyCount: number,
): { offsets: Uint32Array; positions: Uint32Array } {
  const offsets = new Uint32Array(keyCount + 1);
  for (const key of keys) offsets[key + 1] = offsets[key + 1]! + 1;
  for (let key = 0; key < keyCount; key++) offsets[key + 1] = offsets[key + 1]! + offsets[key]!;
  const next = offsets.slice(0, keyCount);
  const positions = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const position = order === null ? i : order[i]!;
    const key = keys[position]!;
    positions[next[key]!] = position;
    next[key] = next[key]! + 1;
  }
  return { offsets, positions };
}
