import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { docTables } from "./doc-tables.ts";
import type { Report } from "./report.ts";

const document = new URL("../docs/benchmarks.md", import.meta.url);
const report = JSON.parse(readFileSync(new URL("./baseline.json", import.meta.url), "utf8")) as Report;
const START =
  "<!-- figures: made from bench/baseline.json; `UPDATE=1 npx vitest run bench/doc-tables` writes them anew -->\n\n";
const END = "\n\n<!-- end of figures -->";

test("docs/benchmarks.md shows what stands in bench/baseline.json", () => {
  const text = readFileSync(document, "utf8");
  const from = text.indexOf(START);
  const to = text.indexOf(END);
  expect(from).toBeGreaterThan(0);
  expect(to).toBeGreaterThan(from);
  const wanted = text.slice(0, from) + START + docTables(report) + text.slice(to);
  if (process.env.UPDATE) writeFileSync(document, wanted);
  expect(readFileSync(document, "utf8")).toBe(wanted);
});

test("every figure of the baseline is shown once", () => {
  const tables = docTables(report);
  const rest = report.figures.filter(({ name }) => !/^phold .* grain /.test(name));
  for (const { name } of rest) expect(tables.split(`| ${name} `)).toHaveLength(2);
  const cells = tables.match(/[\d.]+ [Mk]?\/s/g)?.length ?? 0;
  const grid = report.figures.length - rest.length;
  expect(cells).toBe(grid + 3 * rest.filter(({ unit }) => unit === "events/s").length);
});
