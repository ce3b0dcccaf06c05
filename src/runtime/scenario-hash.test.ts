import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localImports, scenarioHash } from "./scenario-hash.ts";

let folder: string;
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const hash = () => scenarioHash(join(folder, "scenario.ts"));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-hash-"));
  mkdirSync(join(folder, "data"));
  mkdirSync(join(folder, "lib"));
  write(
    "scenario.ts",
    'import { a } from "./a.ts";\nimport "myriad";\nexport { b } from "./b.js";\nimport "./side";\nimport type {\n  T,\n} from "./lib";\n',
  );
  write("a.ts", 'export const a = await import("./deep.ts");');
  write("b.ts", "export const b = 1;");
  write("side.ts", 'import { a } from "./a.ts";');
  write("deep.ts", "export {};");
  write("lib/index.ts", "export type T = 1;");
  write("unused.ts", "export {};");
  write("data/edges.csv", "1,2\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("finds all relative imports, through circles, and nothing else", async () => {
  write("deep.ts", 'import "./scenario.ts"; import "./missing.ts";');
  const files = await localImports(join(folder, "scenario.ts"));
  expect(files.map((file) => basename(file)).sort()).toEqual([
    "a.ts",
    "b.ts",
    "deep.ts",
    "index.ts",
    "scenario.ts",
    "side.ts",
  ]);
});

test("the place on disk does not count", async () => {
  const before = await hash();
  const other = mkdtempSync(join(tmpdir(), "myriad-copy-"));
  cpSync(folder, other, { recursive: true });
  expect(await scenarioHash(join(other, "scenario.ts"))).toEqual(before);
  rmSync(other, { recursive: true });
});

test("code and data count apart, and both in the whole", async () => {
  const before = await hash();
  expect(before.code).toMatch(/^[0-9a-f]{32}$/);
  write("deep.ts", "export { };");
  const code = await hash();
  expect(code.code).not.toBe(before.code);
  expect(code.data).toBe(before.data);
  expect(code.combined).not.toBe(before.combined);
  write("data/edges.csv", "1,3\n");
  const data = await hash();
  expect(data.code).toBe(code.code);
  expect(data.data).not.toBe(code.data);
  expect(data.combined).not.toBe(code.combined);
});

test("a file that is not imported does not count; a file's name does", async () => {
  const before = await hash();
  write("unused.ts", "export const other = 1;");
  expect(await hash()).toEqual(before);
  rmSync(join(folder, "data/edges.csv"));
  write("data/edges2.csv", "1,2\n");
  expect((await hash()).data).not.toBe(before.data);
});
