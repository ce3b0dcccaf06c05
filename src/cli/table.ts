/** Rows as text with aligned columns, two blanks between; numbers stand right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  const right = widths.map((_, c) =>
    rows.slice(1).every((row) => /^-?[\d.,]*%?$/.test(row[c] ?? "") || row[c] === "NaN"),
  );
  return rows
    .map((row) => widths.map((width, c) => (right[c] ? (row[c] ?? "").padStart(width) : (row[c] ?? "").padEnd(width))))
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}

/** `88,234`: digits in threes. */
export const grouped = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 6 });
