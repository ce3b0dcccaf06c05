/** Edges as they are read: two columns of labels, and one of weights when there are any. */
export class Edges {
  readonly source = new LabelColumn();
  readonly target = new LabelColumn();
  /** Longer than `rows`. */
  weight: Float64Array | null;
  rows = 0;

  constructor(weighted: boolean) {
    this.weight = weighted ? new Float64Array(1024) : null;
  }

  /** `weight` counts where there are weights. */
  append(source: number, target: number, weight: number): void {
    const at = this.rows++;
    this.source.push(source);
    this.target.push(target);
    if (this.weight === null) return;
    if (at === this.weight.length) this.weight = doubled(this.weight);
    this.weight[at] = weight;
  }
}

/** A growing column of non-negative integers: 4 bytes each while they fit, 8 from the first that does not. */
class LabelColumn {
  #values: Uint32Array | Float64Array = new Uint32Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) this.#values = doubled(this.#values);
    if (value > 0xffff_ffff && this.#values instanceof Uint32Array) this.#values = new Float64Array(this.#values);
    this.#values[this.#length++] = value;
  }

  /** What was pushed, without a copy. */
  get values(): Uint32Array | Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The same where all fit into 32 bits, as numbers of nodes do. */
  get numbers(): Uint32Array {
    const { values } = this;
    return values instanceof Uint32Array ? values : new Uint32Array(values);
  }
}

function doubled<T extends Uint32Array | Float64Array>(column: T): T {
  const larger = new (column.constructor as new (length: number) => T)(2 * column.length);
  larger.set(column);
  return larger;
}
