interface Row {
  targets: Uint32Array;
  weights: Float64Array | null;
}

const NO_TARGETS = new Uint32Array(0);
const NO_WEIGHTS = new Float64Array(0);

/**
 * Ties of one worker's agents under one relation: by slot, the agents at the other end in ascending order. The
 * population stands in compressed rows; rows that change while running are replaced one by one. `slotsWith` answers
 * the reverse question (whose row holds this agent?) from an index made at the first question.
 */
export class Adjacency {
  #offsets: Uint32Array = new Uint32Array(1);
  #targets: Uint32Array = NO_TARGETS;
  #weights: Float64Array | null = null;
  readonly #changed = new Map<number, Row>();
  #reverse: Map<number, Uint32Array> | undefined;
  #ones: Float64Array = NO_WEIGHTS;

  /** Makes the rows from loose ties; `slots[i]` has a tie to `targets[i]`. Pairs are distinct. */
  build(rows: number, slots: Uint32Array, targets: Uint32Array, weights: Float64Array | null): void {
    const order = sortedOrder(rows, slots, targets);
    this.#offsets = order.offsets;
    this.#targets = Uint32Array.from(order.positions, (i) => targets[i]!);
    this.#weights = weights === null ? null : Float64Array.from(order.positions, (i) => weights[i]!);
    this.#changed.clear();
    this.#reverse = undefined;
  }

  targets(slot: number): Uint32Array {
    const row = this.#changed.get(slot);
    if (row !== undefined) return row.targets;
    if (slot + 1 >= this.#offsets.length) return NO_TARGETS;
    return this.#targets.subarray(this.#offsets[slot], this.#offsets[slot + 1]);
  }

  /** By position in `targets(slot)`; 1 where no weight was given. */
  weights(slot: number): Float64Array {
    const row = this.#changed.get(slot);
    if (row !== undefined) return row.weights ?? this.#allOnes(row.targets.length);
    if (slot + 1 >= this.#offsets.length) return NO_WEIGHTS;
    const first = this.#offsets[slot]!;
    const end = this.#offsets[slot + 1]!;
    return this.#weights === null ? this.#allOnes(end - first) : this.#weights.subarray(first, end);
  }

  degree(slot: number): number {
    const row = this.#changed.get(slot);
    if (row !== undefined) return row.targets.length;
    return slot + 1 >= this.#offsets.length ? 0 : this.#offsets[slot + 1]! - this.#offsets[slot]!;
  }

  /** Adds a tie, or gives it another weight. */
  set(slot: number, target: number, weight: number): void {
    const targets = this.targets(slot);
    const weights = this.weights(slot);
    const at = lowerBound(targets, target);
    if (targets[at] === target) {
      const changed = weights.slice();
      changed[at] = weight;
      this.#changed.set(slot, { targets, weights: changed });
      return;
    }
    const longer = new Uint32Array(targets.length + 1);
    longer.set(targets.subarray(0, at));
    longer[at] = target;
    longer.set(targets.subarray(at), at + 1);
    const heavier = new Float64Array(longer.length);
    heavier.set(weights.subarray(0, at));
    heavier[at] = weight;
    heavier.set(weights.subarray(at), at + 1);
    this.#changed.set(slot, { targets: longer, weights: heavier });
    this.#note(target, slot, true);
  }

  remove(slot: number, target: number): void {
    const targets = this.targets(slot);
    const at = lowerBound(targets, target);
    if (targets[at] !== target) return;
    const keep = (_: number, i: number): boolean => i !== at;
    this.#changed.set(slot, { targets: targets.filter(keep), weights: this.weights(slot).filter(keep) });
    this.#note(target, slot, false);
  }

  clear(slot: number): void {
    for (const target of this.targets(slot)) this.#note(target, slot, false);
    this.#changed.set(slot, { targets: NO_TARGETS, weights: NO_WEIGHTS });
  }

  /** The slots whose rows hold `target`, ascending. */
  slotsWith(target: number): Uint32Array {
    return (this.#reverse ?? this.#index()).get(target) ?? NO_TARGETS;
  }

  #index(): Map<number, Uint32Array> {
    const lists = new Map<number, number[]>();
    let rows = this.#offsets.length - 1;
    for (const slot of this.#changed.keys()) if (slot >= rows) rows = slot + 1;
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

  #note(target: number, slot: number, added: boolean): void {
    if (this.#reverse === undefined) return;
    const slots = (this.#reverse.get(target) ?? NO_TARGETS).filter((other) => other !== slot);
    if (!added) this.#reverse.set(target, slots);
    else this.#reverse.set(target, Uint32Array.from([...slots, slot]).sort());
  }

  #allOnes(length: number): Float64Array {
    if (this.#ones.length < length) this.#ones = new Float64Array(length * 2).fill(1);
    return this.#ones.subarray(0, length);
  }
}

/** Where `value` stands or would stand. */
export function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
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
