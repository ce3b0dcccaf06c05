import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";

/** Content hashes of a scenario, in hex: equal on two machines when they would run the same thing. */
export interface ScenarioHash {
  /** Of the module and all it imports by relative path. */
  code: string;
  /** Of the files in the `data` folder beside the module. */
  data: string;
  /** Of both; what hello compares. */
  combined: string;
}

const HASH_DIGITS = 32;
const IMPORTS =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*["'](\.{1,2}\/[^"']+)["']|\bimport\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** Hashes a scenario's local imports and data. Paths count relative to its folder, so the place on disk does not. */
export async function scenarioHash(file: string): Promise<ScenarioHash> {
  const home = dirname(file);
  const code = await hashFiles(home, await localImports(file));
  const data = await hashFiles(home, await filesBelow(join(home, "data")));
  const combined = createHash("sha256").update(code).update(data).digest("hex").slice(0, HASH_DIGITS);
  return { code, data, combined };
}

/** The module and every file that it reaches through relative imports, sorted. Imports that resolve to nothing are left out. */
export async function localImports(file: string): Promise<string[]> {
  const found = new Set<string>();
  const waiting = [resolve(file)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (!/\.[cm]?[jt]sx?$/.test(path)) continue;
    for (const match of (await readFile(path, "utf8")).matchAll(IMPORTS)) {
      const target = await resolveImport(dirname(path), (match[1] ?? match[2])!);
      if (target !== undefined) waiting.push(target);
    }
  }
  return [...found].sort();
}

/** TypeScript imports are written with `.ts`, `.js` (meaning the `.ts` beside it) or no ending at all. */
async function resolveImport(folder: string, specifier: string): Promise<string | undefined> {
  const path = resolve(folder, specifier.replace(/[?#].*$/, ""));
  const tries = [path, path.replace(/\.([cm]?)js$/, ".$1ts"), `${path}.ts`, `${path}.js`];
  tries.push(join(path, "index.ts"), join(path, "index.js"));
  for (const candidate of tries) {
    const info = await stat(candidate).catch(() => undefined);
    if (info?.isFile()) return candidate;
  }
  return undefined;
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function hashFiles(home: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) addFile(hash, relative(home, file).split(sep).join("/"), await readFile(file));
  return hash.digest("hex").slice(0, HASH_DIGITS);
}

/** Name and length go first, so that no two lists of files look alike. */
function addFile(hash: Hash, name: string, content: Uint8Array): void {
  hash.update(`${name.length}:${name}:${content.length}:`).update(content);
}
