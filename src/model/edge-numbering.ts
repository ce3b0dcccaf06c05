type Labels = Uint32Array | Float64Array;

/** Edges between numbered nodes; `labels[i]` is what node i is called. */
interface NumberedEdges {
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  readonly labels: Float64Array;
}

/** Numbers the nodes by their labels, ascending. Takes the columns over. */
export function numberAscending(source: Labels, target: Labels): NumberedEdges {
  const labels = distinct(source, target);
  const numberOf = numbering(labels);
  return { source: numbered(source, numberOf), target: numbered(target, numberOf), labels };
}

/** In place where the column is of 32 bits: it is large, and not needed any more. */
function numbered(labels: Labels, numberOf: (label: number) => number): Uint32Array {
  const numbers = labels instanceof Uint32Array ? labels : new Uint32Array(labels.length);
  for (let i = 0; i < labels.length; i++) numbers[i] = numberOf(labels[i]!);
  return numbers;
}

/** All labels, ascending: marked in a table where they are dense, sorted where not. */
function distinct(source: Labels, target: Labels): Float64Array {
  let largest = 0;
  for (const column of [source, target]) {
    for (let i = 0; i < column.length; i++) if (column[i]! > largest) largest = column[i]!;
  }
  if (isDense(largest, source.length)) {
    const seen = new Uint8Array(largest + 1);
    for (const column of [source, target]) for (let i = 0; i < column.length; i++) seen[column[i]!] = 1;
    const labels = new Float64Array(seen.length);
    let count = 0;
    for (let label = 0; label < seen.length; label++) if (seen[label] === 1) labels[count++] = label;
    return labels.slice(0, count);
  }
  const all = new Float64Array(source.length + target.length);
  all.set(source);
  all.set(target, source.length);
  all.sort();
  let kept = 0;
  for (let i = 0; i < all.length; i++) if (kept === 0 || all[i] !== all[kept - 1]) all[kept++] = all[i]!;
  return all.slice(0, kept);
}

/** Whether a table by label costs no more than a few times the labels themselves. */
const isDense = (largest: number, count: number): boolean => largest < 4 * count + 1024;

/** Numbers of ascending labels: a table where they are dense, a map where not. */
function numbering(labels: Float64Array): (label: number) => number {
  const largest = labels[labels.length - 1]!;
  if (isDense(largest, labels.length)) {
    const table = new Uint32Array(largest + 1);
    for (let i = 0; i < labels.length; i++) table[labels[i]!] = i;
    return (label) => table[label]!;
  }
  const numbers = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) numbers.set(labels[i]!, i);
  return (label) => numbers.get(label)!;
}
