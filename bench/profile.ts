/**
 * Prints where the time goes:
 *
 *   npm run bench:profile -- FILE.cpuprofile...         hottest functions and lines of profiles that are there
 *   npm run bench:profile -- run SCENARIO ...           of a `myriad run` and each of its workers
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MyriadError } from "../src/base/error.ts";
import { atEnd } from "./at-end.ts";
import { runCommand } from "./command.ts";
import { type CpuProfile, hottest } from "./hottest.ts";
import { markdownTable } from "./report.ts";
import { outputOf } from "./run-myriad.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SHOWN = 20;
/** Start-up is not in a profile, unless it takes longer than this. */
const AFTER_MS = 1_000;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.length === 0) throw new MyriadError("INVALID_ARGUMENT", "name .cpuprofile files, or run SCENARIO ...");
  if (args[0] !== "run") {
    for (const file of args) show(file, readProfile(file));
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "myriad-profile-"));
  const clean = atEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const preload = new URL("./profile-preload.mjs", import.meta.url).href;
    const env = { NODE_OPTIONS: `--import ${preload}`, PROFILE_FOLDER: folder, PROFILE_AFTER_MS: String(AFTER_MS) };
    console.log(await outputOf(process.execPath, [join(ROOT, "bin/myriad.js"), ...args], { env }));
    for (const name of readdirSync(folder)) show(`process ${name.split(".")[0]}`, readProfile(join(folder, name)));
    return 0;
  } finally {
    clean();
  }
});

function readProfile(file: string): CpuProfile {
  return JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
}

function show(title: string, profile: CpuProfile): void {
  const { functions, lines, busyMs, idleShare } = hottest(profile, ROOT);
  console.log(
    `\n${title}: ${Math.round(busyMs)} ms busy, ${percent(idleShare)} of all idle; shares are of the busy time\n`,
  );
  const pairs = Array.from({ length: SHOWN }, (_, i) => [functions[i], lines[i]] as const);
  const rows = pairs.map(([fn, line], i) => [
    String(i + 1),
    fn === undefined ? "" : percent(fn.share),
    fn?.name ?? "",
    line === undefined ? "" : percent(line.share),
    line?.name ?? "",
  ]);
  console.log(markdownTable([["", "self", "function", "self", "line"], ...rows]));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
