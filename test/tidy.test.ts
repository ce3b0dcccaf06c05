import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILE_LINES_MAX = 300;
const MEDIAN_LINES_MAX = 120;
const FUNCTION_LINES_MAX = 70;
const LINE_LENGTH_MAX = 200;

/** Product sources: neither tests nor generated. */
const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("wire/gen/") && !/\.(test|suite)\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, "src", path), "utf8") }));

/** Where chance, time, disk and timers may be had from the host; everywhere else they are passed in. */
const ADAPTERS = [/^base\/clock\.ts$/, /^store\//, /^runtime\//, /^cli\//, /^net\//, /^testing\//];
const BANNED: readonly [what: string, pattern: RegExp, alsoIn: RegExp[]][] = [
  ["Date.now", /\bDate\.now\(/, []],
  ["Math.random", /\bMath\.random\(/, []],
  ["performance.now", /\bperformance\.now\(/, []],
  ["setTimeout", /\bset(Timeout|Interval|Immediate)\(/, []],
  ["node:fs", /from "node:fs/, []],
];

const functionsOver = (text: string, path: string, lines: number): string[] => {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const long: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
      const last = file.getLineAndCharacterOfPosition(node.end).line;
      if (last - first + 1 > lines) long.push(`${path}:${first + 1} has ${last - first + 1} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return long;
};

describe("the sources", () => {
  test("hold one noun a file: none over 300 lines, the median about 100", () => {
    const counts = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
    expect(counts.filter(({ lines }) => lines > FILE_LINES_MAX)).toEqual([]);
    const sorted = counts.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[sorted.length >> 1]).toBeLessThanOrEqual(MEDIAN_LINES_MAX);
  });

  test("have functions that fit a screen", () => {
    expect(sources.flatMap(({ path, text }) => functionsOver(text, path, FUNCTION_LINES_MAX))).toEqual([]);
  });

  test("have lines that can be read", () => {
    const long = sources.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, i) => (line.length > LINE_LENGTH_MAX ? [`${path}:${i + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test.each(BANNED)("take %s from nowhere but adapters", (_what, pattern, alsoIn) => {
    const allowed = [...ADAPTERS, ...alsoIn];
    const found = sources.filter(({ path, text }) => !allowed.some((rule) => rule.test(path)) && pattern.test(text));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  test("name no path of a developer's machine", () => {
    const files = [...sources, { path: "package.json", text: readFileSync(join(ROOT, "package.json"), "utf8") }];
    const found = files.filter(({ text }) => /\/(work|home|root)\/[a-z]/.test(text));
    expect(found.map(({ path }) => relative(ROOT, path))).toEqual([]);
  });
});
