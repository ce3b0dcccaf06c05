/** A max-heap of vertices that knows where each vertex stands, so that a key can change (Cormen et al., ch. 6). Room for vertices 0 to n - 1. */
export class Heap {
  size = 0;
  readonly items: Int32Array;
  readonly keys: Float64Array;
  /** Where a vertex stands in `items`; -1 when it is not in the heap. */
  readonly position: Int32Array;

  constructor(n: number) {
    this.items = new Int32Array(n);
    this.keys = new Float64Array(n);
    this.position = new Int32Array(n).fill(-1);
  }

  has(v: number): boolean {
    return this.position[v]! >= 0;
  }

  /** The largest key; -Infinity when empty. */
  topKey(): number {
    return this.size === 0 ? -Infinity : this.keys[this.items[0]!]!;
  }

  push(v: number, key: number): void {
    this.keys[v] = key;
    this.#up(v, this.size++);
  }

  /** Gives a vertex of the heap another key. */
  update(v: number, key: number): void {
    const old = this.keys[v]!;
    if (key === old) return;
    this.keys[v] = key;
    if (key > old) this.#up(v, this.position[v]!);
    else this.#down(v, this.position[v]!);
  }

  /** Takes out the vertex of the largest key. The heap must not be empty. */
  pop(): number {
    const top = this.items[0]!;
    this.position[top] = -1;
    const last = this.items[--this.size]!;
    if (this.size > 0) this.#down(last, 0);
    return top;
  }

  remove(v: number): void {
    const at = this.position[v]!;
    if (at < 0) return;
    this.position[v] = -1;
    const last = this.items[--this.size]!;
    if (last === v) return;
    this.#up(last, at);
    this.#down(last, this.position[last]!);
  }

  clear(): void {
    for (let i = 0; i < this.size; i++) this.position[this.items[i]!] = -1;
    this.size = 0;
  }

  #up(v: number, from: number): void {
    const { items, keys, position } = this;
    const key = keys[v]!;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const other = items[parent]!;
      if (keys[other]! >= key) break;
      items[i] = other;
      position[other] = i;
      i = parent;
    }
    items[i] = v;
    position[v] = i;
  }

  #down(v: number, from: number): void {
    const { items, keys, position, size } = this;
    const key = keys[v]!;
    let i = from;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && keys[items[child + 1]!]! > keys[items[child]!]!) child++;
      const other = items[child]!;
      if (keys[other]! <= key) break;
      items[i] = other;
      position[other] = i;
      i = child;
    }
    items[i] = v;
    position[v] = i;
  }
}
