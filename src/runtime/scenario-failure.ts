import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { MyriadError } from "../base/error.ts";
import { localImports } from "./scenario-hash.ts";

/** One line for whatever importing a module can throw: file and line first, then the reason. */
export function describeFailure(reason: unknown, file: string): MyriadError {
  if (reason instanceof MyriadError) {
    const text = reason.message.slice(reason.code.length + 2);
    return new MyriadError(reason.code, `${text} (in ${placeOf(reason) ?? file})`, { cause: reason });
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  const esbuild = /^(.+?:\d+:\d+): ERROR: (.+)$/m.exec(message);
  const text = esbuild === null ? `${placeOf(reason) ?? file}: ${firstLine(message)}` : `${esbuild[1]}: ${esbuild[2]}`;
  return new MyriadError("INVALID_SCENARIO", text, { cause: reason });
}

const firstLine = (text: string): string => text.split("\n", 1)[0]!;

/** The innermost place of an error's stack that is the user's own, as file:line:column: not Node's, a package's or ours. */
function placeOf(reason: unknown): string | undefined {
  const stack = reason instanceof Error ? (reason.stack ?? "") : "";
  const own = new URL("..", import.meta.url).pathname;
  for (const line of stack.split("\n")) {
    const match = /(?:file:\/\/)?(\/[^\s()]*?\.[cm]?[jt]sx?)(?:\?[^\s:()]*)?:(\d+)(:\d+)?\)?$/.exec(line);
    if (match === null) continue;
    const path = decodeURI(match[1]!);
    if (!path.includes("/node_modules/") && !path.startsWith(own)) return `${path}:${match[2]}${match[3] ?? ""}`;
  }
  return undefined;
}

/**
 * The first syntax error of a module and its local imports, with its place. Node tells the line of one in an imported
 * module to nobody but its own printer; so each file is checked by a Node of its own. Only for JavaScript.
 */
export async function findSyntaxError(file: string): Promise<Error | undefined> {
  for (const path of await localImports(file)) {
    if (!/\.m?js$/.test(path)) continue;
    const input = await readFile(path);
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], { input, encoding: "utf8" });
    const line = /^\[stdin\]:(\d+)$/m.exec(stderr)?.[1];
    const message = /^SyntaxError: (.*)$/m.exec(stderr)?.[1];
    if (line === undefined || message === undefined) continue;
    return Object.assign(new SyntaxError(message), { stack: `${path}:${line}\nSyntaxError: ${message}` });
  }
  return undefined;
}
