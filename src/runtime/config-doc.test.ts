import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configTables } from "./config-doc.ts";

const file = new URL("../../docs/config.md", import.meta.url);
const START =
  "<!-- keys: made from src/runtime/config-keys.ts; `UPDATE=1 npx vitest run src/runtime/config-doc` writes them anew -->\n\n";
const END = "\n\n<!-- end of keys -->";

test("docs/config.md has the keys as they are in the table", () => {
  const text = readFileSync(file, "utf8");
  const from = text.indexOf(START) + START.length;
  const to = text.indexOf(END);
  expect(from).toBeGreaterThan(START.length - 1);
  expect(to).toBeGreaterThan(0);
  if (process.env.UPDATE) writeFileSync(file, text.slice(0, from) + configTables() + text.slice(to));
  expect(readFileSync(file, "utf8")).toContain(START + configTables() + END);
});
